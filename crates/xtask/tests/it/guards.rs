//! What the reports tell: a change of the document shows in them as that change and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use xtask::report::Reports;
use xtask::{artefact, codegen, overlay, source, typed};

use crate::{MERGED, REPORTS};

/// The lines that differ between two texts, each after the line it belongs to, with `-` or `+`.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (qualified(before), qualified(after));
    let gone = before.difference(&after).map(|line| format!("- {line}"));
    let new = after.difference(&before).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

fn qualified(text: &str) -> BTreeSet<String> {
    let mut heading = "";
    let lines = text.lines().map(|line| match line.strip_prefix("    ") {
        Some(detail) => format!("{heading} / {detail}"),
        None => {
            heading = line;
            line.to_owned()
        }
    });
    lines.collect()
}

/// The reports on the document after `edit`.
fn edited(edit: impl FnOnce(&mut Value)) -> Reports {
    let mut document = MERGED.clone();
    edit(&mut document);
    assert_ne!(document, *MERGED, "the edit must change the document");
    Reports::of(&typed::generated(&document).unwrap()).unwrap()
}

#[test]
fn a_renamed_field_of_an_answer() {
    let reports = edited(|document| {
        let properties = document.pointer_mut("/components/schemas/VaultPlusVariant/properties").unwrap();
        let size = properties.as_object_mut().unwrap().remove("sizeBytes").unwrap();
        properties["byteCount"] = size;
    });
    assert_eq!(
        difference(&REPORTS.types, &reports.types),
        [
            "- struct VaultPlusVariant / size_bytes: Option<i64>",
            "+ struct VaultPlusVariant / byte_count: Option<i64>"
        ]
    );
    assert_eq!(reports.calls, REPORTS.calls);
    assert_eq!(reports.operations, REPORTS.operations);
    assert_eq!(reports.lowering, REPORTS.lowering);
    assert_eq!(reports.untyped, REPORTS.untyped);
}

#[test]
fn a_renamed_field_of_a_request() {
    let reports = edited(|document| {
        let schema = document.pointer_mut("/components/schemas/UploadInit").unwrap();
        let size = schema["properties"].as_object_mut().unwrap().remove("size").unwrap();
        schema["properties"]["filesize"] = size;
        schema["required"] = json!(["filename", "filesize", "contentType"]);
    });
    assert_eq!(
        difference(&REPORTS.types, &reports.types),
        ["- struct UploadInit / size: i64", "+ struct UploadInit / filesize: i64"]
    );
    assert_eq!(reports.calls, REPORTS.calls);
    assert_eq!(reports.operations, REPORTS.operations);
}

#[test]
fn a_removed_operation() {
    let reports = edited(|document| {
        document["paths"].as_object_mut().unwrap().remove("/v2/access/uploads/check").unwrap();
    });
    let gone = |before: &str, after: &str| {
        let lines = difference(before, after);
        assert!(lines.iter().all(|line| line.starts_with("- ")), "{lines:#?}");
        lines
    };
    assert_eq!(
        gone(&REPORTS.operations, &reports.operations),
        [
            "- check_upload: POST /v2/access/uploads/check",
            "- check_upload: POST /v2/access/uploads/check / -> 200 UploadCheckResult, default ErrorEnvelope",
            "- check_upload: POST /v2/access/uploads/check / connection required, retry repeatable, body json \
             UploadCheck, success json with exists, needs vault:write",
        ]
    );
    assert_eq!(
        gone(&REPORTS.calls, &reports.calls),
        [
            "- check_upload",
            "- check_upload / -> Result<ResponseValue<UploadCheckResult>, Error>",
            "- check_upload / body: UploadCheck",
            "- check_upload / x_connection_id: String",
        ]
    );
    assert_eq!(
        gone(&REPORTS.types, &reports.types),
        [
            "- struct UploadCheck",
            "- struct UploadCheck / etag: UploadCheckEtag",
            "- struct UploadCheck / size: i64",
            "- struct UploadCheckEtag",
            "- struct UploadCheckEtag / String",
            "- struct UploadCheckResult",
            "- struct UploadCheckResult / exists: bool",
            "- struct UploadCheckResult / media: Option<MediaFile>",
        ]
    );
}

