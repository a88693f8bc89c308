//! `ofauth post` and `ofauth message`: create a post, a chat message or a mass message.

use serde_json::{Value, json};

use super::content::{content, posted_id};
use crate::app::App;
use crate::args::content::{MessageArgs, PostArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::events::Event;

/// Runs `ofauth post`.
pub(crate) async fn run_post(app: &App, args: &PostArgs) -> Result<Exit> {
    let content = content(&args.content)?;
    let context = Context::open(app).await?;
    context.need_connection()?;
    let post = app.interrupt.or_unknown("the post", context.client.create_post(&content)).await?;
    let id = posted_id(&post);
    if app.out.is_json() {
        let media_items = args.content.media.clone();
        let arrived = app.out.event(&Event::Posted { id: id.clone(), media_items, post: &post });
        keep_id(app, arrived, id);
    } else {
        tell_id(app, id);
    }
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
    let message = match one {
        Some(user) => {
            app.interrupt.or_unknown("the message", context.client.send_message(user, &content)).await?
        }
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
            app.interrupt.or_unknown("the message", context.client.create_mass_message(&content)).await?
        }
    };
    let id = posted_id(&message);
    if app.out.is_json() {
        let arrived = app.out.event(&Event::Sent { id: id.clone(), message: &message });
        keep_id(app, arrived, id);
    } else {
        tell_id(app, id);
    }
    Ok(Exit::Done)
}

fn tell_id(app: &App, id: Option<String>) {
    match id {
        Some(id) => {
            let arrived = app.out.line(&id);
            keep_id(app, arrived, Some(id));
        }
        None => app.out.confirm("done; the API did not name an id"),
    }
}

fn keep_id(app: &App, arrived: bool, id: Option<String>) {
    app.out.tell(arrived, &format!("done, with the id {}", id.as_deref().unwrap_or("unknown")));
}

/// A list element: a number if it is one, since the service knows both.
fn id_value(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number))
}
