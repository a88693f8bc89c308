//! The rule by which an operation without an id of ours gets one: a verb, then the things of its path.
//!
//! `GET /v2/access/posts/{postId}` is `get_post`, `PUT /v2/vault-plus/lists/{listId}/sync` is `sync_vault_plus_list`. The
//! words are the path's own, in snake case; what is followed by a parameter is one of many.

/// Segments that say whose things come next, and are not part of a name.
const SCOPES: [&str; 6] = ["access", "account", "analytics", "earnings", "promotions", "self"];

/// Segments that are done, not had.
const VERBS: &[&str] = &[
    "accept",
    "activate",
    "add",
    "approve",
    "archive",
    "batch",
    "block",
    "cancel",
    "check",
    "claim",
    "close",
    "complete",
    "confirm",
    "copy",
    "deactivate",
    "disable",
    "download",
    "duplicate",
    "enable",
    "export",
    "finish",
    "follow",
    "generate",
    "hide",
    "import",
    "init",
    "invalidate",
    "invite",
    "join",
    "leave",
    "like",
    "merge",
    "move",
    "mute",
    "open",
    "pause",
    "pin",
    "preview",
    "publish",
    "purge",
    "query",
    "read",
    "redeem",
    "refresh",
    "reject",
    "remove",
    "reorder",
    "replace",
    "reply",
    "reset",
    "restore",
    "restrict",
    "resume",
    "retry",
    "rotate",
    "schedule",
    "search",
    "send",
    "share",
    "sign",
    "start",
    "stop",
    "submit",
    "subscribe",
    "sync",
    "test",
    "transfer",
    "unarchive",
    "unblock",
    "unfollow",
    "unhide",
    "unlike",
    "unmute",
    "unpin",
    "unsubscribe",
    "upload",
    "validate",
    "verify",
    "vote",
];

/// What undoes a verb, where it is not `un…`.
const OPPOSITES: [(&str, &str); 4] =
    [("share", "revoke"), ("add", "remove"), ("join", "leave"), ("start", "stop")];

/// Words with an end of many that are one.
const SINGLE: [&str; 13] = [
    "access",
    "address",
    "analysis",
    "analytics",
    "earnings",
    "history",
    "media",
    "news",
    "progress",
    "series",
    "settings",
    "stats",
    "status",
];

/// Words that say which of the things before them.
const WHICH: [&str; 10] =
    ["active", "best", "current", "latest", "new", "online", "pending", "popular", "recent", "top"];

/// What the answer of an operation says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// There are many of what it answers.
    Many,
    /// There is one.
    One,
    /// Nothing that decides it.
    Open,
}

/// A segment of a path.
#[derive(Debug, Clone)]
struct Part {
    words: Vec<String>,
    /// Whether a parameter follows.
    one: bool,
}

impl Part {
    fn last(&self) -> &str {
        self.words.last().map(String::as_str).unwrap_or_default()
    }

    /// The words, of one thing.
    fn single(&self) -> Vec<String> {
        let mut words = self.words.clone();
        if let Some(last) = words.last_mut() {
            *last = singular(last);
        }
        words
    }

    fn many(&self) -> Vec<String> {
        if self.one { self.single() } else { self.words.clone() }
    }
}

/// The names for an operation, the best first: without its scope, with it, and with all of its path.
pub(super) fn names(method: &str, path: &str, answer: Answer) -> Vec<String> {
    let all = parts(path);
    let mut names: Vec<String> = Vec::new();
    let without_access =
        all.iter().skip(usize::from(all.first().is_some_and(|part| part.words == ["access"])));
    for parts in [without_scopes(&all), without_access.cloned().collect(), all.clone()] {
        let name = of_parts(method, &parts, answer);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn of_parts(method: &str, parts: &[Part], answer: Answer) -> String {
    let Some((last, before)) = parts.split_last() else { return method.to_owned() };
    let of_one: Vec<String> = before.iter().flat_map(Part::single).collect();
    // What comes before, of which there are many: all chats, not one.
    let of_many: Vec<String> = before.split_last().map_or_else(Vec::new, |(nearest, others)| {
        others.iter().flat_map(Part::single).chain(nearest.many()).collect()
    });
    let join = |words: &[&[String]]| words.concat().join("_");
    let one = |word: &str| vec![word.to_owned()];
    let (first, rest) =
        last.words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    if !before.is_empty() && !last.one {
        let reads = method == "get";
        if (reads && ["list", "search"].contains(&first)) || (!reads && VERBS.contains(&first)) {
            let verb = if method == "delete" { opposite(first) } else { first.to_owned() };
            let things = if reads { &of_many } else { &of_one };
            return join(&[&one(&verb), things, rest]);
        }
        if reads && says_which(last.last()) {
            let verb = if last.last() == "top" { "get" } else { "list" };
            return join(&[&one(verb), &last.words, &of_many]);
        }
        if reads && last.last() == "chart" {
            return join(&[&one("get"), &of_many, &last.words]);
        }
    }
    let many = !last.one && is_plural(last.last());
    let verb = match method {
        "get" if answer == Answer::Many || (many && answer == Answer::Open) => "list",
        "delete" | "get" => method,
        "post" if !last.one && last.last() == "messages" && !before.is_empty() => "send",
        "post" if !last.one => "create",
        "put" if !last.one && !many && before.last().is_some_and(|part| part.one) => "set",
        _ => "update",
    };
    if method == "post" && last.one && !before.is_empty() {
        return join(&[&one("add"), &last.single(), &one("to"), &of_one]);
    }
    let things = if last.one || method == "post" { last.single() } else { last.words.clone() };
    join(&[&one(verb), &of_one, &things])
}

/// The segments without the version.
fn parts(path: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, segment) in path.split('/').filter(|segment| !segment.is_empty()).enumerate() {
        let version = segment.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok());
        if segment.starts_with(['{', ':']) {
            if let Some(part) = parts.last_mut() {
                part.one = true;
            }
        } else if index > 0 || !version {
            parts.push(Part { words: words(segment), one: false });
        }
    }
    parts.retain(|part| !part.words.is_empty());
    parts
}

