//! Content types as requests write them.

/// A content type without parameters, in lower case: `video/mp4` of `Video/MP4; codecs="avc1"`.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
