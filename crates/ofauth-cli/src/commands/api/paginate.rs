//! `ofauth api --paginate`: all items of a list, one a line, or as one array. How the list goes on is the library's business.

use ofauth::Call;
use serde_json::value::RawValue;

use crate::app::App;
use crate::args::ApiArgs;
use crate::commands::reply::with_token;
use crate::exit::Exit;
use crate::failure::Result;

/// Prints the items of the list that `call` asks for as they come. Nothing is kept of them.
pub(super) async fn run(app: &App, args: &ApiArgs, call: Call) -> Result<Exit> {
    let mut items = call.items().typed::<Box<RawValue>>();
    if let Some(most) = args.max {
        items = items.max(most);
    }
    if let Some(token) = &args.resume {
        items = items.resume(token);
    }
    let mut printed: u64 = 0;
    let end = loop {
        let next = app.interrupt.or_stop(async { items.next().await.transpose() }).await;
        let item = match next {
            Ok(Some(item)) => item,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(failure),
        };
        let before = match (args.slurp, printed) {
            (false, _) => "",
            (true, 0) => "[",
            (true, _) => ",",
        };
        if !app.out.item(before, item.get()) {
            return Ok(Exit::Done);
        }
        printed = printed.saturating_add(1);
    };
    let token = items.resume_token();
    if let Err(failure) = end {
        // An array that is not whole is left open, so that nobody takes it for a list that is.
        return Err(match token {
            Some(token) if printed > 0 => with_token(failure, token),
            _ => failure,
        });
    }
    if args.slurp {
        app.out.answer_line(if printed == 0 { "[]" } else { "]" });
    }
    if let Some(token) = token {
        app.out.note(&format!("ofauth: there are more items; go on with --resume {token}"));
    }
    Ok(Exit::Done)
}
