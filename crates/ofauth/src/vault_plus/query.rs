//! What is asked of Vault+: every filter of its search.

use std::time::SystemTime;

use serde_json::{Map, Value};

use super::media::{VariantStatus, VaultPlusType};
use crate::error::{Result, invalid};
use crate::object::rfc3339;
use crate::open_enum::open_enum;

/// Filters and order of a search in Vault+. Without any it is everything.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use ofauth::{VariantStatus, VaultPlusQuery, VaultPlusSort, VaultPlusType};
///
/// let query = VaultPlusQuery::new()
///     .status(VariantStatus::Stored)
///     .media_type(VaultPlusType::Video)
///     .duration_min(60.0)
///     .sort(VaultPlusSort::DurationDesc);
/// let mut long_ones = client.vault_plus_query(&query);
/// while let Some(media) = long_ones.next().await {
///     println!("{}", media?.id);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VaultPlusQuery {
    params: Map<String, Value>,
    /// A setter was given what no query can say.
    wrong: Option<String>,
}

/// The order of a search in Vault+.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VaultPlusSort {
    /// Newest medium first.
    CreatedAtDesc,
    /// Oldest medium first.
    CreatedAtAsc,
    /// Newest copy first.
    CachedAtDesc,
    /// Oldest copy first.
    CachedAtAsc,
    /// Longest first.
    DurationDesc,
    /// Shortest first.
    DurationAsc,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(VaultPlusSort {
    CreatedAtDesc = "createdAt_desc",
    CreatedAtAsc = "createdAt_asc",
    CachedAtDesc = "cachedAt_desc",
    CachedAtAsc = "cachedAt_asc",
    DurationDesc = "duration_desc",
    DurationAsc = "duration_asc",
});

impl VaultPlusQuery {
    /// A query for everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Variants with this status.
    pub fn status(self, status: VariantStatus) -> Self {
        self.with("status", status.as_str())
    }

    /// Media of this type.
    pub fn media_type(self, media_type: VaultPlusType) -> Self {
        self.with("type", media_type.as_str())
    }

    /// Exactly this content type, such as `video/mp4`.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        self.with("contentType", content_type.into())
    }

    /// At least so many seconds long.
    pub fn duration_min(self, seconds: f64) -> Self {
        self.number("durationMin", seconds)
    }

    /// At most so many seconds long.
    pub fn duration_max(self, seconds: f64) -> Self {
        self.number("durationMax", seconds)
    }

    /// Made at this moment or later.
    pub fn created_from(self, at: SystemTime) -> Self {
        self.time("createdAtFrom", at)
    }

    /// Made at this moment or before.
    pub fn created_to(self, at: SystemTime) -> Self {
        self.time("createdAtTo", at)
    }

    /// Copied at this moment or later.
    pub fn cached_from(self, at: SystemTime) -> Self {
        self.time("cachedAtFrom", at)
    }

    /// Copied at this moment or before.
    pub fn cached_to(self, at: SystemTime) -> Self {
        self.time("cachedAtTo", at)
    }

    /// The order. Default: the service's.
    pub fn sort(self, sort: VaultPlusSort) -> Self {
        self.with("sort", sort.as_str())
    }

    /// How many media one page has, 1 to 100. Default: 100.
    pub fn page_size(self, media: u32) -> Self {
        self.with("limit", media)
    }

    /// A filter by the name that it has on the wire, such as `durationMin`, in place of one that was set before. Text is as
    /// good as a number.
    pub fn filter(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.with(name, value)
    }

    /// The parameters, as the raw call takes them.
    pub(crate) fn params(&self) -> Result<Map<String, Value>> {
        match &self.wrong {
            Some(wrong) => Err(invalid(wrong.clone())),
            None => Ok(self.params.clone()),
        }
    }

    fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    fn number(mut self, name: &str, seconds: f64) -> Self {
        if !seconds.is_finite() || seconds < 0.0 {
            self.wrong = Some(format!("{name} is {seconds}: give seconds, 0 or more"));
        }
        self.with(name, seconds)
    }

    fn time(mut self, name: &str, at: SystemTime) -> Self {
        match rfc3339(at) {
            Some(text) => self.with(name, text),
            None => {
                self.wrong =
                    Some(format!("{name} is a moment that no calendar has: give one before the year 9999"));
                self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ofauth_operations::operations::find;

    use super::*;

    #[test]
    fn every_filter_is_a_parameter_of_the_document_and_every_parameter_a_filter() {
        let at = SystemTime::UNIX_EPOCH;
        let query = VaultPlusQuery::new()
            .status(VariantStatus::Stored)
            .media_type(VaultPlusType::Image)
            .content_type("image/jpeg")
            .duration_min(1.5)
            .duration_max(2.0)
            .created_from(at)
            .created_to(at)
            .cached_from(at)
            .cached_to(at)
            .sort(VaultPlusSort::DurationAsc)
            .page_size(5);
        let params = query.params().unwrap();
        let known = find("query_vault_plus_media").unwrap().parameters;
        // The walk sets the place itself.
        let known: Vec<_> = known.iter().map(|it| it.name).filter(|name| *name != "cursor").collect();
        assert_eq!(params.len(), known.len());
        assert!(known.iter().all(|name| params.contains_key(*name)), "{params:?}");
        assert_eq!(params["createdAtFrom"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn what_no_query_can_say_is_refused() {
        for query in [VaultPlusQuery::new().duration_min(f64::NAN), VaultPlusQuery::new().duration_max(-1.0)]
        {
            assert!(query.params().unwrap_err().to_string().contains("give seconds"));
        }
    }
}
