//! `ofauth post` and `ofauth message`: create a post, a chat message or a mass message.

use serde_json::{Value, json};

use super::content::{content, posted_id};
use crate::app::App;
use crate::args::content::{MessageArgs, PostArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::events::Event;

/// Runs `ofauth post`.
pub(crate) async fn run_post(app: &App, args: &PostArgs) -> Result<Exit> {
    let content = content(&args.content)?;
    let context = Context::open(app).await?;
    context.need_connection()?;
    let post = context.client.create_post(&content).cancel(app.interrupt.cancel()).await;
    let post = interrupt::ended("nothing was posted", post)?;
    let post = post.raw();
    tell(app, post, |id| Event::Posted { id, media_items: args.content.media.clone(), post });
    Ok(Exit::Done)
}

/// Runs `ofauth message`.
pub(crate) async fn run_message(app: &App, args: &MessageArgs) -> Result<Exit> {
    let mut content = content(&args.content)?;
    let one = match (args.to.as_slice(), args.to_list.as_slice()) {
        ([user], []) => Some(user),
        _ => None,
    };
    if one.is_some() && !args.except_list.is_empty() {
        return Err(Failure::argument("--except-list is for messages to lists or several users"));
    }
    let context = Context::open(app).await?;
    context.need_connection()?;
    let call = match one {
        Some(user) => context.client.send_message(user, &content),
        None => {
            let receivers = [
                ("userIds", &args.to),
                ("userLists", &args.to_list),
                ("excludeUserLists", &args.except_list),
            ];
            for (field, ids) in receivers {
                if !ids.is_empty() {
                    content = content.field(field, ids.iter().map(|id| id_value(id)).collect::<Value>());
                }
            }
            context.client.create_mass_message(&content)
        }
    };
    let message = interrupt::ended("nothing was sent", call.cancel(app.interrupt.cancel()).await)?;
    let message = message.raw();
    tell(app, message, |id| Event::Sent { id, message });
    Ok(Exit::Done)
}

/// Tells people the id in the API's answer, and scripts the event with it.
fn tell<'a>(app: &App, answer: &Value, event: impl FnOnce(Option<String>) -> Event<'a>) {
    let id = posted_id(answer);
    let arrived = if app.out.is_json() {
        app.out.event(&event(id.clone()))
    } else if let Some(id) = &id {
        app.out.line(id)
    } else {
        return app.out.confirm("done; the API returned no id");
    };
    app.out.tell(arrived, &format!("done, with the id {}", id.as_deref().unwrap_or("unknown")));
}

/// A list element: a number if it is one, since the service knows both.
fn id_value(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number))
}
