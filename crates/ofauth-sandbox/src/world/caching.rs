//! What Vault+ of a connection keeps, by its settings: which kinds of media, in which qualities, and how much of them.
//!
//! Only what was set counts; settings of which nothing becomes here, such as the days that copies are kept, are not read.

use serde_json::Value;

/// A kind of media, as Vault+ calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Video,
    Audio,
}

/// The qualities of images and of everything else, and how many bytes one takes; the last is the file itself.
const IMAGES: &[(&str, u64)] = &[("thumb", 32_000), ("preview", 64_000), (FULL, 0)];
const OTHERS: &[(&str, u64)] = &[("preview", 32_000), ("720p", 600_000), ("1080p", 900_000), (SOURCE, 0)];

const FULL: &str = "full";
const SOURCE: &str = "source";

/// The size of seeded media, in bytes.
pub(crate) const MEDIA_SIZE: u64 = 1_024_000;

/// Whether the seeded media with this number is a video: every third is.
pub(crate) fn is_video(number: u64) -> bool {
    number % 3 == 2
}

/// What is kept unless a setting says otherwise.
pub(crate) const IMAGE_QUALITIES: [&str; 2] = ["thumb", FULL];
pub(crate) const VIDEO_QUALITIES: [&str; 2] = ["preview", SOURCE];

impl Kind {
    /// The kind of a media of the vault.
    pub(crate) fn of(vault_type: &str) -> Self {
        match vault_type {
            "audio" => Self::Audio,
            "video" => Self::Video,
            _ => Self::Image,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }

    /// The content type of copies that nothing else is known of. The bytes of images are those of a PNG.
    pub(crate) fn usual_content_type(self) -> &'static str {
        match self {
            Self::Image => "image/png",
            Self::Video => "video/mp4",
            Self::Audio => "audio/mpeg",
        }
    }

    fn qualities(self) -> &'static [(&'static str, u64)] {
        if self == Self::Image { IMAGES } else { OTHERS }
    }
}

/// Whether a copy with this label is the file itself.
pub(crate) fn is_whole(label: &str) -> bool {
    [FULL, SOURCE].contains(&label)
}

/// What becomes of copies if there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Oldest,
    Largest,
    Smallest,
    /// None is removed.
    BlockNew,
}

/// What a Vault+ keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caching {
    pub(crate) enabled: bool,
    /// Whether what is uploaded is stored without being asked for.
    pub(crate) auto: bool,
    images: bool,
    videos: bool,
    audio: bool,
    image_qualities: Vec<String>,
    video_qualities: Vec<String>,
    /// The most bytes.
    pub(crate) limit: Option<u64>,
    pub(crate) strategy: Strategy,
    /// How long addresses are good, in seconds.
    pub(crate) url_ttl: Option<u64>,
}

impl Caching {
    /// Reads the settings of a connection, as they are kept.
    pub(crate) fn of(settings: &Value) -> Self {
        let set = |name: &str| settings.pointer("/vaultPlus/settingsOverrides")?.get(name);
        let flag = |name: &str| set(name).and_then(Value::as_bool).unwrap_or(true);
        let number = |name: &str| set(name).and_then(Value::as_u64);
        let enabled = settings.pointer("/vaultPlus/enabled").and_then(Value::as_bool);
        let texts = |name: &str, usual: &[&str]| match set(name).and_then(Value::as_array) {
            Some(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => usual.iter().map(|text| (*text).to_owned()).collect(),
        };
        Self {
            enabled: enabled.unwrap_or(true),
            auto: flag("autoCacheVault"),
            images: flag("cacheImages"),
            videos: flag("cacheVideos"),
            audio: flag("cacheAudio"),
            image_qualities: texts("imageQualities", &IMAGE_QUALITIES),
            video_qualities: texts("videoQualities", &VIDEO_QUALITIES),
            limit: number("storageLimitBytes"),
            strategy: match set("storageLimitPurgeStrategy").and_then(Value::as_str) {
                Some("purge_largest") => Strategy::Largest,
                Some("purge_smallest") => Strategy::Smallest,
                Some("block_new") => Strategy::BlockNew,
                _ => Strategy::Oldest,
            },
            url_ttl: number("presignedUrlTtlSeconds"),
        }
    }

    /// The labels of the copies of a media, and what they take; `size` is that of the file. None if nothing is kept of its
    /// kind.
    pub(crate) fn variants(&self, kind: Kind, size: u64) -> Vec<(&'static str, u64)> {
        let (kept, wanted) = match kind {
            Kind::Image => (self.images, &self.image_qualities),
            Kind::Video => (self.videos, &self.video_qualities),
            Kind::Audio => (self.audio, &Vec::new()),
        };
        if !self.enabled || !kept {
            return Vec::new();
        }
        let is_wanted = |label: &str| match kind {
            // There is no setting for the qualities of audio.
            Kind::Audio => VIDEO_QUALITIES.contains(&label),
            _ => wanted.iter().any(|wanted| wanted == label),
        };
        let variants = kind.qualities().iter().filter(|(label, _)| is_wanted(label));
        variants.map(|(label, bytes)| (*label, if is_whole(label) { size } else { *bytes })).collect()
    }

    /// Whether anything is kept of media of this kind.
    pub(crate) fn keeps(&self, kind: Kind) -> bool {
        !self.variants(kind, 0).is_empty()
    }

    /// The same, with no quality that `before` did not keep.
    pub(crate) fn without_new(&self, before: &Self) -> Self {
        let both = |one: &[String], other: &[String]| -> Vec<String> {
            one.iter().filter(|label| other.contains(label)).cloned().collect()
        };
        Self {
            image_qualities: both(&self.image_qualities, &before.image_qualities),
            video_qualities: both(&self.video_qualities, &before.video_qualities),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn caching(enabled: bool, set: Value) -> Caching {
        Caching::of(&json!({ "vaultPlus": { "enabled": enabled, "settingsOverrides": set } }))
    }

    #[test]
    fn settings_say_what_is_kept() {
        let usual = Caching::of(&Value::Null);
        assert_eq!(usual.variants(Kind::Image, 9), [("thumb", 32_000), ("full", 9)]);
        assert_eq!(usual.variants(Kind::Video, 9), [("preview", 32_000), ("source", 9)]);
        assert_eq!(usual.variants(Kind::Audio, 9), [("preview", 32_000), ("source", 9)]);
        assert_eq!(usual, caching(true, Value::Null));
        for (enabled, set, kind, labels) in [
            (false, json!({}), Kind::Image, vec![]),
            (true, json!({ "cacheVideos": false }), Kind::Video, vec![]),
            (true, json!({ "cacheVideos": false }), Kind::Image, vec!["thumb", "full"]),
            (true, json!({ "cacheAudio": false }), Kind::Audio, vec![]),
            (true, json!({ "imageQualities": ["full", "preview"] }), Kind::Image, vec!["preview", "full"]),
            (true, json!({ "imageQualities": [] }), Kind::Image, vec![]),
            (true, json!({ "videoQualities": ["720p"] }), Kind::Video, vec!["720p"]),
            (true, json!({ "videoQualities": ["720p"] }), Kind::Audio, vec!["preview", "source"]),
        ] {
            let found = caching(enabled, set.clone()).variants(kind, 9);
            let found: Vec<&str> = found.into_iter().map(|(label, _)| label).collect();
            assert_eq!(found, labels, "{enabled} {set}");
        }
        let after = caching(true, json!({ "imageQualities": ["preview", "full"] }));
        assert_eq!(after.without_new(&usual).variants(Kind::Image, 9), [("full", 9)]);
    }
}
