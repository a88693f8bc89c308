//! One attempt to make a client of some of the operations, which may fail in any way without harm.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use anyhow::{Context, Result};
use quote::ToTokens;
use serde_json::Value;

use super::{clash, cycle};
use crate::document::{Document, Operation};
use crate::lower::{Change, lower, prune, target};
use crate::{generate, refine};

/// What came of an attempt.
pub(super) struct Attempt {
    pub(super) lowered: Document,
    pub(super) changes: Vec<Change>,
    /// The client, as the text of its tokens: a syntax tree does not leave its thread.
    pub(super) client: String,
}

/// Types are followed as deep as they are nested. This is only touched as far as it is needed.
const STACK: usize = 512 << 20;

thread_local! {
    /// Whether a panic of this thread is caught and told by somebody.
    static IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Makes the client of the operations at these places and the components that they use; or says why there is none.
pub(super) fn attempt(document: &Document, operations: &[usize]) -> Result<Attempt, String> {
    quiet_told_panics();
    let part = part(document, operations);
    let thread = std::thread::Builder::new().name("typed".to_owned()).stack_size(STACK);
    let run = thread.spawn(move || {
        IS_TOLD.set(true);
        catch_unwind(AssertUnwindSafe(|| make(part)))
    });
    let ended = match run.map(std::thread::JoinHandle::join) {
        Ok(Ok(ended)) => ended,
        Ok(Err(panic)) => Err(panic),
        Err(error) => return Err(format!("there is no thread to try it on: {error}")),
    };
    match ended {
        Ok(made) => made.map_err(|error| on_one_line(&format!("{error:#}"))),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
            Err(on_one_line(&format!("the generator gives up: {text}")))
        }
    }
}

/// A document of these operations alone. Most attempts are about few of them, and the components are many.
fn part(document: &Document, operations: &[usize]) -> Document {
    let operations: Vec<Operation> =
        operations.iter().filter_map(|index| document.operations.get(*index).cloned()).collect();
    let mut open: Vec<&Value> = operations
        .iter()
        .flat_map(|operation| {
            let parameters = operation.parameters.iter().map(|parameter| &parameter.schema);
            let bodies = operation.body.iter().map(|body| &body.schema);
            let answers = operation.responses.values().filter_map(|response| response.schema.as_ref());
            parameters.chain(bodies).chain(answers)
        })
        .collect();
    let mut schemas = BTreeMap::new();
    while let Some(value) = open.pop() {
        if let Some(name) = target(value)
            && let Some(schema) = document.schemas.get(name)
            && schemas.insert(name.to_owned(), schema.clone()).is_none()
        {
            open.push(schema);
        }
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    let (openapi, info) = (document.openapi.clone(), document.info.clone());
    Document { openapi, info, operations, schemas, dropped: Vec::new() }
}

fn make(mut document: Document) -> Result<Attempt> {
    prune(&mut document);
    cycle::check(&document)?;
    let changes = lower(&mut document)?;
    let mut client = generate::client(&document)?;
    refine::refine(&mut client, &document)?;
    clash::check(&client)?;
    let client = client.into_token_stream().to_string();
    syn::parse_str::<syn::File>(&client).context("the generated client is no Rust")?;
    Ok(Attempt { lowered: document, changes, client })
}

/// Panics of the generator are results here, and are not to be printed.
fn quiet_told_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_TOLD.get() {
                before(panic);
            }
        }));
    });
}

/// A reason in few enough words: the generator prints whole schemas.
fn on_one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
