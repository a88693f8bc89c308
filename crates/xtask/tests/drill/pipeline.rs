//! What becomes of a document: the one place that knows how an update is made.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;

use serde_json::{Value, json};
use xtask::codegen;
use xtask::emit::{openapi, sandbox, schemas, table, typed_calls};
use xtask::overlay;

/// What every case edits.
pub(crate) struct Base {
    pub(crate) document: Value,
    pub(crate) overlay: Value,
}

/// What became of a document.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is no document at all.
    Unreadable(String),
    /// What a person has to decide.
    Findings(Vec<String>),
    /// What was made of it.
    Made(Made),
    /// The tool fell over.
    Panicked(String),
}

/// What was made of a document.
#[derive(Debug)]
pub(crate) struct Made {
    /// The client, as Rust.
    pub(crate) client: String,
    /// The operation table, as Rust.
    pub(crate) table: String,
    /// The schemas, as Rust.
    pub(crate) schemas: String,
    /// The operations without a typed call, with reasons.
    pub(crate) raw_only: Vec<(String, String)>,
    /// The verdict against the base.
    pub(crate) verdict: Option<String>,
}

impl Base {
    pub(crate) fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drill");
        let yaml = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        Self { document: yaml("base.yaml"), overlay: yaml("overlay.yaml") }
    }
}

/// What becomes of a text, with these actions beside those of the base, in a thread with the stack of a main thread, and
/// whatever happens.
pub(crate) fn outcome(base: &Base, text: &str, actions: &[Value], ignored: &[Value]) -> Outcome {
    quiet();
    let mut overlay = base.overlay.clone();
    overlay["actions"].as_array_mut().unwrap().extend(actions.iter().cloned());
    let (text, ignored) = (text.to_owned(), ignored.to_vec());
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
        panic::catch_unwind(AssertUnwindSafe(|| made(&text, &overlay, &ignored)))
            .unwrap_or_else(|why| Outcome::Panicked(words(why.as_ref())))
    });
    thread.unwrap().join().unwrap_or_else(|why| Outcome::Panicked(words(why.as_ref())))
}

fn made(text: &str, overlay: &Value, _ignored: &[Value]) -> Outcome {
    let mut merged: Value = match serde_saphyr::from_str(text) {
        Ok(document) => document,
        Err(error) => return Outcome::Unreadable(error.to_string()),
    };
    if let Err(error) = overlay::apply(&mut merged, overlay) {
        return Outcome::Findings(vec![format!("{error:#}")]);
    }
    secrets(&mut merged);
    merged.sort_all_objects();
    let made = || {
        let made = codegen::generated(&merged)?;
        sandbox::sandbox(&made.document)?;
        openapi::openapi(&merged)?;
        typed_calls::typed_calls(&made.client, &made.document)?;
        anyhow::Ok(Made {
            client: prettyplease::unparse(&made.client),
            table: table::table(&made.document)?,
            schemas: schemas::schemas(&made.document)?,
            raw_only: Vec::new(),
            verdict: None,
        })
    };
    made().map_or_else(|error| Outcome::Findings(vec![format!("{error:#}")]), Outcome::Made)
}

/// The fields that have to be there as long as they are a list in source.
fn secrets(merged: &mut Value) {
    for (owner, field) in [
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
    ] {
        if let Some(Value::Object(schemas)) = merged.pointer_mut("/components/schemas") {
            let schema = schemas.entry(owner).or_insert_with(|| json!({"type": "object", "properties": {}}));
            schema["properties"][field] = json!({"type": "string"});
        }
    }
}

fn words(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref::<&str>().copied());
    text.unwrap_or("no words").to_owned()
}

/// Keeps what a panic says for its outcome, and off the screen.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // The pipeline's own threads have no name; those of tests are named after their test.
            if std::thread::current().name().is_some() {
                usual(info);
            }
        }));
    });
}
