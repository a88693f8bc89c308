//! Cancels an upload from elsewhere: here when a time is over, elsewhere by Ctrl-C or a button.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example cancel -- clip.mp4 500
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use ofauth::{Cancel, Client, ErrorKind};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("name a file")?;
    let milliseconds = env::args().nth(2).ok_or("say after how many milliseconds")?.parse()?;
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    let cancel = Cancel::new();
    let button = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        button.cancel();
    });
    match client.upload_path(path).cancel(&cancel).await {
        Ok(uploaded) => println!("{}", uploaded.media_upload_id()),
        Err(error) if error.kind() == ErrorKind::Cancelled => println!("cancelled, and nothing was finished"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
