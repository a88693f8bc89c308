//! `ofauth link`: has a creator sign in, and waits for the connection.

use std::io::Write;
use std::path::Path;

use ofauth::{ErrorKind, LinkOptions, LinkSession};

use super::reply::changed;
use crate::app::App;
use crate::args::account::LinkArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::name::Name;
use crate::output::events::Event;

const SESSION: Wanted = Wanted { what: "session file", kind: ErrorKind::InvalidArgument, longest: 64 * 1024 };

/// Runs the command.
pub(crate) async fn run(app: &App, args: &LinkArgs) -> Result<Exit> {
    let context = Context::open(app).await?;
    let session = match kept(app, args).await? {
        Some(session) => session,
        None => {
            let session = changed(app, context.client.link_start(&options(args))).await?;
            keep(app, args, &session).await?;
            session
        }
    };
    tell(app, args, &session);
    if args.no_wait {
        return Ok(Exit::Done);
    }
    let out = app.out.clone();
    let mut wait = context.client.link_wait(&session).cancel(app.interrupt.cancel());
    wait = wait.on_progress(move |status| {
        out.note(&format!("ofauth: {status}"));
    });
    if let Some(limit) = args.timeout {
        wait = wait.timeout(limit);
    }
    let linked = wait.await.map_err(|error| match (error.kind(), &args.session) {
        (ErrorKind::Cancelled, Some(_)) => {
            Failure::from(error).with_hint("run the same command again: it waits for the same session")
        }
        (ErrorKind::Cancelled, None) => Failure::from(error)
            .with_hint("`ofauth connections list` shows the connection once the creator has signed in"),
        _ => Failure::from(error),
    })?;
    let (id, username) = (linked.connection_id.as_str(), linked.username.as_deref());
    let arrived = if app.out.is_json() {
        let reference = linked.client_reference_id.as_str();
        app.out.event(&Event::Linked { connection_id: id, client_reference_id: reference, username })
    } else {
        app.out.line(id)
    };
    app.out.tell(arrived, &format!("linked {id}"));
    if let Some(path) = args.session.clone() {
        // It is of no more use; if it stays, the next run finds the same connection.
        let remove = move || Ok(std::fs::remove_file(path));
        let _ = app.interrupt.reading(remove).await?;
    }
    Ok(Exit::Done)
}

fn options(args: &LinkArgs) -> LinkOptions {
    let mut options = LinkOptions::new();
    if let Some(id) = &args.reference {
        options = options.client_reference_id(id);
    }
    if let Some(id) = &args.client_app {
        options = options.client_app_id(id);
    }
    if let Some(url) = &args.redirect_url {
        options = options.redirect_url(url);
    }
    if let Some(id) = &args.relink {
        options = options.connection_id(id);
    }
    options
}

/// The session that an earlier run left.
async fn kept(app: &App, args: &LinkArgs) -> Result<Option<LinkSession>> {
    let Some(path) = args.session.clone().filter(|path| path.exists()) else { return Ok(None) };
    let name = Name::from(path.as_path());
    let (text, _) = app.interrupt.reading(move || user_file::read_text(SESSION, &path)).await?;
    let session = LinkSession::from_json(&text).map_err(|error| {
        let hint = format!("remove {name} to start another session, or name another file with --session");
        Failure::from(error).of(&name).with_hint(hint)
    })?;
    Ok(Some(session))
}

/// Writes the session, which holds a secret, for its owner alone; another run finds all of it or nothing.
async fn keep(app: &App, args: &LinkArgs, session: &LinkSession) -> Result<()> {
    let Some(path) = args.session.clone() else { return Ok(()) };
    let text = session.to_json();
    let write = move || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Made readable for its owner alone.
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        });
        written.map_err(|error| {
            let what = format!("{} cannot be written", user_file::called(SESSION, &path));
            Failure::io(ErrorKind::Config, what, &error).with_hint("name another file with --session")
        })
    };
    app.interrupt.reading(write).await
}

/// Tells where the creator signs in. That is the result of a run that does not wait, and nothing but a remark of one that does:
/// its result is the id of the connection.
fn tell(app: &App, args: &LinkArgs, session: &LinkSession) {
    let url = session.url.as_ref().map(|url| url.as_str());
    let secret = session.client_secret.as_ref().filter(|_| args.client_secret).map(|secret| secret.as_str());
    if app.out.is_json() {
        app.out.event(&Event::Linking {
            mode: session.mode.as_str(),
            url,
            client_secret: secret,
            client_reference_id: &session.client_reference_id,
        });
    } else if args.no_wait {
        for line in url.into_iter().chain(secret) {
            app.out.line(line);
        }
    } else {
        // Nobody could sign in without it, so that --quiet does not keep it back.
        for (what, text) in [("the creator signs in at", url), ("the client secret for your page:", secret)] {
            if let Some(text) = text {
                app.out.say(&format!("ofauth: {what} {text}"));
            }
        }
    }
    if url.is_none() && secret.is_none() {
        app.out.note("ofauth: the creator signs in on your page; --client-secret prints what it needs");
    }
}
