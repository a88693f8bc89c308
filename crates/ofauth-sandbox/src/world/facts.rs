//! What is known of an item: of a seeded one by its number, of a created one by the fields of its request.
//!
//! Facts have the names that answers use. They are linked: who pays is a fan, and what a post shows is in the vault.

use serde_json::{Map, Value, json};

use super::caching::{MEDIA_SIZE, is_video};
use super::collection::Collection;
use super::moments::chance;
use super::people::{self, SELF_ID, pick};
use super::shape::ABSENT;

/// What was said in posts.
const POSTS: &[&str] = &[
    "Good morning! New photos from the beach are up",
    "Behind the scenes of yesterday's shoot",
    "Which one should I post next?",
    "Thank you for all your messages this week",
    "A little preview of what comes on Friday",
    "New video is online, let me know what you think",
    "Back from the gym",
    "Sunday mood",
];

/// What was said in chats.
const MESSAGES: &[&str] = &[
    "Hey, how are you?",
    "Thank you so much!",
    "I loved your last post",
    "When is the next video coming?",
    "Have a great day",
    "Here is the one you asked for",
    "That made my day",
    "See you on Friday",
];

const LISTS: &[&str] =
    &["Favourites", "VIP", "Beach", "Studio", "Friday", "Regulars", "New this month", "Archive"];

const CAMPAIGNS: &[&str] =
    &["Summer", "Spring", "Launch", "Birthday", "Weekend", "Newsletter", "Podcast", "Partner"];

/// The world around an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The address of this sandbox.
    pub(crate) base: &'a str,
    /// The ids of a fan and of a vault media that go with the item.
    pub(crate) fan: u64,
    pub(crate) media: u64,
    /// The item that the collection belongs to, or 0.
    pub(crate) parent: u64,
}

