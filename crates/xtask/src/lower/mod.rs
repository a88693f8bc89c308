//! Lowers the merged OpenAPI 3.1 document to the part of 3.0.3 that the generator takes, in memory.
//!
//! Each pass is one named function over [`Document`] whose doc comment gives its reason, and each can be run alone.
//! A pass returns the places it changed, for the report that shows what an update of the document does. Passes
//! leave marks for the generator as extensions (see [`mark`]); nothing here writes Rust.

mod alternatives;
mod deprecated;
mod dialect;
mod direction;
mod hoist;
mod ids;
mod lenient;
pub mod mark;
mod names;
mod nulls;
mod odd_schemas;
mod parameter_limits;
mod parameters;
mod renames;
mod requests;
mod responses;
mod schema;
mod secrets;
mod tagged;
#[cfg(test)]
mod testing;

use anyhow::{Context, Result};

use crate::document::Document;

pub use deprecated::DEPRECATED;
pub use direction::{Direction, prune, reachable};
pub use ids::is_id_name;
pub use lenient::is_kept;
pub use names::resolved_name;
pub use parameters::{fields, is_object, is_open};
pub use requests::CONNECTION_HEADER;
pub use schema::{add_field, fields_of, pascal, reference, resolved, target, walk};

/// One lowering pass.
#[derive(Debug)]
pub struct Pass {
    /// Its name, as the report shows it.
    pub name: &'static str,
    /// Changes the document and returns the places it changed.
    pub run: fn(&mut Document) -> Result<Vec<String>>,
}

/// The passes in the order in which they run.
pub const PASSES: &[Pass] = &[
    Pass { name: "names", run: names::names },
    Pass { name: "fields", run: renames::fields },
    Pass { name: "parameter_limits", run: parameter_limits::parameter_limits },
    Pass { name: "kept", run: lenient::kept },
    Pass { name: "deprecated", run: deprecated::deprecated },
    Pass { name: "odd_schemas", run: odd_schemas::odd_schemas },
    Pass { name: "constants", run: dialect::constants },
    Pass { name: "nullable", run: dialect::nullable },
    Pass { name: "null_alone", run: odd_schemas::null_alone },
    Pass { name: "enums", run: odd_schemas::enums },
    Pass { name: "numbers", run: dialect::numbers },
    Pass { name: "annotations", run: dialect::annotations },
    Pass { name: "version", run: dialect::version },
    Pass { name: "errors", run: responses::errors },
    Pass { name: "success", run: responses::success },
    Pass { name: "connection_header", run: requests::connection_header },
    Pass { name: "text_or_list_parameters", run: parameters::text_or_list_parameters },
    Pass { name: "object_parameters", run: parameters::object_parameters },
    Pass { name: "plain_parameters", run: parameters::plain_parameters },
    Pass { name: "raw_bodies", run: requests::raw_bodies },
    Pass { name: "setters", run: renames::setters },
    Pass { name: "mixed_ids", run: ids::mixed_ids },
    Pass { name: "split_directions", run: direction::split },
    Pass { name: "alternatives", run: alternatives::alternatives },
    Pass { name: "texts", run: requests::texts },
    Pass { name: "hoist", run: hoist::hoist },
    Pass { name: "tagged", run: tagged::tagged },
    Pass { name: "response_ids", run: ids::response_ids },
    Pass { name: "parameter_ids", run: ids::parameter_ids },
    Pass { name: "secrets", run: secrets::secrets },
    Pass { name: "optional_fields", run: lenient::optional_fields },
    Pass { name: "free_objects", run: lenient::free_objects },
    Pass { name: "unlimited_fields", run: lenient::unlimited_fields },
    Pass { name: "open_enums", run: lenient::open_enums },
    Pass { name: "request_limits", run: requests::request_limits },
    Pass { name: "request_words", run: requests::request_words },
    Pass { name: "nulls", run: nulls::nulls },
    Pass { name: "empty_lists", run: requests::empty_lists },
    Pass { name: "unused", run: direction::unused },
];

/// What one pass changed.
#[derive(Debug)]
pub struct Change {
    /// The name of the pass.
    pub pass: &'static str,
    /// The places, in the document's terms.
    pub places: Vec<String>,
}

/// Runs every pass over `document`.
pub fn lower(document: &mut Document) -> Result<Vec<Change>> {
    PASSES
        .iter()
        .map(|pass| {
            let places = (pass.run)(document).with_context(|| format!("lowering pass {}", pass.name))?;
            Ok(Change { pass: pass.name, places })
        })
        .collect()
}
