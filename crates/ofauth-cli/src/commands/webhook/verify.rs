//! `ofauth webhook verify`: one request, from flags and standard input.

use std::time::{Duration, SystemTime};

use ofauth::ErrorKind;

use super::secrets::verifier;
use crate::app::App;
use crate::args::webhook::VerifyArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::output::events::Event;

/// A body; those of the service are far shorter.
const BODY: Wanted = Wanted { what: "body", kind: ErrorKind::InvalidArgument, longest: 32 * 1024 * 1024 };

/// Runs the command.
pub(super) async fn run(app: &App, args: &VerifyArgs) -> Result<Exit> {
    let headers = args.header.iter().map(|text| header(text)).collect::<Result<Vec<_>>>()?;
    let now = match args.at {
        None => SystemTime::now(),
        Some(seconds) => SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .ok_or_else(|| Failure::argument(format!("--at {seconds}: no time that a clock shows")))?,
    };
    let verifier = verifier(app, &args.secrets).await?;
    let body = app.interrupt.reading(|| user_file::read_standard_input(BODY)).await?;
    match verifier.verify(headers, &body, now) {
        Ok(event) => {
            app.out.answer(&event);
            Ok(Exit::Done)
        }
        Err(error) => {
            let text = error.to_string();
            if app.out.is_json() {
                app.out.event(&Event::Refused { reason: error.kind().as_str(), error: &text });
            }
            app.out.say(&format!("ofauth: not verified ({}): {text}", error.kind().as_str()));
            Ok(Exit::Failed)
        }
    }
}

/// A header as it is written in a request.
fn header(text: &str) -> Result<(&str, &str)> {
    let parts = text.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
    parts.filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        // Its value may be a signature, and no more than its place is of use.
        Failure::argument("--header: write it as 'Name: value', with a colon")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        assert_eq!(header("a: b: c").unwrap(), ("a", "b: c"));
        assert_eq!(header("a:").unwrap(), ("a", ""));
        for wrong in ["", "a", ": b"] {
            assert!(header(wrong).unwrap_err().text().contains("Name: value"), "{wrong}");
        }
    }
}