/// What is known of a seeded item. What it is drawn from is not repeated.
pub(super) fn seeded(collection: Collection, id: u64, number: u64, around: Around<'_>) -> Map<String, Value> {
    let Around { base, fan, media, parent } = around;
    let amount = |salt: u64| (chance(number, salt) % 190 + 10) as f64 / 2.0;
    let user = || Value::Object(people::person(fan, base));
    let myself = || Value::Object(people::person(SELF_ID, base));
    object(match collection {
        Collection::Users => Value::Object(people::person(id, base)),
        Collection::Fans | Collection::Subscriptions => {
            let (messages, posts, tips, paid) = (amount(11), amount(12), amount(13), amount(14));
            json!({
                "isActive": !is_expired(number), "isExpired": is_expired(number),
                "messagesSumm": messages, "postsSumm": posts, "tipsSumm": tips, "subscribesSumm": paid,
                "streamsSumm": 0.0, "totalSumm": messages + posts + tips + paid,
                "spending": {"messages": messages, "posts": posts, "tips": tips, "subscriptions": paid,
                    "streams": 0.0, "total": messages + posts + tips + paid},
            })
        }
        Collection::Blocked => json!({"isBlocked": true}),
        Collection::Restricted => json!({"isRestricted": true}),
        Collection::Chats => json!({"withUser": people::person(id, base), "unreadMessagesCount": number % 3}),
        Collection::TaggedFriends => json!({"user": people::person(id, base), "type": "user"}),
        Collection::UserLists | Collection::VaultLists => {
            json!({"name": numbered(pick(LISTS, number, 5), number), "type": "custom"})
        }
        Collection::Posts | Collection::Streams => {
            let text = pick(POSTS, number, 6);
            let author = if parent == 0 { myself() } else { Value::Object(people::person(parent, base)) };
            json!({"text": text, "rawText": text, "price": 0.0, "isFree": true, "author": author,
                "favoritesCount": chance(number, 7) % 900, "media": [media], "mediaCount": 1, "preview": [],
                "tipsAmount": "$0.00"})
        }
        Collection::Stories => {
            json!({"userId": if parent == 0 { SELF_ID } else { parent }, "media": [media]})
        }
        Collection::Messages => {
            let text = pick(MESSAGES, number.wrapping_add(parent), 8);
            let from = if number.is_multiple_of(2) {
                people::person(parent, base)
            } else {
                people::person(SELF_ID, base)
            };
            let media: Vec<u64> = if number.is_multiple_of(3) { vec![media] } else { Vec::new() };
            json!({"text": text, "rawText": text, "price": 0.0, "isFree": true, "fromUser": from,
                "mediaCount": media.len(), "media": media, "previews": []})
        }
        Collection::MassMessages => {
            let text = pick(POSTS, number, 9);
            json!({"text": text, "rawText": text, "price": 0.0, "isFree": true, "fromUser": myself(), "media": [media],
                "mediaCount": 1, "previews": []})
        }
        Collection::VaultMedia => {
            let kind = if is_video(number) { "video" } else { "photo" };
            media_facts(id, kind, MEDIA_SIZE, base)
        }
        Collection::Transactions => {
            let (kind, text) = match chance(number, 10) % 3 {
                0 => ("tips", "Tip"),
                1 => ("subscribes", "Subscription"),
                _ => ("chat_messages", "Payment for message"),
            };
            json!({"amounts": amounts(amount(15)), "currency": "USD", "user": user(), "type": kind, "status": "done",
                "description": format!("{text} from {}", people::name(fan))})
        }
        Collection::Chargebacks => {
            json!({"paymentType": "subscribes", "payment": {"id": id, "status": "undo",
            "amounts": amounts(amount(15)), "currency": "USD", "user": user(),
            "description": format!("Subscription from {}", people::name(fan))}})
        }
        Collection::Notifications => json!({"userId": fan, "type": "subscribed", "subType": "new",
            "text": format!("{} subscribed to your profile", people::name(fan)), "isRead": number.is_multiple_of(2)}),
        Collection::ReleaseForms => {
            json!({"name": people::name(fan), "userName": people::name(fan), "partnerId": fan, "status": "approved"})
        }
        Collection::Promotions => {
            json!({"message": "Welcome!", "rawMessage": "Welcome!", "isFinished": false})
        }
        Collection::Bundles => {
            json!({"duration": 3 * (number % 4 + 1), "discount": 10 + 5 * (number % 6)})
        }
        Collection::TrackingLinks | Collection::TrialLinks => {
            let name = numbered(pick(CAMPAIGNS, number, 16), number);
            json!({"name": name, "trialLinkName": name, "campaignName": name, "campaignCode": number + 1,
                "isFinished": false})
        }
        Collection::Connections => json!({"status": "active", "imported": number % 2 == 1,
            "clientReferenceId": format!("creator-{}", number + 1),
            "userData": people::person(if number == 0 { SELF_ID } else { fan }, base)}),
        Collection::VaultPlus
        | Collection::VaultListMedia
        | Collection::UserListUsers
        | Collection::Buyers
        | Collection::Claimers => json!({}),
    })
}

/// Whether the subscription with this number is over: every fourth is.
fn is_expired(number: u64) -> bool {
    number % 4 == 3
}

/// How many of this many subscriptions are over.
pub(super) fn expired_of(count: u64) -> u64 {
    count / 4
}

/// What is known of any item that a request created, before its fields.
pub(super) fn created(collection: Collection, id: u64, base: &str) -> Map<String, Value> {
    let myself = || Value::Object(people::person(SELF_ID, base));
    object(match collection {
        Collection::Users => Value::Object(people::person(id, base)),
        Collection::Posts | Collection::Messages | Collection::MassMessages => json!({
            "text": "", "rawText": "", "price": 0.0, "isFree": true, "media": [], "mediaCount": 0, "preview": [],
            "previews": [], "author": myself(), "fromUser": myself(), "favoritesCount": 0, "tipsAmount": "$0.00",
            "releaseForms": [],
        }),
        Collection::UserLists | Collection::VaultLists => json!({"type": "custom"}),
        Collection::Promotions => json!({"claimsCount": 0, "isFinished": false, "canClaim": true}),
        Collection::TrialLinks => json!({"claimCounts": 0, "clicksCounts": 0, "isFinished": false}),
        Collection::Chats => json!({"withUser": people::person(id, base)}),
        Collection::Connections => {
            json!({"userData": myself(), "clientReferenceId": null, "imported": false, "status": "active"})
        }
        _ => json!({}),
    })
}

