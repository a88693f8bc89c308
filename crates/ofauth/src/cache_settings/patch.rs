//! Changes to the settings of Vault+: put together from setters or JSON, and checked before they are sent.

use serde_json::{Map, Value, json};

use crate::error::{Result, invalid};

/// The field of every body that holds the changes.
const VAULT_PLUS: &str = "vaultPlus";

/// Changes to the settings of Vault+, of one connection or of the account. What is not set stays as it is.
///
/// Some changes delete copies: `enabled(false)`, fewer qualities, a lower limit. Those are refused unless you
/// [allow](Self::allow_purge) it.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use ofauth::SettingsPatch;
///
/// let patch = SettingsPatch::new().enabled(true).auto_cache_vault(true).video_qualities(["source", "720p"]);
/// let reasons = client.connection_settings_purges("conn_abc123", &patch).await?;
/// if reasons.is_empty() {
///     client.update_connection_settings("conn_abc123", &patch).await?;
/// } else {
///     println!("this would delete copies: {}", reasons.join("; "));
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SettingsPatch {
    /// Fields beside the cache's.
    fields: Map<String, Value>,
    /// Those of the cache; null takes all of a connection's own away.
    pub(super) cache: Option<Value>,
    pub(super) may_purge: bool,
    /// What was given and cannot be used.
    wrong: Option<String>,
}

/// Whose settings a patch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Connection,
    Account,
}

impl Of {
    /// The field that holds the settings of the cache, and the fields beside it.
    fn fields(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Connection => ("settings", &["enabled"]),
            Self::Account => {
                ("defaultSettings", &["autoEnableForNewConnections", "applyToExistingConnections"])
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Connection => "a connection",
            Self::Account => "the account",
        }
    }
}

impl SettingsPatch {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns Vault+ on or off for a connection. Off deletes its copies.
    pub fn enabled(self, enabled: bool) -> Self {
        self.field("enabled", enabled)
    }

    /// Whether connections that are linked from now on have Vault+. Of the account alone.
    pub fn auto_enable_for_new_connections(self, enable: bool) -> Self {
        self.field("autoEnableForNewConnections", enable)
    }

    /// Whether the changes are for connections that exist, too. Of the account alone.
    pub fn apply_to_existing_connections(self, apply: bool) -> Self {
        self.field("applyToExistingConnections", apply)
    }

    /// Takes all settings of its own from a connection, so that it has those of the account. Of a connection alone.
    pub fn reset_to_account(mut self) -> Self {
        self.cache = Some(Value::Null);
        self
    }

    /// A setting of the cache by its name on the wire, such as `retentionDays`.
    pub fn setting(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.cache(&name.into(), value)
    }

