//! Uploads a file with a progress line, and prints its reference, which one post or message takes.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example upload -- clip.mp4
//! ```
//!
//! With `OFAUTH_BASE_URL` it talks to another server, such as that of `ofauth sandbox`.

use std::env;
use std::error::Error;

use ofauth::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("name a file")?;
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    let uploaded = client
        .upload_path(path)
        .on_progress(|progress| {
            let percent = progress.acknowledged * 100 / progress.total;
            eprint!("\r{percent:3} %  {} of {} bytes ", progress.acknowledged, progress.total);
        })
        .await?;
    eprintln!();
    println!("{}", uploaded.media_upload_id());
    Ok(())
}
