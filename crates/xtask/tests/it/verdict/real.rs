//! Edits of the repository's own document, with the generated clients held against each other.

use serde_json::json;
use xtask::report::Reports;
use xtask::typed::generated;
use xtask::verdict::{Surface, Verdict, diff, diff_with_clients};

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
    let new = edited(MERGED.clone(), edits);
    let reports = Reports::of(&generated(&new).unwrap()).unwrap();
    let mut verdict = diff(&MERGED, &new).unwrap();
    verdict.hold_against(
        &Surface::read(&REPORTS.types, &REPORTS.calls),
        &Surface::read(&reports.types, &reports.calls),
    );
    verdict
}

#[test]
fn the_generated_client_says_no_more_than_the_rules() {
    let fields = with_net(&[
        remove("/components/schemas/VaultMedia/properties/duration"),
        set("/components/schemas/UploadInit/properties/checksum", json!({ "type": "string" })),
        set("/components/schemas/VaultPlusVariantStatus/enum/-", json!("archived")),
        remove("/paths/~1v2~1access~1uploads~1check"),
    ]);
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
    let pointer = "/paths/~1v2~1access~1uploads~1init/post/x-ofauth-retry";
    let broken = edited(MERGED.clone(), &[set(pointer, json!("sometimes"))]);
    let verdict = diff_with_clients(&MERGED, &broken).unwrap();
    assert!(verdict.to_string().contains("were not compared"), "{verdict}");
}
