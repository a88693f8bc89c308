//! `ofauth sessions`: the journals of uploads that are not over, as the library reads them.
//!
//! A journal is what lets `upload` go on where an earlier run stopped. It holds the addresses of the upload plan, which
//! are not shown. Needs no key and sends nothing.

mod format;
mod table;

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use console::Term;
use ofauth::unversioned::display_safe::one_line;
use ofauth::{Journal, JournalState, JournaledUpload};

use crate::app::App;
use crate::args::sessions::SessionsCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::records::SessionRecord;
use crate::state::{self, State};
use crate::terminal::Stream;
use format::{moment, size, state_of, until};
use table::{Here, Table};

/// Runs the command.
pub(crate) fn run(app: &App, command: &SessionsCommand) -> Result<Exit> {
    let root = state::find(&app.flags).ok_or_else(|| {
        Failure::config("there is no home directory to look for a journal in").with_hint("give --state-dir")
    })?;
    let journal = Journal::new(State::at(root).journal());
    match command {
        SessionsCommand::List => list(app, &journal),
        SessionsCommand::Show { id } => show(app, &journal.session(id)?),
        SessionsCommand::Forget { all: true, .. } => {
            let ids: Vec<String> = journal.sessions()?.into_iter().map(|session| session.id).collect();
            forget(app, &journal, &ids)
        }
        SessionsCommand::Forget { ids, .. } => forget(app, &journal, ids),
    }
}

fn list(app: &App, journal: &Journal) -> Result<Exit> {
    let sessions = journal.sessions()?;
    if app.out.is_json() {
        sessions.iter().all(|session| app.out.record(&record(session)));
        return Ok(Exit::Done);
    }
    if sessions.is_empty() {
        app.out.note(&format!("ofauth: no interrupted uploads in {}", journal.dir().display()));
        return Ok(Exit::Done);
    }
    let table = Table::of(&sessions, SystemTime::now());
    let columns = Stream::Out.is_terminal().then(|| usize::from(Term::stdout().size().1));
    for line in table.lines(columns, &Here::now()) {
        if !app.out.line(&line) {
            break;
        }
    }
    sessions.iter().for_each(|session| advise(app, session));
    Ok(Exit::Done)
}

fn show(app: &App, session: &JournaledUpload) -> Result<Exit> {
    if app.out.is_json() {
        app.out.record(&record(session));
        return Ok(Exit::Done);
    }
    let now = SystemTime::now();
    let known = |text: &Option<String>| one_line(text.as_deref().unwrap_or("-")).into_owned();
    let fields = [
        ("id", session.id.clone()),
        ("state", state_of(session)),
        ("file", known(&session.file)),
        ("size", format!("{} ({} bytes)", size(session.size), session.size)),
        (
            "done",
            format!(
                "{} bytes in {} of {} parts",
                session.bytes_done, session.parts_done, session.parts_total
            ),
        ),
        ("reference", known(&session.upload_id)),
        ("connection", known(&session.connection)),
        ("server", known(&session.base_url)),
        ("opened", moment(session.opened).unwrap_or_else(|| "-".into())),
        (
            "expires",
            match moment(session.expires) {
                Some(at) => format!("{at} ({})", until(session.expires, now)),
                None => "-".into(),
            },
        ),
        ("journal", one_line(&session.path.display().to_string()).into_owned()),
    ];
    for (name, value) in fields {
        if !app.out.line(&format!("{name:<11}{value}")) {
            break;
        }
    }
    advise(app, session);
    Ok(Exit::Done)
}

/// Forgets these sessions; one that cannot be forgotten does not stop the others.
fn forget(app: &App, journal: &Journal, ids: &[String]) -> Result<Exit> {
    let mut end = Exit::Done;
    for id in ids {
        match journal.session(id).and_then(|session| journal.forget(&session.id).map(|()| session)) {
            Ok(session) => {
                let file = session.file.as_deref().unwrap_or("a journal that cannot be read");
                app.out.confirm(&format!("forgot {}: {}", session.id, one_line(file)));
            }
            Err(error) => {
                let failure = Failure::from(error);
                app.out.failure(&failure);
                end = end.worse(failure.exit());
            }
        }
    }
    Ok(end)
}

/// Says what to do where running `upload` again is not enough.
fn advise(app: &App, session: &JournaledUpload) {
    let (id, file) = (&session.id, one_line(session.file.as_deref().unwrap_or("the file")));
    match session.state {
        JournalState::OutcomeUnknown => app.out.note(&format!(
            "ofauth: {id}: it is unknown whether {file} is in the vault: run the same `ofauth upload` again, which is \
             safe; if it stays unknown, look there, then `ofauth sessions forget {id}`"
        )),
        JournalState::Damaged => app.out.note(&format!(
            "ofauth: {id}: this journal cannot be read: `ofauth sessions forget {id}` removes it"
        )),
        JournalState::OtherVersion => app.out.note(&format!(
            "ofauth: {id}: this journal was written by another version of ofauth: run the upload with that one, or check \
             whether the vault has the file, then `ofauth sessions forget {id}`"
        )),
        _ => {}
    }
}

fn record(session: &JournaledUpload) -> SessionRecord<'_> {
    SessionRecord {
        id: &session.id,
        state: session.state.as_str(),
        in_use: session.in_use,
        file: session.file.as_deref(),
        file_base64: session.file_bytes.as_ref().map(|bytes| STANDARD.encode(bytes)),
        size: session.size,
        parts_done: session.parts_done,
        parts_total: session.parts_total,
        bytes_done: session.bytes_done,
        media_upload_id: session.upload_id.as_deref(),
        connection: session.connection.as_deref(),
        base_url: session.base_url.as_deref(),
        opened: moment(session.opened),
        expires: moment(session.expires),
        journal: session.path.display().to_string(),
    }
}
