//! How a creator is to be linked: checked before anything is sent.

use serde_json::{Map, Value, json};
use url::Url;

use super::session::LinkMode;
use crate::error::{Result, invalid};

/// How a creator is to be linked. Everything may be left out.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let options = ofauth::LinkOptions::new()
///     .client_app_id("app_1234")
///     .redirect_url("https://studio.example/linked")
///     .client_reference_id("creator-17");
/// let session = client.link_start(&options).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkOptions {
    client_app_id: Option<String>,
    redirect_url: Option<String>,
    client_reference_id: Option<String>,
    connection_id: Option<String>,
    geolocation: Option<[Option<String>; 3]>,
    mode: Option<LinkMode>,
}

impl LinkOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The application of the organization, `app_…`, as the dashboard shows it. It decides what the creator is asked for, and
    /// whether the page of the service is used (hosted) or one of your own (whitelabel).
    pub fn client_app_id(mut self, id: impl Into<String>) -> Self {
        self.client_app_id = Some(id.into());
        self
    }

    /// Where the creator is sent afterwards. [`LinkReturn::parse`](crate::LinkReturn::parse) reads what comes back there.
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// What you call the creator, for the connection to be known by. Default: a random name, so that it can be waited for.
    pub fn client_reference_id(mut self, id: impl Into<String>) -> Self {
        self.client_reference_id = Some(id.into());
        self
    }

    /// A connection that is to be linked again. Default: a new one.
    pub fn connection_id(mut self, id: impl Into<String>) -> Self {
        self.connection_id = Some(id.into());
        self
    }

    /// Where the creator signs in from: a country as two letters, and a state and a city if they are known.
    pub fn geolocation(
        mut self,
        country: impl Into<String>,
        state: Option<&str>,
        city: Option<&str>,
    ) -> Self {
        let optional = |text: Option<&str>| text.map(str::to_owned);
        self.geolocation = Some([Some(country.into()), optional(state), optional(city)]);
        self
    }

    /// Whose page the creator sees. The service has deprecated this and decides by the application; the sandbox, which knows
    /// no applications, opens a whitelabel session only if it is asked for one. Default: not sent.
    pub fn mode(mut self, mode: LinkMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The reference of the caller; nothing if none was given.
    pub(super) fn reference(&self) -> Option<&str> {
        self.client_reference_id.as_deref()
    }

    /// The connection that is to be linked again.
    pub(super) fn connection(&self) -> Option<&str> {
        self.connection_id.as_deref()
    }

    /// The body of the request, with this reference.
    pub(super) fn body(&self, reference: &str) -> Result<Value> {
        let mut body = Map::new();
        let mut put = |name: &str, value: &str| {
            body.insert(name.to_owned(), json!(value));
        };
        if let Some(id) = &self.client_app_id {
            let rest = id.strip_prefix("app_").unwrap_or_default();
            if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let remedy = "give app_ and letters or digits, as the dashboard shows it";
                return Err(invalid(format!("{id:?} is not the id of an application: {remedy}")));
            }
            put("clientAppId", id);
        }
        if let Some(url) = &self.redirect_url {
            let is_web =
                Url::parse(url).is_ok_and(|url| !url.cannot_be_a_base() || url.scheme().contains('.'));
            if !is_web {
                let remedy = "give a whole one, such as https://studio.example/linked";
                return Err(invalid(format!("the redirect URL {url:?} is not a URL: {remedy}")));
            }
            put("redirectUrl", url);
        }
        if let Some(mode) = &self.mode {
            put("mode", mode.as_str());
        }
        for (name, what, value) in [
            ("clientReferenceId", "client reference id", Some(reference)),
            ("connectionId", "connection id", self.connection_id.as_deref()),
        ] {
            match value {
                Some(text) if text.trim().is_empty() => return Err(invalid(format!("the {what} is empty"))),
                Some(text) => put(name, text),
                None => {}
            }
        }
        if let Some(place) = &self.geolocation {
            let fields = ["country", "state", "city"].into_iter().zip(place);
            let place: Map<String, Value> =
                fields.filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect();
            if place.get("country").and_then(Value::as_str).is_none_or(|country| country.trim().is_empty()) {
                return Err(invalid("the country of the geolocation is empty: give two letters, such as US"));
            }
            body.insert("geolocation".to_owned(), Value::Object(place));
        }
        Ok(Value::Object(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_in_the_body_and_nothing_else() {
        assert_eq!(LinkOptions::new().body("r").unwrap(), json!({"clientReferenceId": "r"}));
        let all = LinkOptions::new()
            .client_app_id("app_A1")
            .redirect_url("studio://linked")
            .client_reference_id("r")
            .connection_id("conn_1")
            .geolocation("US", None, Some("Reno"))
            .mode(LinkMode::Whitelabel);
        let wanted = json!({
            "mode": "whitelabel",
            "clientAppId": "app_A1", "redirectUrl": "studio://linked", "clientReferenceId": "r",
            "connectionId": "conn_1", "geolocation": {"country": "US", "city": "Reno"},
        });
        assert_eq!(all.body(all.reference().unwrap()).unwrap(), wanted);
    }

    #[test]
    fn what_the_service_would_refuse_is_refused_by_name() {
        let options = LinkOptions::new;
        for (options, said) in [
            (options().client_app_id("app_"), "not the id of an application"),
            (options().client_app_id("app_a-b"), "not the id of an application"),
            (options().client_app_id("sk_live"), "not the id of an application"),
            (options().redirect_url("/linked"), "redirect URL"),
            (options().redirect_url(""), "redirect URL"),
            (options().connection_id(" "), "connection id"),
            (options().geolocation("", None, None), "country"),
        ] {
            let text = options.body("r").unwrap_err().to_string();
            assert!(text.contains(said), "{text}");
        }
        assert!(options().body(" ").unwrap_err().to_string().contains("client reference id"));
    }
}
