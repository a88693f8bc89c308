//! What becomes of a document: the one place that knows how an update is made.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use anyhow::Result;
use serde_json::Value;
use xtask::adopt::{self, Names};
use xtask::check::Ignored;
use xtask::emit::{openapi, sandbox, schemas, table, typed_calls};
use xtask::report::Reports;
use xtask::typed::Generated;
use xtask::update::{Input, Ours, Plan, plan};
use xtask::{source, verdict};

/// What every case edits.
pub(crate) struct Base {
    pub(crate) document: Value,
    overlay: Value,
    ignored: Vec<Value>,
    names: Names,
    merged: Value,
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
        let folder = xtask::source::root().unwrap().join("crates/xtask/tests/drill");
        let yaml = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            serde_saphyr::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let (document, overlay) = (yaml("base.yaml"), yaml("overlay.yaml"));
        let ours =
            Ours { overlay: overlay.clone(), names: Names::default(), ignored: Ignored::read(&Value::Null) };
        let planned = plan(document.clone(), &ours);
        assert!(planned.findings.is_empty(), "the base itself has findings: {:#?}", planned.findings);
        let client = planned.generated.unwrap().client;
        let names = adopt::collect(&planned.merged).with_types_of(&client);
        Self { document, overlay, ignored: Vec::new(), names, merged: planned.merged }
    }

    /// What is in the repository, in place of the drill's.
    pub(crate) fn ours() -> Self {
        let ignored = std::fs::read_to_string(source::root().unwrap().join("openapi/ignored.yaml")).unwrap();
        Self {
            document: source::upstream().unwrap(),
            overlay: source::overlay().unwrap(),
            ignored: serde_saphyr::from_str(&ignored).unwrap_or_default(),
            names: source::names().unwrap(),
            merged: source::merged().unwrap(),
        }
    }
}

/// What becomes of a text, with these actions beside those of the base, in a thread with the stack of a main thread, and
/// whatever happens.
pub(crate) fn outcome(
    base: &Base,
    text: &str,
    actions: &[Value],
    ignored: &[Value],
    with_clients: bool,
) -> Outcome {
    quiet();
    let mut overlay = base.overlay.clone();
    overlay["actions"].as_array_mut().unwrap().extend(actions.iter().cloned());
    let ignored = Ignored::read(&Value::from([base.ignored.as_slice(), ignored].concat()));
    let ours = Ours { overlay, names: base.names.clone(), ignored };
    let text = text.to_owned();
    let compare = if with_clients { verdict::diff_with_clients } else { verdict::diff };
    let verdict = {
        let old = base.merged.clone();
        move |new: &Value| Ok(compare(&old, new)?.level().to_string())
    };
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
        panic::catch_unwind(AssertUnwindSafe(|| made(&text, &ours, &verdict)))
            .unwrap_or_else(|why| Outcome::Panicked(words(why.as_ref())))
    });
    thread.unwrap().join().unwrap_or_else(|why| Outcome::Panicked(words(why.as_ref())))
}

fn made(text: &str, ours: &Ours, verdict: Compare<'_>) -> Outcome {
    let file = std::env::temp_dir().join(format!("ofauth-drill-{}.yaml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let input = match Input::read(&file.to_string_lossy()) {
        Ok(input) => input,
        Err(error) => return Outcome::Unreadable(format!("{error:#}")),
    };
    let Plan { merged, findings, generated, .. } = plan(input.document, ours);
    let Some(generated) = generated.filter(|_| findings.is_empty()) else {
        return Outcome::Findings(findings.iter().map(ToString::to_string).collect());
    };
    match written(&merged, &generated, verdict) {
        Ok(made) => Outcome::Made(made),
        Err(error) => {
            Outcome::Findings(vec![format!("what is written cannot be: {error:#}; teach the generator")])
        }
    }
}

/// The verdict on a merged document.
type Compare<'a> = &'a dyn Fn(&Value) -> Result<String>;

/// Everything that an update writes.
fn written(merged: &Value, generated: &Generated, verdict: Compare<'_>) -> Result<Made> {
    let Generated { document, client, raw_only, .. } = generated;
    sandbox::sandbox(document)?;
    openapi::openapi(merged)?;
    typed_calls::typed_calls(client, document, raw_only)?;
    let _ = Reports::of(generated)?.texts();
    Ok(Made {
        client: prettyplease::unparse(client),
        table: table::table(document)?,
        schemas: schemas::schemas(document)?,
        raw_only: raw_only.iter().map(|raw| (raw.operation.clone(), raw.reason.clone())).collect(),
        verdict: Some(verdict(merged)?),
    })
}

fn words(why: &(dyn std::any::Any + Send)) -> String {
    let text =
        why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref::<&str>().copied());
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
