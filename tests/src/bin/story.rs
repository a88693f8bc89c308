//! The story of [`ofauth_tests::story`] in Rust, as a program that may be killed anywhere.

// A tool of tests: where it is wrong, a test has to fail.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ofauth::webhooks::Verifier;
use ofauth::{Client, Content, LinkOptions, LinkSession, MediaItem, Result};
use serde_json::Value;

/// What was done, a file for each step.
struct Done(PathBuf);

impl Done {
    fn of(&self, step: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(step)).ok()
    }

    fn write(&self, step: &str, value: &str) {
        let new = self.0.join(format!("{step}.new"));
        std::fs::write(&new, value).unwrap();
        std::fs::rename(new, self.0.join(step)).unwrap();
    }

    /// The value of a step, which is done unless it was before.
    async fn step(&self, step: &str, work: impl Future<Output = Result<String>>) -> Result<String> {
        let value = match self.of(step) {
            Some(value) => value,
            None => {
                let value = work.await?;
                self.write(step, &value);
                value
            }
        };
        println!("{step} {value}");
        Ok(value)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).map(PathBuf::from);
    let (state, clip) = (args.next().unwrap(), args.next().unwrap());
    let done = Done(state.clone());
    let account = Client::builder()
        .base_url(std::env::var("OFAUTH_BASE_URL").unwrap())
        .api_key(std::env::var("OFAUTH_API_KEY").unwrap())
        .journal_dir(state.join("journal"))
        .build()?;

    let connection = done.step("link", link(&account, &done)).await?;
    let client = account.for_connection(&connection)?;
    let (media, reference) = upload(&client, &done, &clip).await?;
    done.step("ready", async { client.wait_ready([media.as_str()]).await.map(|_| media.clone()) }).await?;
    let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
    let post = Content::new("story post").media(MediaItem::reference(&reference)).schedule(tomorrow);
    let post = done.step("post", create_post(&client, &post)).await?;
    let edited = Content::new("story post edited").media(MediaItem::id(&media)).schedule(tomorrow);
    done.step("edit", async { client.update_post(&post, &edited).await.map(|post| post.id) }).await?;
    done.step("message", send_message(&client, &media)).await?;
    let stored = client.wait_stored([media.as_str()]).labels(["source"]);
    done.step("stored", async { stored.await.map(|_| media.clone()) }).await?;
    let download = client.download(&media, "source", state.join("downloaded.mp4"));
    done.step("download", async { download.overwrite(true).await.map(|file| file.bytes.to_string()) })
        .await?;
    done.step("webhook", webhook(&state)).await?;
    println!("done");
    Ok(())
}

/// Links an account, unless an earlier run did. What that run began goes on: two sessions may make two connections.
async fn link(account: &Client, done: &Done) -> Result<String> {
    let mut connections = account.connections();
    while let Some(connection) = connections.next().await {
        let connection = connection?;
        if connection.client_reference_id.as_deref() == Some("story") {
            return Ok(connection.id);
        }
    }
    let session = match done.of("session") {
        Some(begun) => LinkSession::from_json(&begun)?,
        None => {
            let session = account.link_start(&LinkOptions::new().client_reference_id("story")).await?;
            done.write("session", &session.to_json());
            session
        }
    };
    Ok(account.link_wait(&session).await?.connection_id)
}

/// Uploads the clip. Its result is held until it is written down.
async fn upload(client: &Client, done: &Done, clip: &Path) -> Result<(String, String)> {
    if done.of("upload").is_none() {
        let uploaded = client.upload_path(clip).hold_result().await?;
        // The answer to an upload in parts has no media id. Here nobody else uploads, so it is the newest.
        let newest = client.call("list_vault_media").items().max(1).next().await;
        let media = newest.map_or(Ok(Value::Null), |media| media)?["id"].to_string();
        done.write("upload", &format!("{media} {}", uploaded.media_upload_id()));
        uploaded.settle().await?;
    }
    let value = done.step("upload", std::future::pending()).await?;
    let (media, reference) = value.split_once(' ').unwrap();
    Ok((media.to_owned(), reference.to_owned()))
}

/// The id of the first item of a list with this text.
async fn find(mut items: ofauth::Items, text: &str) -> Result<Option<String>> {
    while let Some(item) = items.next().await {
        let item: Value = item?;
        if item["text"].as_str().is_some_and(|it| it.contains(text)) {
            return Ok(Some(item["id"].to_string().trim_matches('"').to_owned()));
        }
    }
    Ok(None)
}

async fn create_post(client: &Client, content: &Content) -> Result<String> {
    match find(client.call("list_posts").items(), "story post").await? {
        Some(id) => Ok(id),
        None => Ok(client.create_post(content).await?.id),
    }
}

async fn send_message(client: &Client, media: &str) -> Result<String> {
    let messages = client.call("list_chat_messages").param("userId", "12345").items();
    match find(messages, "story message").await? {
        Some(id) => Ok(id),
        None => {
            let content = Content::new("story message").media(MediaItem::id(media));
            Ok(client.send_message("12345", &content).await?.id)
        }
    }
}

/// Verifies the webhook that the service has sent.
async fn webhook(state: &Path) -> Result<String> {
    let body = state.join("webhook.body");
    while !body.exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let headers = std::fs::read_to_string(state.join("webhook.headers")).unwrap();
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    let verifier = Verifier::new([std::fs::read_to_string(state.join("webhook.secret")).unwrap()]).unwrap();
    let event = verifier.verify(headers, &std::fs::read(body).unwrap(), SystemTime::now()).unwrap();
    Ok(event.name.clone())
}
