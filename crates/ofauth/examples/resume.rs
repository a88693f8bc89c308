//! An upload that survives a kill: run it, kill it, and run it again. It goes on where it was, and whatever happens the file
//! is uploaded once.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example resume -- clip.mp4 uploads.journal
//! ```

use std::env;
use std::error::Error;

use ofauth::{Client, ErrorKind};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [path, journal] = [1, 2].map(|number| env::args().nth(number));
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .journal_dir(journal.ok_or("name a directory for the journal")?)
        .build()?;

    // Held, the result is not lost if this program is killed before it has done something with it.
    let upload = client.upload_path(path.ok_or("name a file")?).hold_result();
    let upload = upload.on_notice(|notice| eprintln!("{notice}"));
    match upload.await {
        Ok(uploaded) => {
            println!("{}", uploaded.media_upload_id());
            eprintln!("{} bytes were there from an earlier run", uploaded.resumed());
            // The reference is where it belongs: the journal may forget it.
            uploaded.settle().await?;
        }
        // The one end after which nobody can know. A program looks into the vault, and forgets the journal if the file is
        // not there: `Journal::forget`.
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => return Err(error.into()),
        Err(error) if error.is_retryable() => eprintln!("run it again: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
