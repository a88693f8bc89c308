//! What the commands of one request share: they read and print, change and confirm, walk a list, or ask first.

use std::io::{BufRead, IsTerminal};

use ofauth::{ErrorKind, Items, TypedCall};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::app::App;
use crate::args::vault::Walk;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::files::user_text;
use crate::interrupt;

/// The ids that are read from standard input.
const IDS: Wanted =
    Wanted { what: "the list of ids", kind: ErrorKind::InvalidArgument, longest: 16 * 1024 * 1024 };

/// Reads something and prints what `shown` makes of it.
pub(super) async fn read<T: 'static, S: Serialize>(
    app: &App,
    call: TypedCall<T>,
    shown: impl FnOnce(&T) -> S,
) -> Result<Exit> {
    let answer = app.interrupt.or_stop(call.send()).await?;
    app.out.answer(&shown(&answer));
    Ok(Exit::Done)
}

/// Changes something of which the service says nothing: `done` says that it was done.
pub(super) async fn change(app: &App, call: TypedCall<()>, done: &str) -> Result<Exit> {
    changed(app, call).await?;
    app.out.confirm(&format!("ofauth: {done}"));
    Ok(Exit::Done)
}

/// Changes something, and gives the answer.
pub(super) async fn changed<T: 'static>(app: &App, call: TypedCall<T>) -> Result<T> {
    interrupt::ended("nothing was changed", call.cancel(app.interrupt.cancel()).await)
}

/// Changes something, and prints what `shown` makes of the answer.
pub(super) async fn changed_to<T: 'static, S: Serialize>(
    app: &App,
    call: TypedCall<T>,
    shown: impl FnOnce(&T) -> S,
) -> Result<Exit> {
    let answer = changed(app, call).await?;
    let text = serde_json::to_string(&shown(&answer)).unwrap_or_default();
    let arrived = app.out.json_text(text.as_bytes());
    app.out.tell(arrived, &format!("done: {text}"));
    Ok(Exit::Done)
}

/// Prints the items of a list, one JSON object a line.
pub(super) async fn walk<T>(app: &App, walk: &Walk, items: Items<T>) -> Result<Exit> {
    walk_with(app, walk, items.typed::<Box<RawValue>>(), |item| app.out.item("", item.get())).await
}

/// Goes through the items of a list until `print` says that nobody reads any more.
pub(super) async fn walk_with<T: DeserializeOwned>(
    app: &App,
    walk: &Walk,
    mut items: Items<T>,
    print: impl Fn(&T) -> bool,
) -> Result<Exit> {
    if let Some(most) = walk.max {
        items = items.max(most);
    }
    if let Some(token) = &walk.resume {
        items = items.resume(token);
    }
    loop {
        match app.interrupt.or_stop(async { items.next().await.transpose() }).await {
            Ok(Some(item)) if print(&item) => {}
            Ok(Some(_)) => return Ok(Exit::Done),
            Ok(None) => break,
            Err(failure) => {
                return Err(match items.resume_token() {
                    Some(token) => with_token(failure, token),
                    None => failure,
                });
            }
        }
    }
    if let Some(token) = items.resume_token() {
        app.out.note(&format!("ofauth: there are more items; go on with --resume {token}"));
    }
    Ok(Exit::Done)
}

/// The failure of a walk whose first items are printed.
pub(super) fn with_token(failure: Failure, token: &str) -> Failure {
    let go_on = format!("go on behind the printed items with --resume {token}");
    match failure.hint() {
        Some(hint) if failure.kind() != ErrorKind::Cancelled => {
            let both = format!("{hint}; then {go_on}");
            failure.with_hint(both)
        }
        _ => failure.with_hint(go_on),
    }
}

/// Prints values, one a line.
pub(super) fn lines<'a>(app: &App, values: impl IntoIterator<Item = &'a Value>) -> Exit {
    for value in values {
        if !app.out.item("", &value.to_string()) {
            break;
        }
    }
    Exit::Done
}

/// Has the user agree to what cannot be undone, `what` that would do: on a terminal by a word, elsewhere by `--yes` alone.
pub(super) async fn agree(app: &App, yes: bool, what: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::argument(format!(
            "nothing was done: this would {what}, which cannot be undone, and nobody can be asked"
        ))
        .with_hint("add --yes if it is meant"));
    }
    app.out.say(&format!("ofauth: this would {what}, which cannot be undone. Type yes to go on:"));
    let read = || {
        let mut line = String::new();
        // Nothing that can be read is no yes.
        let _ = std::io::stdin().lock().read_line(&mut line);
        Ok(line)
    };
    let line = app.interrupt.reading(read).await?;
    if line.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure::argument("nothing was done: the answer was not yes"))
}

/// The ids of the command line, each `-` replaced by the words of standard input.
pub(super) async fn with_standard_input(app: &App, ids: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for id in ids {
        if id != "-" {
            all.push(id.clone());
            continue;
        }
        let text = app.interrupt.reading(|| user_file::read_standard_input(IDS)).await?;
        let text = user_text::text(IDS.kind, "standard input", text)?;
        all.extend(text.split_whitespace().map(str::to_owned));
    }
    if all.is_empty() {
        return Err(Failure::argument("standard input names no id"));
    }
    Ok(all)
}
