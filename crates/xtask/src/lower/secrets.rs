//! Texts that must not appear in logs become the hand-written type `Secret`.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::mark;
use super::schema::{is_type, reference};
use crate::document::Document;

const SECRET: &str = "Secret";

/// Fields that let whoever reads them fetch media, finish a link or act as a creator: signed addresses, upload
/// addresses, link secrets and session cookies.
const SECRETS: [(&str, &str); 10] = [
    ("ImportConnectionRequest", "cookie"),
    ("LinkRawSession", "cookie"),
    ("LinkRawSession", "x-bc"),
    ("LinkSession", "clientSecret"),
    ("LinkSession", "url"),
    ("SignedHeaders", "sign"),
    ("UpdateImportedConnectionRequest", "cookie"),
    ("UploadPartPlan", "uploadUrl"),
    ("UploadSession", "completeUrl"),
    ("VaultPlusVariant", "url"),
];

/// The generator derives `Debug`, which would print a signed address into any log that shows an answer. A field of the
/// list that a newer document no longer has is an error: it may have been renamed.
pub(super) fn secrets(document: &mut Document) -> Result<Vec<String>> {
    hide(document, &SECRETS)
}

pub(super) fn hide(document: &mut Document, fields: &[(&str, &str)]) -> Result<Vec<String>> {
    let secret = json!({ "type": "string", mark::RUST_TYPE: "crate::secret::Secret" });
    let taken = document.schemas.insert(SECRET.to_owned(), secret);
    ensure!(taken.is_none(), "the component {SECRET} is needed for the type of that name; rename it");
    let mut places = Vec::new();
    for (owner, property) in fields {
        // A part of the document need not have it.
        if !document.schemas.contains_key(*owner) {
            continue;
        }
        let field = document
            .schemas
            .get_mut(*owner)
            .and_then(|schema| schema.pointer_mut(&format!("/properties/{property}")))
            .filter(|field| is_type(field, "string"))
            .with_context(|| {
                format!("{owner}.{property} is no text field any more; correct the list of secrets")
            })?;
        *field = reference(SECRET);
        places.push(format!("{owner}.{property}"));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::super::testing::components;
    use super::*;

    #[test]
    fn a_listed_field_becomes_a_secret() {
        let fields = json!({ "type": "object", "properties": { "url": { "type": "string" }, "name": { "type": "string" } } });
        let mut document = components(json!({ "Sent": {}, "Answer": fields }));
        assert_eq!(hide(&mut document, &[("Answer", "url")]).unwrap(), ["Answer.url"]);
        let properties = &document.schemas["Answer"]["properties"];
        assert_eq!(properties["url"], reference(SECRET));
        assert_eq!(properties["name"], json!({ "type": "string" }));
    }

    #[test]
    fn a_listed_field_that_is_gone_is_an_error_that_names_it() {
        for fields in [json!({}), json!({ "url": { "type": "object" } })] {
            let mut document =
                components(json!({ "Sent": {}, "Answer": { "type": "object", "properties": fields } }));
            let error = hide(&mut document, &[("Answer", "url")]).unwrap_err();
            assert!(error.to_string().contains("Answer.url"), "{error}");
        }
    }
}
