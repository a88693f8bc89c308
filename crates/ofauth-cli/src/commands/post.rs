//! `ofauth post` and `ofauth message`: posts, chat messages and mass messages, from the first request to the last.

use std::time::SystemTime;

use ofauth::{Client, Content};
use serde_json::Value;

use super::content::{content, posted_id};
use super::losses::{losses, refuse, unsaid};
use super::mistyped;
use super::reply::{change, changed, read, walk};
use crate::app::App;
use crate::args::content::{MessageArgs, MessageCommand, PostArgs, PostCommand, PostContent, Recipients};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::events::Event;

/// Runs `ofauth post`.
pub(crate) async fn run_post(app: &App, args: &PostArgs) -> Result<Exit> {
    if let Some(command) = &args.command {
        return about_post(app, command).await;
    }
    let text = &args.content.content;
    if text.media.is_empty() {
        mistyped::refuse::<PostCommand>("post", text.text.as_deref())?;
    }
    let content = post_content(&args.content)?;
    let (_context, client) = client(app).await?;
    let post = client.create_post(&content).cancel(app.interrupt.cancel()).await;
    let post = interrupt::ended("nothing was posted", post)?;
    let post = post.raw();
    tell(app, post, |id| Event::Posted { id, media_items: args.content.content.media.clone(), post });
    Ok(Exit::Done)
}

async fn about_post(app: &App, command: &PostCommand) -> Result<Exit> {
    // What is wrong with it is said before anything else is done.
    let update = match command {
        PostCommand::Update { content, .. } => post_content(content)?,
        _ => Content::new(""),
    };
    let (_context, client) = client(app).await?;
    match command {
        PostCommand::Get { id } => read(app, client.get_post(id), |post| post.raw().clone()).await,
        PostCommand::Update { id, content, replace } => {
            if !replace {
                let post = app.interrupt.or_stop(client.get_post(id).send()).await?;
                let lost = losses(post.raw(), &content.content, SystemTime::now());
                refuse(&format!("the post {id}"), &lost)?;
            }
            let post = changed(app, client.update_post(id, &update)).await?;
            let post = post.raw();
            let media_items = content.content.media.clone();
            tell(app, post, |id| Event::Posted { id, media_items, post });
            Ok(Exit::Done)
        }
        PostCommand::Delete { id } => change(app, client.delete_post(id), "the post was deleted").await,
        PostCommand::List(how) => walk(app, how, client.call("list_posts").items()).await,
    }
}

fn post_content(args: &PostContent) -> Result<Content> {
    let content = content(&args.content)?;
    Ok(args.expire_after.into_iter().fold(content, Content::expire_after))
}

/// The client for the connection that is set, and the context that it lives in.
async fn client(app: &App) -> Result<(Context, Client)> {
    let context = Context::open(app).await?;
    context.need_connection()?;
    let client = context.client.clone();
    Ok((context, client))
}

/// Runs `ofauth message`.
pub(crate) async fn run_message(app: &App, args: &MessageArgs) -> Result<Exit> {
    if let Some(command) = &args.command {
        return about_message(app, command).await;
    }
    if args.content.media.is_empty() {
        mistyped::refuse::<MessageCommand>("message", args.content.text.as_deref())?;
    }
    let mut content = content(&args.content)?;
    let one = match (args.recipients.to.as_slice(), args.recipients.to_list.as_slice()) {
        ([user], []) => Some(user),
        _ => None,
    };
    if one.is_some() && !args.recipients.except_list.is_empty() {
        return Err(Failure::argument("--except-list is for messages to lists or several users"));
    }
    if one.is_some() && args.content.schedule.is_some() {
        return Err(Failure::argument("--schedule is for messages to lists or several users"));
    }
    if let Some(id) = &args.reply_to {
        if one.is_none() {
            return Err(Failure::argument("--reply-to is for a message to one user"));
        }
        content = content.reply_to(id);
    }
    let (_context, client) = client(app).await?;
    let call = match one {
        Some(user) => client.send_message(user, &content),
        None => client.create_mass_message(&to(content, &args.recipients)),
    };
    let message = interrupt::ended("nothing was sent", call.cancel(app.interrupt.cancel()).await)?;
    let message = message.raw();
    tell(app, message, |id| Event::Sent { id, message });
    Ok(Exit::Done)
}

async fn about_message(app: &App, command: &MessageCommand) -> Result<Exit> {
    let update = match command {
        MessageCommand::Update(args) => to(content(&args.content)?, &args.recipients),
        _ => Content::new(""),
    };
    let (_context, client) = client(app).await?;
    match command {
        MessageCommand::List { user, walk: how } => {
            walk(app, how, client.call("list_chat_messages").param("userId", user.as_str()).items()).await
        }
        MessageCommand::Unsend { user, message } => {
            change(app, client.unsend_message(user, message), "the message was taken back").await
        }
        MessageCommand::ListMass(how) => walk(app, how, client.call("list_mass_messages").items()).await,
        MessageCommand::Get { id } => {
            read(app, client.get_mass_message(id), |message| message.raw().clone()).await
        }
        MessageCommand::Update(args) => {
            if !args.replace {
                let message = app.interrupt.or_stop(client.get_mass_message(&args.id).send()).await?;
                let mut lost = losses(message.raw(), &args.content, SystemTime::now());
                lost.extend(unsaid(&args.content, &args.recipients));
                refuse(&format!("the mass message {}", args.id), &lost)?;
            }
            let message = changed(app, client.update_mass_message(&args.id, &update)).await?;
            let message = message.raw();
            tell(app, message, |id| Event::Sent { id, message });
            Ok(Exit::Done)
        }
        MessageCommand::Delete { id } => {
            change(app, client.delete_mass_message(id), "the mass message was deleted").await
        }
    }
}

/// The content, with whom it goes to.
fn to(content: Content, whom: &Recipients) -> Content {
    content.to_users(&whom.to).to_lists(&whom.to_list).except_lists(&whom.except_list)
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
