//! Uploads any number of files, four of them in parallel. Kill it and run it again: what was uploaded is told again at once,
//! and only the rest is uploaded.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example batch -- uploads.journal *.mp4
//! ```

use std::env;
use std::error::Error;
use std::path::PathBuf;

use ofauth::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let journal = env::args().nth(1).ok_or("name a directory for the journal")?;
    let files: Vec<PathBuf> = env::args_os().skip(2).map(PathBuf::from).collect();
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .journal_dir(journal)
        .build()?;

    let mut batch = client.upload_all(files).files(4);
    let mut failed = 0;
    while let Some(file) = batch.next().await {
        match file.result {
            Ok(uploaded) => println!("{}: {}", file.name, uploaded.media_upload_id()),
            Err(error) => {
                failed += 1;
                eprintln!("{}: {error}", file.name);
            }
        }
    }
    if failed > 0 { Err(format!("failed: {failed}; run it again").into()) } else { Ok(()) }
}
