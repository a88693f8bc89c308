//! Odd answers that must be read: missing, null, extra and differently typed fields of uploads, vault and Vault+.

use ofauth_api::Id;
use ofauth_api::types::{
    BundleListing, ChatMessage, Connection, CreatedTrackingLink, ErrorEnvelope, MediaType, UploadCheckResult,
    UploadResult, UploadSession, UploadType, UploadedPart, VaultListPage, VaultMediaPage,
    VaultPlusBatchResult, VaultPlusMedia, VaultPlusMediaType, VaultPlusPage, VaultPlusStats,
    VaultPlusVariantStatus,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, String> {
    // From text, as it comes over the wire.
    serde_json::from_str(&answer.to_string()).map_err(|error| format!("{error} in {answer}"))
}

/// Reads each answer as `T` and fails with all that cannot be read.
fn all_read<T: DeserializeOwned>(answers: &[Value]) {
    let failures: Vec<String> = answers.iter().filter_map(|answer| read::<T>(answer).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn upload_results() {
    all_read::<UploadResult>(&[
        json!({"mediaUploadId": "upload:1"}),
        json!({"mediaUploadId": "upload:1", "media": null}),
        json!({"mediaUploadId": "upload:1", "media": []}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 12345, "type": "photo", "files": {}}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": "12345"}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 12345.0, "files": null}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 12345, "type": "hologram", "files": []}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 1, "type": null, "createdAt": null, "duration": "12.5"}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 1, "isReady": 1, "hasError": "false", "canView": null}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 1, "files": {"full": null, "thumb": {}, "new": {"a": 1}}}}),
        json!({"mediaUploadId": "upload:1", "media": {"id": 1, "releaseForms": null, "videoSources": {"240": null}}}),
        json!({"mediaUploadId": "upload:1", "extra": {"deep": [1, {"x": null}]}}),
    ]);
}

#[test]
fn what_an_upload_result_cannot_do_without() {
    for answer in
        [json!({}), json!({"mediaUploadId": null}), json!({"media": {"id": 1}}), json!([]), json!("ok")]
    {
        assert!(read::<UploadResult>(&answer).is_err(), "{answer}");
    }
}

#[test]
fn media_ids_keep_their_value() {
    let large = 9_007_199_254_740_993_u64;
    for id in [json!(large), json!(large.to_string())] {
        let result: UploadResult = read(&json!({"mediaUploadId": "u", "media": {"id": id}})).unwrap();
        let id = result.media.unwrap().id;
        assert_eq!(id.as_u64(), Some(large));
        assert_eq!(id, Id::from(large));
    }
}

#[test]
fn upload_sessions() {
    let part = json!({"partNumber": 1, "uploadUrl": "https://x/1", "byteRange": {"start": 0, "end": 9}});
    all_read::<UploadSession>(&[
        json!({"mediaUploadId": "upload:1"}),
        json!({"mediaUploadId": "upload:1", "parts": null, "completeUrl": null, "expiresAt": null}),
        json!({"mediaUploadId": "upload:1", "uploadType": "resumable", "parts": [part]}),
        json!({"mediaUploadId": "upload:1", "totalParts": 1.0, "partSize": "5242880", "parts": [part], "x": 1}),
        json!({"mediaUploadId": "upload:1", "parts": [
            {"uploadUrl": "https://x/1?sig=a", "byteRange": {"start": 0.0, "end": "9", "length": 10}, "headers": {}}
        ]}),
    ]);
    let session: UploadSession =
        read(&json!({"mediaUploadId": "u", "uploadType": "multipart", "totalParts": 2.0, "parts": [part]}))
            .unwrap();
    assert_eq!(session.upload_type, Some(UploadType::Multipart));
    assert_eq!(session.total_parts, Some(2));
    assert_eq!((session.parts[0].byte_range.start, session.parts[0].byte_range.end), (0, 9));
    assert_eq!(session.parts[0].upload_url.as_str(), "https://x/1");
}

#[test]
fn a_part_plan_needs_its_address_and_range() {
    for part in [
        json!({"partNumber": 1, "byteRange": {"start": 0, "end": 9}}),
        json!({"partNumber": 1, "uploadUrl": "https://x/1"}),
        json!({"partNumber": 1, "uploadUrl": "https://x/1", "byteRange": {"start": 0}}),
        json!({"partNumber": 1, "uploadUrl": "https://x/1", "byteRange": {"start": 0, "end": 0.5}}),
    ] {
        assert!(read::<UploadSession>(&json!({"mediaUploadId": "u", "parts": [part]})).is_err(), "{part}");
    }
}

#[test]
fn uploaded_parts_and_checks() {
    all_read::<UploadedPart>(&[
        json!({"mediaUploadId": "upload:1", "partNumber": 1, "etag": "\"abc\""}),
        json!({"mediaUploadId": "upload:1", "partNumber": "1"}),
        json!({"mediaUploadId": "upload:1", "etag": null, "checksum": "x"}),
    ]);
    all_read::<UploadCheckResult>(&[
        json!({"exists": false}),
        json!({"exists": true, "media": null}),
        json!({"exists": 1, "media": {"id": 1, "files": {}}}),
    ]);
    assert!(read::<UploadCheckResult>(&json!({})).is_err());
}

#[test]
fn vault_media_pages() {
    all_read::<VaultMediaPage>(&[
        json!({}),
        json!({"list": null, "hasMore": null}),
        json!({"list": [], "hasMore": "false"}),
        json!({"list": [null, {"id": 1}], "hasMore": false}),
        json!({"list": [{"id": "1", "type": "photo", "counters": null, "lists": null}]}),
        json!({"list": [{"id": 1, "counters": {"likesCount": 1.0, "tipsSumm": "3.5"}, "lists": [{"id": 5}]}]}),
        json!({"list": [{"id": 1, "files": {"full": {"url": "https://x", "width": 1.0, "sources": null}}}]}),
        json!({"list": [{"id": 1, "duration": 12, "hasPosts": null}], "nextOffset": 24, "more": {}}),
    ]);
    all_read::<VaultListPage>(&[
        json!({"list": [{"id": "recent", "type": "pinned"}], "all": {"videosCount": 1.0}, "sort": null}),
        json!({"list": [{"id": 7, "name": null, "medias": null}], "all": null}),
    ]);
    let page: VaultMediaPage =
        read(&json!({"list": [{"id": 1, "type": "hologram"}, {"id": 2, "type": "gif"}]})).unwrap();
    assert_eq!(page.list[0].type_, Some(MediaType::Other("hologram".to_owned())));
    assert_eq!(page.list[0].type_.as_ref().unwrap().to_string(), "hologram");
    assert_eq!(page.list[1].type_, Some(MediaType::Gif));
}

#[test]
fn vault_plus_media() {
    all_read::<VaultPlusMedia>(&[
        json!({"id": "4492994399"}),
        json!({"id": 4_492_994_399_u64, "type": "sculpture", "duration": "12.5", "media": null}),
        json!({"id": "1", "media": []}),
        json!({"id": "1", "media": {"full": null, "thumb": {}}}),
        json!({"id": "1", "media": {"8k": {"status": "frozen", "quality": "8k", "sizeBytes": 1024.0, "url": null}}}),
        json!({"id": "1", "media": {"full": {"sizeBytes": "1024", "createdAt": 1.7158e12, "storedAt": null, "id": 5}}}),
    ]);
    all_read::<VaultPlusBatchResult>(&[
        json!({}),
        json!({"items": null}),
        json!({"items": [], "missing": ["1"]}),
    ]);
    all_read::<VaultPlusPage>(&[json!({"items": [{"id": "1"}], "nextCursor": null}), json!({"items": []})]);
    all_read::<VaultPlusStats>(&[
        json!({}),
        json!({"totalConnections": 1.0, "totalStorageBytes": "9007199254740993"}),
    ]);

    let media: VaultPlusMedia = read(&json!({
        "id": 1, "type": "video", "media": {"full": {"status": "frozen", "createdAt": 1.7158e12, "sizeBytes": 2.5}}
    }))
    .unwrap();
    assert_eq!(media.type_, Some(VaultPlusMediaType::Video));
    let full = &media.media["full"];
    assert_eq!(full.status, Some(VaultPlusVariantStatus::Other("frozen".to_owned())));
    assert_eq!(full.created_at, Some(1_715_800_000_000));
    assert_eq!(full.size_bytes, None, "a fraction is no count of bytes");
}

#[test]
fn the_seed_batch_answer_is_read_in_full() {
    let answer = json!({"items": [{"id": "4492994399", "type": "image", "duration": null, "media": {"full": {
        "status": "stored", "quality": "full", "sizeBytes": 1_024_000, "contentType": "image/jpeg", "accessCount": 12,
        "createdAt": 1_715_800_000_000_i64, "expiresAt": 1_715_886_400_000_i64, "storedAt": 1_715_800_100_000_i64,
        "lastAccessedAt": 1_715_800_500_000_i64, "url": "https://media.ofauth.com/v2/example-signed-media-url"
    }}}]});
    let result: VaultPlusBatchResult = read(&answer).unwrap();
    let full = &result.items[0].media["full"];
    assert_eq!(full.status, Some(VaultPlusVariantStatus::Stored));
    assert_eq!(full.size_bytes, Some(1_024_000));
    assert_eq!(full.last_accessed_at, Some(1_715_800_500_000));
    assert_eq!(full.url.as_ref().unwrap().as_str(), "https://media.ofauth.com/v2/example-signed-media-url");

    let written = serde_json::to_value(&result).unwrap();
    assert_eq!(written["items"][0]["media"]["full"], answer["items"][0]["media"]["full"]);
    let shown = format!("{result:?}");
    assert!(shown.contains("image/jpeg") && !shown.contains("signed"), "{shown}");
}

#[test]
fn addresses_of_a_plan_stay_out_of_debug() {
    let session: UploadSession = read(&json!({
        "mediaUploadId": "u", "completeUrl": "https://x/complete-canary",
        "parts": [{"uploadUrl": "https://x/part-canary", "byteRange": {"start": 0, "end": 1}}]
    }))
    .unwrap();
    assert!(!format!("{session:?}").contains("canary"));
}

#[test]
fn pages_that_come_as_bare_lists() {
    for answer in [json!([{"id": 1}]), json!({"list": [{"id": 1}], "hasMore": true})] {
        let listing: BundleListing = read(&answer).unwrap();
        assert_eq!(listing.list.len(), 1, "{answer}");
        assert_eq!(listing.has_more, answer.get("hasMore").map(|_| true));
    }
    for answer in [json!({"id": 1}), json!([{"id": 1}]), json!({"list": [{"id": 1}]})] {
        let created: CreatedTrackingLink = read(&answer).unwrap();
        assert_eq!(created.list[0].id, Id::from(1), "{answer}");
        assert_eq!(serde_json::to_value(&created).unwrap()["list"][0]["id"], json!(1));
    }
}

#[test]
fn other_areas() {
    all_read::<ChatMessage>(&[
        json!({"id": 1_234_567_890_123_u64}),
        json!({"id": "1", "fromUser": {"id": 5, "name": "A"}, "media": [{"id": 1}], "previews": [1, 2.0, "3"]}),
        json!({"id": 1, "fromUser": null, "price": "4.99", "text": null, "isFree": 0}),
    ]);
    all_read::<Connection>(&[
        json!({"id": "conn_1", "status": "sleeping", "permissions": null, "userData": []}),
        json!({"id": "conn_1", "status": 7, "userData": {"id": 5}, "permissions": ["vault:read", null]}),
    ]);
    all_read::<ErrorEnvelope>(&[
        json!({}),
        json!({"error": "no", "type": "BAD_REQUEST", "requestId": "r", "actionRequired": null}),
        json!({"error": "no", "code": 400, "details": [1], "is_current": false}),
        json!({"message": "no", "details": {"a": null}}),
    ]);
}
