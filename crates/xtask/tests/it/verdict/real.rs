//! Edits of the repository's own document, with the generated clients held against each other.

use serde_json::{Value, json};
use xtask::verdict::{Level, Surface, Verdict, diff, diff_with_clients};

use super::{Pair, check, edited, levels, remove, set};
use crate::{MERGED, REPORTS};

#[test]
fn edits_of_the_real_document() {
    check(
        &MERGED,
        &[
            Pair(
                "a field of an answer is gone",
                vec![remove("/components/schemas/VaultMedia/properties/duration")],
                "b-b-",
                &[
                    "`list_vault_list_media`, `list_vault_media`",
                    "VaultMedia.duration",
                    "answer 200.list[].duration",
                    "Do not read it.",
                ],
            ),
            Pair(
                "a word of an answer and of a parameter is new",
                vec![set("/components/schemas/VaultPlusVariantStatus/enum/-", json!("archived"))],
                "fff-",
                &["`query_vault_plus_media`", "query status", "`archived`"],
            ),
            Pair(
                "a text is shorter",
                vec![set("/components/schemas/PostInput/properties/text/maxLength", json!(10))],
                "--b-",
                &["`create_post`, `update_post`", "PostInput.text", "Send at most 10 characters."],
            ),
            Pair(
                "a field of a request is new",
                vec![set("/components/schemas/UploadInit/properties/checksum", json!({ "type": "string" }))],
                "f-f-",
                &["`init_upload`", "UploadInit.checksum"],
            ),
            Pair(
                "a field of a request is another number",
                vec![set("/components/schemas/UploadInit/properties/size/type", json!("number"))],
                "b-f-",
                &["`init_upload`", "UploadInit.size"],
            ),
            Pair(
                "an operation is gone",
                vec![remove("/paths/~1v2~1access~1uploads~1check")],
                "bbb-",
                &["`check_upload`", "Do not call `check_upload`"],
            ),
            Pair(
                "a permission is another",
                vec![set("/paths/~1v2~1access~1uploads~1init/post/x-permission", json!("uploads:write"))],
                "--b-",
                &["`init_upload`", "`uploads:write`, was `vault:write`"],
            ),
            Pair(
                "a parameter of all operations is renamed",
                vec![set("/components/parameters/ConnectionId/name", json!("x-account-id"))],
                "-bb-",
                &["`list_vault_media`", "header x-connection-id", "Call it `x-account-id`."],
            ),
        ],
    );
}

/// The verdict with the net below it.
fn with_net(edits: &[super::Edit]) -> Verdict {
    diff_with_clients(&MERGED, &edited(MERGED.clone(), edits)).unwrap()
}

#[test]
fn the_generated_client_says_no_more_than_the_rules() {
    let fields = with_net(&[
        remove("/components/schemas/VaultMedia/properties/duration"),
        set("/components/schemas/UploadInit/properties/checksum", json!({ "type": "string" })),
        set("/components/schemas/VaultPlusVariantStatus/enum/-", json!("archived")),
        remove("/paths/~1v2~1access~1uploads~1check"),
    ]);
    assert!(fields.notes.is_empty(), "{fields}");
    assert!(!fields.to_string().contains("**Rust "), "{fields}");
    let limit = with_net(&[remove("/components/schemas/UploadInit/properties/filename/minLength")]);
    assert_eq!((levels(&limit).as_str(), limit.changes.len()), ("f-f-", 1), "{limit}");
}

#[test]
fn what_no_rule_explains_is_told_by_the_generated_client() {
    let old = Surface::read(&REPORTS.types, &REPORTS.calls);
    let types = REPORTS.types.replace("    duration: Option<f64>", "    duration: Option<i64>");
    let calls = REPORTS.calls.replace("    end_date: String", "    end_date: Id");
    let mut verdict = diff(&MERGED, &MERGED).unwrap();
    verdict.hold_against(&old, &Surface::read(&types, &calls));
    let page = verdict.to_string();
    assert_eq!(levels(&verdict), "bb--", "{page}");
    for words in [
        "struct VaultMedia",
        "is `duration: Option<i64>`, was `duration: Option<f64>`",
        "`get_campaigns_chart`",
        "`end_date: Id`",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let types = format!("{}struct New\n    field: String\n", REPORTS.types);
    let mut verdict = diff(&MERGED, &MERGED).unwrap();
    verdict.hold_against(&old, &Surface::read(&types, &REPORTS.calls));
    assert_eq!(levels(&verdict), "f---", "{verdict}");
    verdict.hold_against(&Surface::read(&types, &REPORTS.calls), &old);
    assert_eq!(levels(&verdict), "b---", "{verdict}");
}

#[test]
fn a_client_that_cannot_be_generated_is_a_note() {
    let broken =
        with_net(&[set("/paths/~1v2~1access~1uploads~1init/post/x-ofauth-retry", json!("sometimes"))]);
    assert!(broken.to_string().contains("were not compared"), "{broken}");
}

/// Every place of a document that can be taken out, by its pointer.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let below = format!("{pointer}/{}", escaped(key));
                places(value, &below, found);
                found.push(below);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                let below = format!("{pointer}/{index}");
                places(value, &below, found);
                found.push(below);
            }
        }
        _ => {}
    }
}

#[test]
fn whatever_is_taken_out_is_seen_or_words() {
    let document = super::base();
    let mut all = Vec::new();
    places(&document, "", &mut all);
    let mut unseen = Vec::new();
    for pointer in all {
        let mut new = document.clone();
        let (holder, key) = pointer.rsplit_once('/').unwrap();
        match new.pointer_mut(holder) {
            Some(Value::Object(object)) => {
                object.remove(&key.replace("~1", "/").replace("~0", "~"));
            }
            Some(Value::Array(list)) => {
                list.remove(key.parse().unwrap());
            }
            _ => unreachable!(),
        }
        // Without paths it is no document.
        let (Ok(there), Ok(back)) = (diff(&document, &new), diff(&new, &document)) else { continue };
        let words = ["description", "summary", "tags", "title", "version", "info", "openapi"];
        let meant = !words.iter().any(|word| pointer.split('/').any(|part| part == *word));
        if there.changes.is_empty()
            || back.changes.is_empty()
            || (there.level() == Level::None && back.level() == Level::None && meant)
        {
            unseen.push(pointer);
        }
    }
    // Words have a type without saying it, a parameter of a path is always required, and a document that does not name
    // servers, credentials or our ids says nothing about them.
    let expected = [
        "/components/schemas/Post/properties/state/type",
        "/components/schemas/PostInput/properties/expireAfter/type",
        "/components/schemas/PostInput/properties/mode/type",
        "/components/securitySchemes/apiKey",
        "/components/securitySchemes",
        "/paths/~1v2~1posts/get/operationId",
        "/paths/~1v2~1posts/get/parameters/3/schema/type",
        "/paths/~1v2~1posts/post/operationId",
        "/paths/~1v2~1posts~1{postId}/delete/operationId",
        "/paths/~1v2~1posts~1{postId}/parameters/0/required",
        "/security",
        "/servers/0/url",
        "/servers/0",
        "/servers",
    ];
    assert_eq!(unseen, expected, "{unseen:#?}");
}
