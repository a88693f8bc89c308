//! Links a creator: prints where they sign in, tells how far they are, and prints the connection.
//!
//! ```sh
//! OFAUTH_API_KEY=... cargo run --example link -- [app_...]
//! ```

use std::env;
use std::error::Error;

use ofauth::{Client, ErrorKind, LinkOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    let mut options = LinkOptions::new();
    if let Some(app) = env::args().nth(1) {
        options = options.client_app_id(app);
    }
    let session = client.link_start(&options).await?;
    match &session.url {
        Some(url) => eprintln!("sign in at {}", url.as_str()),
        None => eprintln!("your own page takes it from here"),
    }
    // Another process can wait, too: `session.to_json()` is all that it needs.
    match client.link_wait(&session).on_progress(|status| eprintln!("{status}")).await {
        Ok(linked) => {
            eprintln!("linked: {}", linked.username.as_deref().unwrap_or("somebody"));
            println!("{}", linked.connection_id);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::Timeout => Err("nobody signed in in time".into()),
        Err(error) => Err(error.into()),
    }
}
