//! Brings a document of any form into ours: paths with braces, schemas as components under the names of our types.
//!
//! The publisher writes paths with colons and every schema in its place, and gives operations ids of its own; our document
//! has components. Both come out alike, and a document in our form comes out as it went in. What a type is called is
//! decided by `openapi/names.yaml`; what an operation is called, by the overlay, so ids that stand in the document are
//! dropped here. What an operation means, and whether the rest of the tool can carry it, is not this module's business.

mod annotations;
mod booleans;
mod here;
mod implied;
mod names;
mod naming;
mod paths;
mod places;
mod references;
mod roots;
mod shape;
mod sharing;
mod usual;

use serde_json::{Value, json};

use crate::finding::Finding;

pub use here::{HERE, at};
pub use names::{FILE, Names, collect};

/// A document in our form.
#[derive(Debug)]
pub struct Adopted {
    /// The document.
    pub document: Value,
    /// What somebody should know of it, one sentence each.
    pub notes: Vec<String>,
    /// What somebody has to decide.
    pub findings: Vec<Finding>,
}

/// Brings `document` into our form, with the names that places have so far.
#[must_use]
pub fn adopt(mut document: Value, names: &Names) -> Adopted {
    let (mut notes, mut findings) = (Vec::new(), Vec::new());
    version(&mut document);
    findings.extend(paths::path_items(&mut document));
    findings.extend(paths::braces(&mut document));
    drop_ids(&mut document);
    findings.extend(references::settle(&mut document));
    booleans::settle(&mut document);
    implied::settle(&mut document);
    let named = naming::name(&mut document, names);
    notes.extend(named.notes);
    annotations::settle(&mut document, &named.gathered);
    document.sort_all_objects();
    Adopted { document, notes, findings }
}

/// A version that YAML reads as a number.
fn version(document: &mut Value) {
    if let Some(version) = document.get_mut("openapi")
        && version.is_number()
    {
        *version = json!(format!("{version}.0"));
    }
}

/// An id of the document is the publisher's: ours come from the overlay.
fn drop_ids(document: &mut Value) {
    let items = document.get_mut("paths").and_then(Value::as_object_mut);
    for item in items.into_iter().flatten().filter_map(|(_, item)| item.as_object_mut()) {
        for operation in item.values_mut().filter_map(Value::as_object_mut) {
            operation.remove("operationId");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    fn ours() -> Value {
        source::upstream().unwrap()
    }

    #[test]
    fn our_own_form_comes_out_as_it_went_in() {
        let names = source::names().unwrap();
        let mut document = ours();
        document.sort_all_objects();
        let adopted = adopt(document.clone(), &names);
        assert_eq!(adopted.findings, []);
        assert!(adopted.document == document, "the document changed");
        assert_eq!(adopted.notes, Vec::<String>::new());
    }

    #[test]
    fn a_version_may_be_a_number() {
        let adopted = adopt(json!({"openapi": 3.1, "paths": {}}), &Names::default());
        assert_eq!(adopted.document["openapi"], "3.1.0");
    }

    #[test]
    fn ids_of_the_publisher_are_dropped() {
        let document = json!({"paths": {"/a": {"get": {"operationId": "getA", "responses": {}}}}});
        let adopted = adopt(document, &Names::default());
        assert_eq!(adopted.document["paths"]["/a"]["get"], json!({"responses": {}}));
    }
}
