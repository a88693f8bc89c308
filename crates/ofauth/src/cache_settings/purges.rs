//! Whether changes to the settings of Vault+ delete copies, and why: pure.
//!
//! The service deletes what new settings do not keep. What is not known of the present settings counts as if a copy could
//! depend on it: a question too many is better than a copy that is gone.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::object::count_of;

/// What is known of the present state.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Present {
    /// Whether Vault+ is on; nothing if it is not known.
    pub(super) enabled: Option<bool>,
    /// The settings of the cache that hold.
    pub(super) cache: Map<String, Value>,
    /// Bytes that are stored, if it is known.
    pub(super) used: Option<u64>,
}

/// Why changes delete copies; empty if they do not.
pub(super) fn purges(present: &Present, enabled: Option<&Value>, cache: Option<&Value>) -> Vec<String> {
    let mut reasons = Vec::new();
    if enabled.is_some_and(|value| value != &Value::Bool(true)) && present.enabled != Some(false) {
        reasons.push("enabled becomes false, which deletes every copy".to_owned());
    }
    match cache {
        None => {}
        Some(Value::Object(cache)) => of_cache(present, cache, &mut reasons),
        Some(_) => reasons.push(
            "the connection loses settings of its own, and those of the account may keep less".to_owned(),
        ),
    }
    reasons
}

/// Why new settings of the account delete copies of connections that have none of their own.
pub(super) fn purges_of_inheriting(present: &Present, cache: Option<&Map<String, Value>>) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(cache) = cache {
        of_cache(present, cache, &mut reasons);
    }
    reasons
}

/// Why new settings that are pushed to all connections delete copies. A connection may have had settings of its own that
/// keep more than the account's, which nobody asked for here.
pub(super) fn purges_of_all(present: &Present, cache: Option<&Map<String, Value>>) -> Vec<String> {
    let mut reasons = Vec::new();
    let Some(cache) = cache else {
        let text =
            "the settings of the account are applied to every connection, and one of them may keep more now";
        return vec![text.to_owned()];
    };
    of_cache(present, cache, &mut reasons);
    for (name, value) in cache {
        let keeps_less = match name.as_str() {
            "cacheImages" | "cacheVideos" | "cacheAudio" => value != &Value::Bool(true),
            "imageQualities"
            | "videoQualities"
            | "retentionDays"
            | "accessExpiryDays"
            | "storageLimitBytes"
            | "storageLimitPurgeStrategy" => true,
            _ => false,
        };
        if keeps_less && !reasons.iter().any(|reason| reason.starts_with(name.as_str())) {
            reasons.push(format!("{name} is set for every connection, and one of them may keep more now"));
        }
    }
    reasons
}

fn of_cache(present: &Present, changes: &Map<String, Value>, reasons: &mut Vec<String>) {
    let was = |name: &str| present.cache.get(name).filter(|value| !value.is_null());
    for (name, what) in [("cacheImages", "pictures"), ("cacheVideos", "videos"), ("cacheAudio", "sounds")] {
        if was(name) == Some(&Value::Bool(false)) {
            continue;
        }
        match changes.get(name) {
            None | Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => {
                reasons.push(format!("{name} becomes false, which deletes the copies of {what}"));
            }
            Some(other) => {
                reasons.push(format!("{name} becomes {other}, which may delete the copies of {what}"))
            }
        }
    }
    for name in ["imageQualities", "videoQualities"] {
        let Some(keeps) = changes.get(name).map(labels) else { continue };
        match was(name).map(labels) {
            None => reasons.push(format!("{name} changes, and what it was is not known")),
            Some(kept) => {
                let lost: Vec<&str> = kept.difference(&keeps).copied().collect();
                if !lost.is_empty() {
                    reasons.push(format!("{name} loses {}", lost.join(", ")));
                }
            }
        }
    }
    for name in ["retentionDays", "accessExpiryDays"] {
        if changes.contains_key(name) {
            lowered(name, was(name).and(count_of_map(&present.cache, name)), changes, reasons);
        }
    }
    storage(present, changes, reasons);
}

