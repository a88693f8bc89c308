//! Uploads a file and posts it, without async.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example blocking -- clip.mp4
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use ofauth::{Client, Content, UploadOptions, blocking};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("name a file")?;
    let builder = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()));
    let client = blocking::Client::new(builder)?;

    let options = UploadOptions::default().concurrency(8).timeout(Duration::from_secs(3600));
    let uploaded = client.upload_path(path).options(&options).send()?;
    let post = client.create_post(&Content::new("New video").media(&uploaded)).send()?;
    println!("{} is in post {}", uploaded.media_upload_id(), post.id);
    Ok(())
}
