//! Downloads a medium from Vault+ to a file. Kill it and run it again: it goes on where it was.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example download -- 4492994399 source film.mp4
//! ```

use std::env;
use std::error::Error;

use ofauth::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [id, label, path] = [1, 2, 3].map(|number| env::args().nth(number));
    let (id, label) = (id.ok_or("give the id of a medium")?, label.ok_or("give a label, such as source")?);
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    // What is not stored yet is waited for.
    let download = client.download(id, label, path.ok_or("give the name of a file")?).wait(true);
    let file = download
        .on_progress(|progress| match progress.total {
            Some(total) => eprint!("\r{} of {total} bytes", progress.received),
            None => eprint!("\r{} bytes", progress.received),
        })
        .await?;
    eprintln!("\n{} bytes were there from an earlier run", file.resumed);
    println!("{}: {} bytes", file.path.display(), file.bytes);
    Ok(())
}