/// A limit that gets lower.
fn lowered(name: &str, was: Option<u64>, changes: &Map<String, Value>, reasons: &mut Vec<String>) {
    match (was, count_of_map(changes, name)) {
        // It may mean no limit, or the account's, or something else.
        (_, None) => {
            let becomes = changes.get(name).unwrap_or(&Value::Null);
            reasons.push(format!("{name} becomes {becomes}, which may keep less"));
        }
        (Some(was), Some(becomes)) if becomes >= was => {}
        (Some(was), Some(becomes)) => reasons.push(format!("{name} goes from {was} to {becomes}")),
        (None, Some(becomes)) => {
            reasons.push(format!("{name} becomes {becomes}, and what it was is not known"))
        }
    }
}

/// The limit of bytes and what happens at it.
fn storage(present: &Present, changes: &Map<String, Value>, reasons: &mut Vec<String>) {
    const LIMIT: &str = "storageLimitBytes";
    const STRATEGY: &str = "storageLimitPurgeStrategy";
    let was = count_of_map(&present.cache, LIMIT);
    if changes.contains_key(LIMIT) {
        lowered(LIMIT, was, changes, reasons);
        if !reasons.iter().any(|reason| reason.starts_with(LIMIT)) && changes.get(STRATEGY).is_none() {
            return;
        }
    }
    let purges = |value: &Value| value.as_str().is_some_and(|text| text != "block_new");
    let of = |map: &Map<String, Value>| map.get(STRATEGY).map(purges);
    let becomes = of(changes).or_else(|| of(&present.cache)).unwrap_or(true);
    let changed =
        changes.contains_key(LIMIT) || (changes.contains_key(STRATEGY) && of(&present.cache) != Some(true));
    let limit = if changes.contains_key(LIMIT) { count_of_map(changes, LIMIT) } else { was };
    match (becomes && changed, limit, present.used) {
        (true, Some(limit), Some(used)) if used > limit => {
            reasons.push(format!("{used} bytes are stored, and {LIMIT} allows {limit}"));
        }
        (true, Some(limit), None) if changes.contains_key(STRATEGY) => {
            reasons.push(format!(
                "{STRATEGY} deletes what is over {limit} bytes, and how many are stored is not known"
            ));
        }
        _ => {}
    }
}

