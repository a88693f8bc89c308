//! A text that works without the API key, and so must not reach a log: a signed address, the secret of a Link session.

use std::fmt;

/// A signed address or a Link secret. Whoever has it can use it.
///
/// `Debug` does not show it and there is no `Display`; [`as_str`](Self::as_str) does, since whoever asked for it needs it.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let media = client.vault_plus_get("4492994399").await?;
/// for variant in &media.variants {
///     println!("{}: {:?}", variant.label, variant.url); // prints `Secret(..)`
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
