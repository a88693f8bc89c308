//! Text that users give in files and on standard input: keys, settings, certificates, JSON, lists.
//!
//! Editors and shells add what nobody sees: a byte order mark, or a whole other encoding. The mark is taken off, and
//! UTF-16, as `>` of Windows PowerShell writes it, is called by its name. What the text means is not looked at here.

use ofauth::ErrorKind;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// Takes the byte order mark of UTF-8 off what is called so. What cannot be read is an error of this kind.
pub(crate) fn unmark(kind: ErrorKind, called: &str, bytes: &mut Vec<u8>) -> Result<()> {
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => drop(bytes.drain(..3)),
        // In UTF-16; without a mark, every second byte of plain text is zero.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..] => {
            return Err(Failure::new(kind, format!("{called} is in UTF-16: save it as UTF-8")));
        }
        _ => {}
    }
    Ok(())
}

/// The text of what is called so. What cannot be read is an error of this kind.
pub(crate) fn text(kind: ErrorKind, called: &str, mut bytes: Vec<u8>) -> Result<String> {
    unmark(kind, called, &mut bytes)?;
    String::from_utf8(bytes).map_err(|error| {
        // It may be a key.
        drop(Zeroizing::new(error.into_bytes()));
        Failure::new(kind, format!("{called} is not text in UTF-8: save it as UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_taken_off_and_utf_16_is_called_by_its_name() {
        for (bytes, expected) in [
            (&b"sk_1\r\n"[..], "sk_1\r\n"),
            (b"\xef\xbb\xbfsk_1\n", "sk_1\n"),
            (b"\xef\xbb\xbf", ""),
            (b"", ""),
            (b"k", "k"),
        ] {
            assert_eq!(text(ErrorKind::Config, "it", bytes.to_vec()).unwrap(), expected);
        }
        for bytes in [&b"\xff\xfes\0k\0"[..], b"\xfe\xff\0s\0k", b"s\0k\0", b"\0s\0k"] {
            let failure = text(ErrorKind::Config, "the list", bytes.to_vec()).unwrap_err();
            assert_eq!(failure.text(), "the list is in UTF-16: save it as UTF-8");
        }
        let failure = text(ErrorKind::Source, "it", vec![0x80]).unwrap_err();
        assert_eq!(failure.text(), "it is not text in UTF-8: save it as UTF-8");
        assert_eq!(failure.kind(), ErrorKind::Source);
    }
}
