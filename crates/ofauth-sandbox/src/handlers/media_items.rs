//! `mediaItems`: what posts and messages show.
//!
//! Every item is checked before any is used, so that a refused request uses up nothing.

use serde_json::{Map, Value};

use crate::call::Call;
use crate::error::ApiError;
use crate::lock::lock;
use crate::number;
use crate::uploads::table::Uploads;

/// How upload references begin.
const REFERENCE: &str = "upload:";

/// Ids that stand for external media, which this sandbox does not fetch.
const EXTERNAL_ID: u64 = 4_400_000_001;

enum Item<'a> {
    Reference { reference: &'a str, media_id: u64 },
    Vault(u64),
    External,
}

/// Checks the `mediaItems` of a body and uses up the upload references among them; returns the ids of the media.
pub(crate) fn resolve(call: &Call, body: &Map<String, Value>) -> Result<Vec<u64>, ApiError> {
    let items = match body.get("mediaItems") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(refuse("must be an array")),
    };
    let mut uploads = lock(&call.state.uploads);
    let mut resolved = Vec::with_capacity(items.len());
    for item in items {
        let item = read(&mut uploads, &call.connection, item)?;
        if let Item::Reference { reference, .. } = item
            && resolved
                .iter()
                .any(|other| matches!(other, Item::Reference { reference: used, .. } if *used == reference))
        {
            return Err(refuse(&format!(
                "upload \"{reference}\" is named twice: a reference can be used once"
            )));
        }
        resolved.push(item);
    }
    for item in &resolved {
        if let Item::Reference { reference, .. } = item {
            uploads.consume(reference);
        }
    }
    Ok(resolved.iter().map(Item::id).collect())
}

fn read<'a>(uploads: &mut Uploads, connection: &str, item: &'a Value) -> Result<Item<'a>, ApiError> {
    match item {
        Value::Number(_) => {
            let id = number::whole(item).and_then(|id| u64::try_from(id).ok());
            id.filter(|id| *id > 0).map(Item::Vault)
        }
        Value::String(text) if text.starts_with(REFERENCE) => {
            let media_id = uploads.usable(text, connection)?;
            Some(Item::Reference { reference: text, media_id })
        }
        Value::String(text) if text.starts_with("https://") || text.starts_with("http://") => {
            Some(Item::External)
        }
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok().filter(|id| *id > 0).map(Item::Vault)
        }
        _ => None,
    }
    .ok_or_else(|| {
        refuse(&format!("{item} is neither a media id, nor an upload reference, nor an http or https URL"))
    })
}

impl Item<'_> {
    fn id(&self) -> u64 {
        match self {
            Self::Reference { media_id, .. } => *media_id,
            Self::Vault(id) => *id,
            Self::External => EXTERNAL_ID,
        }
    }
}

fn refuse(problem: &str) -> ApiError {
    ApiError::bad_request(format!("mediaItems: {problem}"))
}
