//! The people of the world: fans and creators who do not exist, each always with the same name and face.

use serde_json::{Map, Value, json};

use super::moments::chance;

/// The id of the account behind every connection.
pub(crate) const SELF_ID: u64 = 10_001;

const FIRST_NAMES: &[&str] = &[
    "Ada", "Alex", "Amara", "Ben", "Bianca", "Carlos", "Chloe", "Dana", "Diego", "Elena", "Emil", "Farah",
    "Felix", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jade", "Jonas", "Kai", "Keira", "Leo", "Lina",
    "Marco", "Maya", "Nadia", "Nico", "Olive", "Oscar", "Priya", "Quinn", "Rafael", "Ruby", "Sam", "Sofia",
    "Theo", "Uma", "Viktor", "Zoe",
];

const LAST_NAMES: &[&str] = &[
    "Adler", "Bauer", "Bennett", "Brooks", "Carter", "Costa", "Dubois", "Ellis", "Fischer", "Flores",
    "Garcia", "Hayes", "Ito", "Jensen", "Kelly", "Khan", "Kim", "Larsen", "Lopez", "Martin", "Meyer",
    "Moore", "Moreau", "Novak", "Okafor", "Parker", "Patel", "Quist", "Reed", "Rossi", "Santos", "Silva",
    "Stone", "Tanaka", "Turner", "Vega", "Walker", "Weber", "Young", "Zhang",
];

const PLACES: &[&str] = &[
    "Berlin", "Lisbon", "Chicago", "Toronto", "Kyoto", "Oslo", "Austin", "Lyon", "Porto", "Leeds", "Sydney",
    "Quito",
];

/// One of `choices`, always the same for `number` and `salt`.
pub(super) fn pick<'a>(choices: &[&'a str], number: u64, salt: u64) -> &'a str {
    let at = chance(number, salt).checked_rem(choices.len() as u64).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| choices.get(at)).copied().unwrap_or_default()
}

/// The name of the person with this id.
pub(super) fn name(id: u64) -> String {
    if id == SELF_ID {
        return "Riley Summers".to_owned();
    }
    format!("{} {}", pick(FIRST_NAMES, id, 2), pick(LAST_NAMES, id, 3))
}

/// The user name of the person with this id.
fn username(id: u64) -> String {
    let mut username: String = name(id).to_lowercase().split(' ').collect();
    if id != SELF_ID {
        username.push_str(&id.to_string());
    }
    username
}

/// What the person with this id is searched by.
pub(super) fn words(id: u64) -> String {
    format!("{} {}", name(id), username(id))
}

/// What answers say of the person with this id. Pictures are at the address `base`.
pub(super) fn person(id: u64, base: &str) -> Map<String, Value> {
    let name = name(id);
    let picture = |what: &str| format!("{base}/media/users/{id}/{what}.png");
    let facts = json!({
        "id": id,
        "name": name,
        "displayName": name,
        "userName": name,
        "username": username(id),
        "about": format!("Hi, I am {}.", name.split(' ').next().unwrap_or_default()),
        "location": pick(PLACES, id, 4),
        "avatar": picture("avatar"),
        "avatarThumbs": { "c50": picture("avatar-50"), "c144": picture("avatar-144") },
        "header": picture("header"),
        "headerThumbs": { "w480": picture("header-480"), "w760": picture("header-760") },
        "website": "",
        "isPerformer": id == SELF_ID,
        "isRealPerformer": id == SELF_ID,
        "isBlocked": false,
        "isRestricted": false,
        "notice": "",
        "lists": [],
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_user_name_of_their_own_and_a_face_on_this_host() {
        let people: Vec<_> = (0..500).map(|number| person(12345 + 16 * number, "http://here")).collect();
        let names: BTreeSet<&str> =
            people.iter().map(|person| person["username"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 500);
        assert!(
            people.iter().all(|person| person["avatar"].as_str().unwrap().starts_with("http://here/media/"))
        );
        assert_eq!(person(SELF_ID, "")["username"], "rileysummers");
    }
}
