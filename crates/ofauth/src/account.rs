//! Who a key belongs to.

use serde_json::Value;

use crate::call::TypedCall;
use crate::client::Client;
use crate::object::{Raw, with_id};

/// The organization behind an API key: the answer of `GET /v2/account/whoami`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Whoami {
    /// The id of the organization.
    pub id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The scopes of the key, such as `ACCOUNT`.
    pub permissions: Vec<String>,
    raw: Raw,
}

impl Whoami {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl Client {
    /// What the API key is and may do.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?}", client.whoami().await?.permissions);
    /// # Ok(()) }
    /// ```
    pub fn whoami(&self) -> TypedCall<Whoami> {
        let call = self.call("whoami");
        TypedCall::new("whoami", |limits| async move {
            let (id, raw) = with_id(&call.send_within(limits).await?, "whoami")?;
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let permissions = raw.0.get("permissions").and_then(Value::as_array);
            Ok(Whoami {
                id,
                name: raw.0.get("name").and_then(text),
                permissions: permissions.into_iter().flatten().filter_map(text).collect(),
                raw,
            })
        })
    }
}