    /// Variants of pictures that are kept: `thumb`, `preview`, `full`.
    pub fn image_qualities<I>(self, labels: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.cache("imageQualities", labels.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// Variants of videos that are kept: `preview`, `720p`, `1080p`, `source`.
    pub fn video_qualities<I>(self, labels: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.cache("videoQualities", labels.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// What happens when the limit of bytes is reached: `purge_oldest`, `purge_largest`, `purge_smallest` or `block_new`.
    pub fn storage_limit_purge_strategy(self, strategy: impl Into<String>) -> Self {
        self.cache("storageLimitPurgeStrategy", strategy.into())
    }

    /// Adds changes in the form of the API: `{"vaultPlus": {"enabled": true, "settings": {"cacheVideos": true}}}`, for the
    /// account with `defaultSettings` in place of `settings`. They stand in place of what was set before.
    pub fn merge(mut self, json: &Value) -> Self {
        let only = |object: &Map<String, Value>| object.keys().all(|key| key == VAULT_PLUS);
        let fields = json.as_object().filter(|object| only(object)).and_then(|object| object.get(VAULT_PLUS));
        let Some(fields) = fields.and_then(Value::as_object) else {
            self.wrong = Some(format!(
                "the changes are not of the form {{\"{VAULT_PLUS}\": {{…}}}}, which the API takes"
            ));
            return self;
        };
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("settings" | "defaultSettings", Value::Object(cache)) => {
                    for (name, value) in cache {
                        self = self.cache(name, value.clone());
                    }
                }
                ("settings" | "defaultSettings", Value::Null) => self.cache = Some(Value::Null),
                ("settings" | "defaultSettings", _) => {
                    self.wrong = Some(format!("{name} is no object"));
                }
                _ => self = self.field(name, value.clone()),
            }
        }
        self
    }

    /// Allows changes that delete copies.
    pub fn allow_purge(mut self, allow: bool) -> Self {
        self.may_purge = allow;
        self
    }

    /// A field beside the cache's, if it is set.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The body of the request.
    pub(super) fn body(&self, of: Of) -> Result<Value> {
        if let Some(wrong) = &self.wrong {
            return Err(invalid(wrong.clone()));
        }
        let (cache_field, allowed) = of.fields();
        if let Some(other) = self.fields.keys().find(|name| !allowed.contains(&name.as_str())) {
            let takes = allowed.join(", ");
            return Err(invalid(format!(
                "{other} is not among the settings of {}, which are {takes} and those of the cache",
                of.name()
            )));
        }
        if of == Of::Account && self.cache == Some(Value::Null) {
            return Err(invalid("the account has no settings to be reset to: set them one by one"));
        }
        let mut fields = self.fields.clone();
        if let Some(cache) = &self.cache {
            fields.insert(cache_field.to_owned(), cache.clone());
        }
        if fields.is_empty() {
            return Err(invalid("the changes are empty: set what is to change"));
        }
        Ok(json!({ VAULT_PLUS: fields }))
    }

    fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    fn cache(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut cache = match self.cache.take() {
            Some(Value::Object(cache)) => cache,
            _ => Map::new(),
        };
        cache.insert(name.to_owned(), value.into());
        self.cache = Some(Value::Object(cache));
        self
    }
}

/// Settings of the cache, each with its name on the wire.
impl SettingsPatch {
    /// Whether what comes into the vault is copied.
    pub fn auto_cache_vault(self, value: bool) -> Self {
        self.cache("autoCacheVault", value)
    }

    /// Whether what is in messages is copied.
    pub fn auto_cache_messages(self, value: bool) -> Self {
        self.cache("autoCacheMessages", value)
    }

    /// Whether what is in posts is copied.
    pub fn auto_cache_posts(self, value: bool) -> Self {
        self.cache("autoCachePosts", value)
    }

    /// Whether what is in stories is copied.
    pub fn auto_cache_stories(self, value: bool) -> Self {
        self.cache("autoCacheStories", value)
    }

    /// After how many looks at it something of the vault is copied.
    pub fn min_access_count_vault(self, value: u64) -> Self {
        self.cache("minAccessCountVault", value)
    }

    /// After how many looks at it something of a message is copied.
    pub fn min_access_count_messages(self, value: u64) -> Self {
        self.cache("minAccessCountMessages", value)
    }

    /// After how many looks at it something of a post is copied.
    pub fn min_access_count_posts(self, value: u64) -> Self {
        self.cache("minAccessCountPosts", value)
    }

    /// After how many looks at it something of a story is copied.
    pub fn min_access_count_stories(self, value: u64) -> Self {
        self.cache("minAccessCountStories", value)
    }

    /// Whether pictures are kept.
    pub fn cache_images(self, value: bool) -> Self {
        self.cache("cacheImages", value)
    }

    /// Whether videos are kept.
    pub fn cache_videos(self, value: bool) -> Self {
        self.cache("cacheVideos", value)
    }

    /// Whether sounds are kept.
    pub fn cache_audio(self, value: bool) -> Self {
        self.cache("cacheAudio", value)
    }

    /// For how many days a copy is kept.
    pub fn retention_days(self, value: u64) -> Self {
        self.cache("retentionDays", value)
    }

    /// After how many days without a look at it a copy goes.
    pub fn access_expiry_days(self, value: u64) -> Self {
        self.cache("accessExpiryDays", value)
    }

    /// For how many seconds a signed address is valid.
    pub fn presigned_url_ttl_seconds(self, value: u64) -> Self {
        self.cache("presignedUrlTtlSeconds", value)
    }

    /// The most bytes that are kept.
    pub fn storage_limit_bytes(self, value: u64) -> Self {
        self.cache("storageLimitBytes", value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_and_json_make_the_same_body() {
        let set = SettingsPatch::new().enabled(true).cache_videos(true).video_qualities(["source"]);
        let body = json!({"vaultPlus": {"enabled": true,
            "settings": {"cacheVideos": true, "videoQualities": ["source"]}}});
        assert_eq!(set.body(Of::Connection).unwrap(), body);
        assert_eq!(SettingsPatch::new().merge(&body).body(Of::Connection).unwrap(), body);
        let account = SettingsPatch::new().apply_to_existing_connections(true).retention_days(7);
        let body = json!({"vaultPlus": {"applyToExistingConnections": true, "defaultSettings": {"retentionDays": 7}}});
        assert_eq!(account.body(Of::Account).unwrap(), body);
        let reset = SettingsPatch::new().reset_to_account().body(Of::Connection).unwrap();
        assert_eq!(reset, json!({"vaultPlus": {"settings": null}}));
    }

    #[test]
    fn what_no_body_can_hold_is_refused() {
        let patch = SettingsPatch::new;
        for (patch, of, said) in [
            (patch(), Of::Connection, "empty"),
            (patch().enabled(true), Of::Account, "not among the settings of the account"),
            (
                patch().apply_to_existing_connections(true),
                Of::Connection,
                "not among the settings of a connection",
            ),
            (patch().reset_to_account(), Of::Account, "reset"),
            (patch().merge(&json!({"enabled": true})), Of::Connection, "of the form"),
            (patch().merge(&json!({"vaultPlus": {}, "x": 1})), Of::Connection, "of the form"),
            (patch().merge(&json!({"vaultPlus": {"settings": 5}})), Of::Connection, "no object"),
        ] {
            let text = patch.body(of).unwrap_err().to_string();
            assert!(text.contains(said), "{text}");
        }
    }
}
