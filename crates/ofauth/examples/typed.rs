//! Calls operations as typed methods of the generated client.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example typed
//! ```

use std::env;
use std::error::Error;

use ofauth::{Client, ErrorKind};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    let page = client.api().list_vault_media().limit(10).send().await?;
    for media in &page.list {
        println!("{} {:?}", media.id, media.type_);
    }
    // An error is the same on every road.
    match client.api().get_post().post_id("12345").send().await {
        Ok(post) => println!("{:?}", post.into_inner().map(|post| post.id)),
        Err(error) if error.kind() == ErrorKind::Rejected => println!("there is no such post"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