fn words(segment: &str) -> Vec<String> {
    let plain: String = segment
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    heck::ToSnakeCase::to_snake_case(plain.as_str())
        .split('_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A scope goes where something follows that is a thing by itself.
fn without_scopes(parts: &[Part]) -> Vec<Part> {
    let mut rest = parts;
    while let [scope, next, more @ ..] = rest {
        let is_scope = scope.words.len() == 1 && !scope.one && SCOPES.contains(&scope.last());
        let is_thing = next.one
            || !more.is_empty()
            || is_plural(next.last())
            || scope.last() == "access"
            || next.words.first().is_some_and(|word| VERBS.contains(&word.as_str()));
        if !is_scope || !is_thing {
            break;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    rest.to_vec()
}

fn opposite(verb: &str) -> String {
    match OPPOSITES.iter().find(|(known, _)| *known == verb) {
        Some((_, opposite)) => (*opposite).to_owned(),
        None => format!("un{verb}"),
    }
}

fn says_which(word: &str) -> bool {
    WHICH.contains(&word) || word == "sent" || (word.len() > 4 && word.ends_with("ed") && word != "feed")
}

fn singular(word: &str) -> String {
    if SINGLE.contains(&word) {
        return word.to_owned();
    }
    let without = |end: &str| word.strip_suffix(end).filter(|rest| rest.len() > 1);
    if let Some(rest) = without("ies") {
        return format!("{rest}y");
    }
    if ["sses", "shes", "ches", "xes", "zes"].iter().any(|end| word.ends_with(end)) {
        return without("es").unwrap_or(word).to_owned();
    }
    if ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) {
        return word.to_owned();
    }
    without("s").unwrap_or(word).to_owned()
}

fn is_plural(word: &str) -> bool {
    word == "media" || singular(word) != word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_verb_and_the_things_of_the_path() {
        for (method, path, answer, wanted) in [
            ("get", "/v2/access/posts", Answer::Many, "list_posts"),
            ("get", "/v2/access/posts/{postId}", Answer::One, "get_post"),
            ("get", "/v2/access/posts/:postId", Answer::Open, "get_post"),
            ("get", "/v2/dynamic-rules", Answer::One, "get_dynamic_rules"),
            ("post", "/v2/access/stories", Answer::One, "create_story"),
            ("patch", "/v2/access/boxes/{id}", Answer::One, "update_box"),
            ("delete", "/v2/access/users/{userId}/labels", Answer::Open, "delete_user_labels"),
            ("put", "/v2/access/users/{userId}/note", Answer::Open, "set_user_note"),
            ("put", "/v2/vault-plus/lists/{listId}/sync", Answer::Open, "sync_vault_plus_list"),
            ("post", "/v2/access/users/{userId}/restrict", Answer::Open, "restrict_user"),
            ("delete", "/v2/access/users/{userId}/restrict", Answer::Open, "unrestrict_user"),
            ("get", "/v2/access/users/list", Answer::Many, "list_users"),
            ("post", "/v2/access/folders/{id}/users/{userId}", Answer::One, "add_user_to_folder"),
            ("get", "/v2/access/users/search", Answer::Many, "search_users"),
            ("get", "/v2/access/users/blocked", Answer::Many, "list_blocked_users"),
            ("get", "/v2/access/analytics/posts/top", Answer::Many, "get_top_posts"),
            ("get", "/v2/account/settings", Answer::One, "get_account_settings"),
            ("get", "/v2/vaultPlus/fooBar_baz", Answer::Open, "get_vault_plus_foo_bar_baz"),
            ("get", "/", Answer::Open, "get"),
            ("get", "/v2/{id}", Answer::Open, "get"),
        ] {
            assert_eq!(names(method, path, answer)[0], wanted, "{method} {path}");
        }
        assert_eq!(
            names("get", "/v2/access/analytics/posts/{id}", Answer::One),
            ["get_post", "get_analytics_post", "get_access_analytics_post"]
        );
    }
}
