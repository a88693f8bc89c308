//! Bytes as text: base64 in every form that is in use, and hex. Nothing here knows what the bytes are for.

use std::fmt::Write;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padded or not, and with whatever an encoder left in the bits behind the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads base64 in the standard or the url-safe alphabet, padded or not; nothing if it is neither.
pub(crate) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    LENIENT.decode(text.iter().map(standard).collect::<Vec<_>>()).ok()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// Reads hex in upper or lower case; nothing if a character is no digit or the last byte is half.
pub(crate) fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text does not fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_every_form() {
        for text in ["+/8=", "+/8", "-_8=", "-_8", "-/8", "+/9"] {
            assert_eq!(from_base64(text.as_bytes()).unwrap(), [0xfb, 0xff], "{text}");
        }
        for text in ["+", "+/8=\n", "a b c d", "é", "=abc"] {
            assert_eq!(from_base64(text.as_bytes()), None, "{text}");
        }
        assert_eq!(to_base64(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn hex_is_read_in_either_case() {
        assert_eq!(from_hex(b"00fFAb").unwrap(), [0, 0xff, 0xab]);
        assert_eq!((from_hex(b"0"), from_hex(b"0g"), from_hex(b"+1")), (None, None, None));
        assert_eq!(to_hex(&[0, 0xff, 0xab]), "00ffab");
    }
}
