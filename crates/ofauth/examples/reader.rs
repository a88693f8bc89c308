//! Uploads what is no file: here bytes that are made up as they are asked for, elsewhere an object in a store or a part of a
//! larger file. A stream, which only goes forward, is `Source::spooled`.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example reader
//! ```

use std::env;
use std::error::Error;
use std::io;

use ofauth::{Client, ReadAt, Source};

/// The bytes 0, 1, 2, ... 250, 0, 1, ...
struct Counting {
    size: u64,
}

impl ReadAt for Counting {
    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        for (byte, at) in buf.iter_mut().zip(offset..self.size) {
            *byte = (at % 251) as u8;
        }
        // The same range gives the same bytes, however often it is asked for: a part may have to be sent again.
        Ok(buf.len().min((self.size - offset) as usize))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    let source = Source::reader(Counting { size: 20_000_000 }).filename("counting.mp4");
    let upload = client.upload(source).open().await?;
    eprintln!("{}: {}, {} bytes", upload.filename(), upload.content_type(), upload.size());
    println!("{}", upload.send().await?.media_upload_id());
    Ok(())
}
