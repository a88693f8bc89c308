//! The operation table, generated from the API document.

use std::collections::BTreeSet;

use ofauth_operations::operation::{
    Body, Connection, Kind, Limits, PageStyle, Place, RetryClass, SuccessBody,
};
use ofauth_operations::operations::{OPERATIONS, find};

#[test]
fn it_is_sorted_and_every_operation_is_found() {
    assert!(OPERATIONS.is_sorted_by(|a, b| a.id < b.id));
    for operation in OPERATIONS {
        assert_eq!(find(operation.id), Some(operation));
    }
    assert_eq!(find("no_such_operation"), None);
}

#[test]
fn path_parameters_are_those_of_the_path() {
    for operation in OPERATIONS {
        let in_template: BTreeSet<&str> = operation.path.split(['{', '}']).skip(1).step_by(2).collect();
        let listed: BTreeSet<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Path)
            .inspect(|parameter| assert!(parameter.required, "{}", operation.id))
            .map(|parameter| parameter.name)
            .collect();
        assert_eq!(in_template, listed, "{}", operation.id);
        assert!(operation.parameters.iter().all(|parameter| parameter.name != "x-connection-id"));
    }
}

#[test]
fn what_may_be_sent_twice() {
    for (id, retry) in [
        ("create_post", RetryClass::Once),
        ("send_chat_message", RetryClass::Once),
        ("create_mass_message", RetryClass::Once),
        ("list_posts", RetryClass::Repeatable),
        ("upload_part", RetryClass::Repeatable),
        ("check_upload", RetryClass::Repeatable),
        ("batch_vault_plus_media", RetryClass::Repeatable),
    ] {
        assert_eq!(find(id).unwrap().retry, retry, "{id}");
    }
}

#[test]
fn what_a_success_carries() {
    for (id, body, key) in [
        ("create_post", SuccessBody::Json, Some("id")),
        ("create_promotion", SuccessBody::Listing, Some("id")),
        ("list_promotions", SuccessBody::Listing, None),
        ("list_posts", SuccessBody::Json, None),
        ("delete_post", SuccessBody::Optional, None),
        ("disconnect_connection", SuccessBody::Optional, None),
        ("upload_single", SuccessBody::Optional, Some("mediaUploadId")),
        ("init_upload", SuccessBody::Json, Some("mediaUploadId")),
        ("check_upload", SuccessBody::Json, Some("exists")),
    ] {
        let success = find(id).unwrap().success;
        assert_eq!((success.body, success.key), (body, key), "{id}");
    }
}

#[test]
fn some_rows_in_full() {
    let upload = find("upload_part").unwrap();
    assert_eq!((upload.method, upload.body, upload.connection), ("PUT", Body::Bytes, Connection::Required));
    assert_eq!(upload.permission, Some("vault:write"));
    let media = find("list_vault_media").unwrap();
    assert_eq!((media.body, media.unconfirmed), (Body::None, false));
    let kinds: Vec<(&str, Kind)> =
        media.parameters.iter().map(|parameter| (parameter.name, parameter.kind)).collect();
    assert!(kinds.contains(&("limit", Kind::Integer)), "{kinds:?}");
    let sort = media.parameters.iter().find(|parameter| parameter.name == "sortDirection").unwrap();
    assert_eq!((sort.kind, sort.values), (Kind::String, ["asc", "desc"].as_slice()));
    assert!(sort.deprecated);
    assert_eq!(find("get_vault_plus_stats").unwrap().connection, Connection::None);
    assert!(find("list_vault_plus_lists").unwrap().unconfirmed);
    let filter =
        find("list_subscribers").unwrap().parameters.iter().find(|parameter| parameter.name == "filter");
    let filter = filter.unwrap();
    let online = filter.properties.iter().find(|property| property.name == "online").unwrap();
    assert_eq!((filter.kind, online.kind, online.values.len()), (Kind::Object, Kind::String, 4));
    let purchased = find("get_purchased_mass_messages").unwrap();
    assert!(purchased.deprecated && purchased.unconfirmed && !media.deprecated);
}

#[test]
fn lists_say_how_they_go_on() {
    let page = |id: &str| find(id).unwrap().page;
    let subscribers = page("list_subscribers").unwrap();
    assert_eq!((subscribers.style, subscribers.items), (PageStyle::Offset, "list"));
    let (more, next) = (subscribers.more, subscribers.next);
    // The guide says 20, the reference 100.
    assert_eq!(
        (more, next, subscribers.size, subscribers.max),
        (Some("hasMore"), None, Some("limit"), Some(20))
    );
    let media = page("query_vault_plus_media").unwrap();
    assert_eq!((media.style, media.items, media.next), (PageStyle::Cursor, "items", Some("nextCursor")));
    assert_eq!(page("search_users").unwrap().style, PageStyle::OffsetOrArray);
    assert_eq!(page("list_transactions").unwrap().size, None);
    assert_eq!((page("get_sent_mass_messages"), page("create_post")), (None, None));
    for operation in OPERATIONS {
        let Some(page) = operation.page else { continue };
        let has = |name: &str| operation.parameters.iter().any(|parameter| parameter.name == name);
        assert!(has(page.style.parameter()) && page.size.is_none_or(has), "{}", operation.id);
    }
}

#[test]
fn parameters_know_their_limits() {
    let find = |id: &str, name: &str| {
        *find(id).unwrap().parameters.iter().find(|parameter| parameter.name == name).unwrap()
    };
    let limit = find("list_vault_media", "limit");
    assert_eq!((limit.limits.minimum, limit.limits.maximum), (Some(1), Some(40)));
    assert_eq!((limit.default, limit.deprecated), (Some("24"), false));
    assert_eq!(find("list_chargebacks", "startDate").limits.format, Some("date-time"));
    assert_eq!(find("list_chargebacks", "marker").limits, Limits::NONE);
    let all = OPERATIONS.iter().flat_map(|operation| operation.parameters);
    for parameter in all {
        assert_eq!(parameter.kind == Kind::Object, !parameter.properties.is_empty(), "{}", parameter.name);
    }
}