#[test]
fn an_added_enum_value() {
    let reports = edited(|document| {
        let schema = document.pointer_mut("/components/schemas/VaultPlusVariantStatus/enum").unwrap();
        schema.as_array_mut().unwrap().push(json!("archived"));
    });
    assert_eq!(
        difference(&REPORTS.types, &reports.types),
        ["+ enum VaultPlusVariantStatus / Archived", "+ enum VaultPlusVariantStatusInput / Archived"]
    );
    assert_eq!(
        difference(&REPORTS.operations, &reports.operations),
        [
            "- query_vault_plus_media: GET /v2/vault-plus/media / query status?: string edge_only | pending | storing | \
             stored | removed",
            "+ query_vault_plus_media: GET /v2/vault-plus/media / query status?: string edge_only | pending | storing | \
             stored | removed | archived",
        ]
    );
    assert_eq!(reports.calls, REPORTS.calls);
    assert_eq!(reports.lowering, REPORTS.lowering);
}

#[test]
fn a_parameter_that_becomes_required() {
    let reports = edited(|document| {
        let parameters = document.pointer_mut("/paths/~1v2~1access~1vault~1media/get/parameters").unwrap();
        let limit =
            parameters.as_array_mut().unwrap().iter_mut().find(|parameter| parameter["name"] == "limit");
        limit.unwrap()["required"] = json!(true);
    });
    assert_eq!(
        difference(&REPORTS.operations, &reports.operations),
        [
            "- list_vault_media: GET /v2/access/vault/media / query limit?: integer 1..40 default 24",
            "+ list_vault_media: GET /v2/access/vault/media / query limit: integer 1..40 default 24",
        ]
    );
    assert_eq!(reports.types, REPORTS.types);
}

#[test]
fn a_field_that_loses_its_type() {
    let reports = edited(|document| {
        document["components"]["schemas"]["VaultMedia"]["properties"]["duration"] =
            json!({ "description": "Odd." });
    });
    let new: Vec<_> = reports.untyped.iter().filter(|field| !REPORTS.untyped.contains(field)).collect();
    assert_eq!(new.len(), 1);
    assert_eq!((new[0].place.as_str(), new[0].reason.as_str()), ("VaultMedia.duration", "Odd."));
    assert_eq!(
        difference(&REPORTS.types, &reports.types),
        ["- struct VaultMedia / duration: Option<f64>", "+ struct VaultMedia / duration: Option<Value>"]
    );
}

/// The mark is laid on the field by name, so a field that the publisher renamed cannot lose it in silence.
#[test]
fn a_secret_that_is_renamed_is_a_finding() {
    let mut document = source::upstream().unwrap();
    let properties = document.pointer_mut("/components/schemas/VaultPlusVariant/properties").unwrap();
    let url = properties.as_object_mut().unwrap().remove("url").unwrap();
    properties["mediaUrl"] = url;
    let findings = overlay::lay(&mut document, &source::overlay().unwrap());
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(findings[0].problem.contains("VaultPlusVariant.properties.url"), "{}", findings[0]);
}

#[test]
fn an_edited_document_makes_every_file_that_comes_from_it_stale() {
    let mut document = MERGED.clone();
    document["paths"].as_object_mut().unwrap().remove("/v2/access/uploads/check").unwrap();
    let mut artefacts = codegen::artefacts(&document).unwrap();
    // The header is not of the document, and all that the operation takes and answers has a type.
    let others = [xtask::header::PATH, "openapi/reports/untyped.txt", "openapi/reports/raw_only.txt"];
    artefacts.retain(|artefact| !others.iter().any(|other| artefact.path == Path::new(other)));
    let stale = artefact::stale(&source::root().unwrap(), &artefacts);
    assert!(artefacts.len() > 1 && stale.len() == artefacts.len(), "{stale:?}");
}