fn labels(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn count_of_map(map: &Map<String, Value>, name: &str) -> Option<u64> {
    // Reads one field of an object, whose copy is small.
    let value = map.get(name)?;
    count_of(&Value::Object(Map::from_iter([(name.to_owned(), value.clone())])), name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn present(cache: Value, used: Option<u64>) -> Present {
        Present { enabled: Some(true), cache: cache.as_object().unwrap().clone(), used }
    }

    fn all() -> Value {
        json!({
            "cacheImages": true, "cacheVideos": true, "cacheAudio": false, "imageQualities": ["thumb", "full"],
            "videoQualities": ["source"], "retentionDays": 30, "accessExpiryDays": 30,
            "storageLimitBytes": 1000, "storageLimitPurgeStrategy": "purge_oldest", "autoCacheVault": true,
        })
    }

    #[test]
    fn each_change_that_deletes_has_a_reason_and_no_other_has() {
        for (changes, wanted) in [
            (json!({"cacheImages": false}), Some("cacheImages becomes false")),
            (json!({"cacheAudio": false}), None),
            (json!({"cacheAudio": true}), None),
            (json!({"autoCacheVault": false}), None),
            (json!({"imageQualities": ["full"]}), Some("imageQualities loses thumb")),
            (json!({"imageQualities": ["full", "thumb", "preview"]}), None),
            (json!({"imageQualities": []}), Some("loses full, thumb")),
            (json!({"retentionDays": 29}), Some("retentionDays goes from 30 to 29")),
            (json!({"retentionDays": 30.0}), None),
            (json!({"retentionDays": 31}), None),
            (json!({"accessExpiryDays": 1}), Some("accessExpiryDays goes")),
            (json!({"storageLimitBytes": 999}), Some("storageLimitBytes goes from 1000 to 999")),
            (json!({"storageLimitBytes": 1000}), None),
            (json!({"storageLimitBytes": 1001}), None),
            (json!({"storageLimitPurgeStrategy": "block_new"}), None),
            (json!({"retentionDays": null}), Some("retentionDays becomes null")),
            (json!({"retentionDays": 0.5}), Some("retentionDays becomes 0.5")),
            (json!({"accessExpiryDays": -1}), Some("accessExpiryDays becomes -1")),
            (json!({"storageLimitBytes": "x"}), Some("storageLimitBytes becomes \"x\"")),
            (json!({"cacheVideos": null}), Some("cacheVideos becomes null")),
            (json!({"cacheAudio": null}), None),
        ] {
            let reasons = purges(&present(all(), Some(500)), None, Some(&changes));
            match wanted {
                Some(said) => {
                    assert!(reasons.len() == 1 && reasons[0].contains(said), "{changes}: {reasons:?}")
                }
                None => assert!(reasons.is_empty(), "{changes}: {reasons:?}"),
            }
        }
        let below = purges(&present(all(), Some(500)), None, Some(&json!({"storageLimitBytes": 400})));
        assert_eq!(
            below,
            [
                "storageLimitBytes goes from 1000 to 400",
                "500 bytes are stored, and storageLimitBytes allows 400"
            ]
        );
        let mut blocked = all();
        blocked["storageLimitPurgeStrategy"] = json!("block_new");
        let now_purged = json!({"storageLimitPurgeStrategy": "purge_largest"});
        assert_eq!(purges(&present(blocked.clone(), Some(1500)), None, Some(&now_purged)).len(), 1);
        assert!(purges(&present(blocked.clone(), Some(900)), None, Some(&now_purged)).is_empty());
        assert!(purges(&present(blocked, None), None, Some(&now_purged))[0].contains("not known"));
    }

    #[test]
    fn turning_it_off_deletes_everything_and_a_reset_may() {
        let here = present(all(), None);
        let off = json!(false);
        assert!(purges(&here, Some(&off), None)[0].contains("every copy"));
        assert!(purges(&Present { enabled: Some(false), ..here.clone() }, Some(&off), None).is_empty());
        assert!(purges(&Present { enabled: None, ..here.clone() }, Some(&off), None).len() == 1);
        assert!(purges(&here, Some(&json!(true)), None).is_empty());
        assert_eq!(purges(&here, Some(&Value::Null), None).len(), 1);
        assert!(purges(&here, None, Some(&Value::Null))[0].contains("loses settings"));
    }

    #[test]
    fn what_is_pushed_to_all_connections_may_delete_of_those_that_keep_more() {
        let here = Present { enabled: None, ..present(all(), None) };
        let of = |changes: Value| purges_of_all(&here, changes.as_object());
        assert_eq!(of(json!({"retentionDays": 29})), ["retentionDays goes from 30 to 29"]);
        assert!(of(json!({"retentionDays": 60}))[0].contains("may keep more"));
        assert!(of(json!({"cacheAudio": false}))[0].contains("may keep more"));
        assert!(
            of(json!({"cacheAudio": true, "autoCachePosts": false, "presignedUrlTtlSeconds": 60})).is_empty()
        );
        assert!(purges_of_all(&here, None)[0].contains("applied to every connection"));
        let inherited = |changes: Value| purges_of_inheriting(&here, changes.as_object());
        assert_eq!(inherited(json!({"retentionDays": 29})), ["retentionDays goes from 30 to 29"]);
        assert!(inherited(json!({"retentionDays": 60})).is_empty());
        assert!(purges_of_inheriting(&here, None).is_empty());
    }

    proptest! {
        /// What is not known never makes a change safer.
        #[test]
        fn knowing_less_never_hides_a_reason(
            field in prop::sample::select(vec!["cacheImages", "imageQualities", "retentionDays", "storageLimitBytes"]),
            value in prop::sample::select(vec![json!(false), json!(["full"]), json!(5), json!(2000)]),
        ) {
            let changes = json!({ field: value });
            let known = purges(&present(all(), Some(500)), None, Some(&changes));
            let unknown = purges(&Present::default(), None, Some(&changes));
            prop_assert!(known.is_empty() || !unknown.is_empty(), "{changes}: {known:?}");
        }
    }
}
