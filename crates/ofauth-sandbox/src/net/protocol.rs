//! The protocol that a client begins a connection with.
//!
//! This server speaks HTTP/1.1, in TLS or not, as it was started. Who begins with something else is told so in words
//! that it can read; a connection that just ends would leave people guessing. Nothing is consumed of what is right.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How HTTP/2 begins when nobody negotiated it ("prior knowledge"), RFC 9113, section 3.4.
const HTTP2: &[u8] = b"PRI * HTTP/2.0";

/// How a TLS connection begins: the type of a handshake record.
const TLS: u8 = 0x16;

/// How long a client that was told has time to read it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// What this server was started for.
    Expected,
    /// HTTP/2 without TLS.
    Http2,
    /// HTTP without TLS, where TLS is expected.
    NoTls,
}

/// Waits for the first bytes and looks at them.
pub(crate) async fn detect(tcp: &TcpStream, tls: bool) -> io::Result<Protocol> {
    let mut first = [0; HTTP2.len()];
    let length = tcp.peek(&mut first).await?;
    let first = first.get(..length).unwrap_or_default();
    Ok(match (tls, first.first()) {
        (true, Some(byte)) if *byte != TLS => Protocol::NoTls,
        (false, _) if first == HTTP2 => Protocol::Http2,
        _ => Protocol::Expected,
    })
}

/// Tells a client what is spoken here instead, and ends the connection.
pub(crate) async fn explain(mut tcp: TcpStream, spoken: Protocol) {
    let words = match spoken {
        Protocol::Expected => return,
        Protocol::Http2 => goaway("this sandbox speaks HTTP/1.1 only"),
        Protocol::NoTls => {
            let text = "this sandbox speaks https only: write https:// in the address\n";
            format!(
                "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{text}",
                text.len()
            )
            .into_bytes()
        }
    };
    let told = async {
        tcp.write_all(&words).await?;
        tcp.shutdown().await?;
        // A socket that is closed with bytes unread is reset, and the client may never see the words.
        let mut unread = [0; 4096];
        while tcp.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    // Whoever does not listen is not waited for.
    let _ = tokio::time::timeout(PATIENCE, told).await;
}

/// The frames that end a connection of HTTP/2: empty SETTINGS, and GOAWAY with the error HTTP_1_1_REQUIRED.
fn goaway(text: &str) -> Vec<u8> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 0x4, 0, 0, 0, 0, 0];
    const LAST_STREAM: [u8; 4] = [0; 4];
    const HTTP_1_1_REQUIRED: [u8; 4] = [0, 0, 0, 0xd];
    // A frame begins with its length in three bytes; this one is short.
    let length = u8::try_from(LAST_STREAM.len() + HTTP_1_1_REQUIRED.len() + text.len()).unwrap_or(u8::MAX);
    let head = [0, 0, length, 0x7, 0, 0, 0, 0, 0];
    [&SETTINGS[..], &head, &LAST_STREAM, &HTTP_1_1_REQUIRED, text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goaway_is_two_whole_frames() {
        let bytes = goaway("no");
        assert_eq!(bytes.len(), 9 + 9 + 8 + 2);
        assert_eq!((bytes[3], bytes[12], usize::from(bytes[11])), (0x4, 0x7, 8 + 2));
        assert_eq!((bytes[25], &bytes[26..]), (0xd, &b"no"[..]));
    }
}