/// What the fields of a request say.
pub(super) fn written(collection: Collection, fields: &Map<String, Value>, base: &str) -> Map<String, Value> {
    let told = fields.iter().filter(|(_, value)| !value.is_null() && !value.is_array() && !value.is_object());
    let mut facts: Map<String, Value> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, others) in [
        ("text", ["rawText"].as_slice()),
        ("message", &["rawMessage"]),
        ("name", &["campaignName", "displayName"]),
        ("isLockedText", &["lockedText"]),
    ] {
        if let Some(value) = facts.get(name).cloned() {
            for other in others {
                facts.insert((*other).to_owned(), value.clone());
            }
        }
    }
    if let Some(price) = fields.get("price").and_then(Value::as_f64) {
        facts.insert("isFree".to_owned(), json!(price == 0.0));
    }
    if let Some(ids) = fields.get("mediaIds").and_then(Value::as_array) {
        let free = fields.get("previewMediaCount").and_then(Value::as_u64).unwrap_or(0);
        let previews: Vec<&Value> = ids.iter().take(usize::try_from(free).unwrap_or(usize::MAX)).collect();
        facts.insert("preview".to_owned(), json!(previews));
        facts.insert("previews".to_owned(), json!(previews));
        facts.insert("media".to_owned(), json!(ids));
        facts.insert("mediaCount".to_owned(), json!(ids.len()));
    }
    if let (Collection::VaultMedia, Some(id)) = (collection, fields.get("id").and_then(Value::as_u64)) {
        let kind = fields.get("type").and_then(Value::as_str).unwrap_or("photo");
        let size = fields.get("size").and_then(Value::as_u64).unwrap_or(MEDIA_SIZE);
        facts.extend(object(media_facts(id, kind, size, base)));
    }
    facts
}

/// What the vault knows of a media.
pub(super) fn media_facts(id: u64, kind: &str, size: u64, base: &str) -> Value {
    let url = |what: &str| format!("{base}/media/vault/{id}/{what}");
    let absent = match kind {
        "video" => &[][..],
        "audio" => &["videoSources"],
        _ => &["duration", "videoSources"],
    };
    let small = |what: &str| json!({"url": url(what), "width": 300, "height": 300, "size": 32_000});
    let source = json!([{"url": url("full"), "width": 1080, "height": 1350, "type": kind}]);
    json!({
        "type": kind,
        "files": {
            "full": {"url": url("full"), "width": 1080, "height": 1350, "size": size, "sources": source},
            "preview": {"url": url("preview"), "width": 960, "height": 1200, "size": 64_000, "options": source},
            "thumb": small("thumb"), "squarePreview": small("square"),
        },
        "duration": duration(id),
        "videoSources": {"240": url("240"), "720": url("720")},
        (ABSENT): absent,
        "convertedToVideo": false,
        "hasPosts": false,
        "lists": [],
        "releaseForms": [],
    })
}

/// How long a media plays, in seconds: from 1 to 10 minutes.
fn duration(id: u64) -> f64 {
    1.0 + (chance(id, 30) % 1200) as f64 / 2.0
}

fn amounts(gross: f64) -> Value {
    let fee = gross * 0.2;
    json!({"gross": gross, "fee": fee, "net": gross - fee, "tax": 0.0, "vat": 0.0})
}

/// A name that comes back with a number, so that no two are the same.
fn numbered(name: &str, number: u64) -> String {
    if number == 0 { name.to_owned() } else { format!("{name} {}", number + 1) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
