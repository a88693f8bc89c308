//! What the fields of answers are usually like, by their names: the document says the type and seldom more.
//!
//! Only for examples. A value that a schema forbids is not used.

/// Texts.
const TEXTS: &[(&str, &str)] = &[
    ("name", "Riley Summers"),
    ("displayName", "Riley"),
    ("userName", "Riley Summers"),
    ("username", "rileysummers"),
    ("about", "Hi, I am Riley."),
    ("location", "Lisbon"),
    ("website", ""),
    ("wishlist", ""),
    ("notice", ""),
    ("text", "Good morning! New photos from the beach are up"),
    ("rawText", "Good morning! New photos from the beach are up"),
    ("textCropped", "Good morning!"),
    ("message", "Welcome!"),
    ("rawMessage", "Welcome!"),
    ("description", "Tip from Riley Summers"),
    ("type", "regular"),
    ("subType", "new"),
    ("paymentType", "subscribes"),
    ("responseType", "post"),
    ("_view", "s"),
    ("view", "s"),
    ("status", "active"),
    ("ivStatus", "approved"),
    ("partnerSource", "invite"),
    ("action", "subscribe"),
    ("order", "recent"),
    ("sort", "recent"),
    ("direction", "desc"),
    ("duration", "1 month"),
    ("subscribedOnDuration", "1 month"),
    ("unsubscribeReason", ""),
    ("canPurchaseReason", ""),
    ("cannotAddUserReason", ""),
    ("tipsAmount", "$0.00"),
    ("price", "5.00"),
    ("currency", "USD"),
    ("trialLinkName", "Spring"),
    ("campaignName", "Spring"),
    ("sharedWith", "nobody"),
    ("permissions", "vault:write"),
    ("contentType", "image/jpeg"),
    ("quality", "full"),
    ("imageQualities", "full"),
    ("videoQualities", "720p"),
    ("storageLimitPurgeStrategy", "purge_oldest"),
    ("template", "text"),
    ("error", "there is no user list 99"),
    ("countryCode", "PT"),
    ("countryName", "Portugal"),
    ("guests", "20"),
    ("users", "15"),
    ("current", "35"),
    ("color", "#00aff0"),
    ("code", "PT-0001"),
    ("phoneLast4", "1234"),
    ("clientSecret", "cs_5f1c0d2e"),
    ("cookie", "sess=0000"),
    ("user-agent", "Mozilla/5.0"),
    ("x-bc", "0000"),
    ("revision", "202604291018-5f1c0d2e"),
    ("public_revision", "202604291018-5f1c0d2e"),
    ("early_access_revision", "202604291018-5f1c0d2e"),
    ("x-of-rev", "202604291018-5f1c0d2e"),
    ("app_token", "33d57ade8c02dbc5a333db99ff9ae26a"),
    ("app-token", "33d57ade8c02dbc5a333db99ff9ae26a"),
    ("static_param", "5f1c0d2e"),
    ("format", "1018:{}:{:x}:5f1c0d2e"),
    ("prefix", "1018"),
    ("start", "1018"),
    ("suffix", "5f1c0d2e"),
    ("end", "5f1c0d2e"),
    ("sign", "1018:4f2a:3c1:5f1c0d2e"),
    ("time", "1777457928831"),
    ("postedAtPrecise", "1777457928.831000"),
    ("headMarker", "1777457928.831000"),
    ("tailMarker", "1777457928.831000"),
];

/// Texts that are addresses.
const ADDRESSES: &[&str] = &["avatar", "c50", "c144", "header", "w480", "w760", "240", "720", "full"];

/// Texts that are moments, although their names do not say so.
const MOMENTS: &[&str] = &["lastSeen", "offerStart", "offerEnd"];

/// Numbers.
const NUMBERS: &[(&str, f64)] = &[
    ("height", 1350.0),
    ("width", 1080.0),
    ("canvasHeight", 1920.0),
    ("canvasWidth", 1080.0),
    ("size", 1_024_000.0),
    ("sizeBytes", 1_024_000.0),
    ("totalStorageBytes", 1_056_000.0),
    ("totalSizeBytes", 1_056_000.0),
    ("freedBytes", 1_056_000.0),
    ("storageLimitBytes", 10_737_418_240.0),
    ("storageUsagePercent", 0.01),
    ("presignedUrlTtlSeconds", 3600.0),
    ("retentionDays", 30.0),
    ("accessExpiryDays", 30.0),
    ("subscribeDays", 30.0),
    ("duration", 3.0),
    ("discount", 20.0),
    ("discountPercent", 20.0),
    ("discountPeriod", 30.0),
    ("count", 3.0),
    ("percent", 50.0),
    ("total", 3.0),
    ("votingType", 1.0),
    ("createdAt", 1_777_457_928_831.0),
    ("expiresAt", 1_777_544_328_831.0),
    ("lastAccessedAt", 1_777_457_928_831.0),
    ("storedAt", 1_777_457_928_831.0),
];

/// What is usually not so. Everything else is, so that an example shows what can be done.
const FALSE: &[&str] = &[
    // A page that says it is the last.
    "hasMore",
    "canNotSendReason",
    "convertedToVideo",
    "hasCustomPreview",
    "hasError",
    "hasScheduledStream",
    "hasStream",
    "hasUnreadTips",
    "hideChat",
    "isAdultContent",
    "isBlocked",
    "isCanceled",
    "isCouplePeopleMedia",
    "isExpired",
    "isFinished",
    "isFromGuest",
    "isFromQueue",
    "isHidden",
    "isHighlightCover",
    "isMarkdownDisabled",
    "isMarkdownDisabledForAbout",
    "isMuted",
    "isMutedNotifications",
    "isPendingAutoprolong",
    "isPinned",
    "isPrivateRestriction",
    "isReportedByMe",
    "isRestricted",
    "isStoryBlockedUser",
    "isTip",
    "lockedText",
    "subscribedByExpire",
    "subscribedIsExpiredNow",
    "subscribedOnExpiredNow",
];

/// What a text of this name usually is.
pub(super) fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Whether a text of this name is an address.
pub(super) fn is_address(name: &str) -> bool {
    ADDRESSES.contains(&name) || name.to_lowercase().ends_with("url")
}

/// Whether a text of this name is a moment.
pub(super) fn is_moment(name: &str) -> bool {
    let ends = ["At", "_at", "Date", "date", "Time", "time"];
    MOMENTS.contains(&name) || ends.iter().any(|end| name.ends_with(end))
}

/// What a number of this name usually is.
pub(super) fn number(name: &str) -> Option<f64> {
    NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// Whether something of this name is usually so.
pub(super) fn flag(name: &str) -> bool {
    !FALSE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_field_is_like() {
        assert_eq!(text("currency"), Some("USD"));
        assert!(is_moment("createdAt") && is_moment("lastSeen") && !is_moment("format") && !is_moment("at"));
        assert!(is_address("avatar") && is_address("uploadUrl") && !is_address("name"));
        assert!(flag("canView") && !flag("isTip"));
    }
}
