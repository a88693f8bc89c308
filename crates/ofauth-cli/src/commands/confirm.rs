//! The question before something is done that cannot be undone.

use std::io::{BufRead as _, IsTerminal as _};

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::terminal::{Form, Stream};

/// Asks whether to go on, unless that was said by `--yes`. Without a terminal nobody can be asked, and it is an error.
pub(super) async fn confirm(app: &App, is_said: bool, question: &str) -> Result<()> {
    if is_said {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !Stream::Err.is_terminal() {
        return Err(Failure::argument(format!("{question} Nobody can be asked without a terminal"))
            .with_hint("say --yes if that is meant"));
    }
    let asked = format!("ofauth: {question} [y/N] ");
    let answer = app.interrupt.reading(move || {
        let _ = Stream::Err.write(asked.as_bytes(), Form::Lines);
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        // What cannot be read is no consent.
        Ok(read.map_or_else(|_| String::new(), |_| line))
    });
    match answer.await?.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::argument("nothing was done").with_hint("answer y if that is meant, or say --yes")),
    }
}
