//! Finds what a target probably meant that matches nothing any more.
//!
//! A path that moved, a method that changed, a component or a field with another name: the candidate is a place that is
//! there, and most alike. It is a proposal and never taken without being asked.

use std::collections::BTreeSet;

use serde_json::Value;

use super::action::{Step, target};
use crate::document::methods;

/// How alike a whole candidate must be to be told, from 0 to 1.
const ALIKE: f64 = 0.55;

/// How alike each of its steps must be.
const STEP_ALIKE: f64 = 0.4;

/// A target has a few steps, and names that people can read.
const MOST_STEPS: usize = 12;
const LONGEST_NAME: usize = 200;

/// The place of the document that is most like `wanted`. Places of other actions count less: each has its own.
pub(super) fn nearest(document: &Value, wanted: &str, others: &BTreeSet<&str>) -> Option<String> {
    let steps = steps(wanted)?;
    let mut search = Search { others, at: Vec::new(), best: None };
    search.go(document, &steps, 1.0);
    search.best.map(|(_, place)| place)
}

struct Search<'a> {
    others: &'a BTreeSet<&'a str>,
    at: Vec<Step>,
    best: Option<(f64, String)>,
}

impl Search<'_> {
    fn go(&mut self, node: &Value, rest: &[String], alike: f64) {
        let Some((wanted, rest)) = rest.split_first() else {
            let place = target(&self.at);
            let alike = if self.others.contains(place.as_str()) { alike / 2.0 } else { alike };
            if alike >= ALIKE && self.best.as_ref().is_none_or(|(best, _)| alike > *best) {
                self.best = Some((alike, place));
            }
            return;
        };
        for (name, child) in node.as_object().into_iter().flatten() {
            let step = similarity(name, wanted);
            // What is below cannot make it better.
            if step >= STEP_ALIKE && self.best.as_ref().is_none_or(|(best, _)| alike * step > *best) {
                self.at.push(Step::Member(name.clone()));
                self.go(child, rest, alike * step);
                self.at.pop();
            }
        }
    }
}

/// How alike two names are, from 0 to 1.
fn similarity(name: &str, wanted: &str) -> f64 {
    if name == wanted {
        return 1.0;
    }
    if name.len() > LONGEST_NAME || wanted.len() > LONGEST_NAME {
        return 0.0;
    }
    let is_method = |name: &str| methods().any(|method| method == name);
    match (is_method(name), is_method(wanted)) {
        // An operation changes its method sooner than its place, and from one that changes things to the other.
        (true, true) if [name, wanted].iter().all(|it| ["patch", "put"].contains(it)) => 0.85,
        (true, true) => 0.8,
        (false, false) if name.starts_with('/') && wanted.starts_with('/') => of_paths(name, wanted),
        (false, false) => strsim::normalized_levenshtein(name, wanted) * 0.95,
        _ => 0.0,
    }
}

/// What a parameter is called does not matter, nor how it is written.
fn of_paths(name: &str, wanted: &str) -> f64 {
    let parts = |path: &str| -> Vec<String> {
        let parameter = |part: &str| part.starts_with([':', '{']);
        path.split('/').skip(1).map(|part| if parameter(part) { "{}" } else { part }.to_owned()).collect()
    };
    let (name, wanted) = (parts(name), parts(wanted));
    let same =
        strsim::generic_levenshtein(&name, &wanted) as f64 / name.len().max(wanted.len()).max(1) as f64;
    let letters = strsim::normalized_levenshtein(&name.join("/"), &wanted.join("/"));
    (1.0 - same).max(letters) * 0.95
}

/// The names that a target consists of; nothing if it has anything else.
fn steps(target: &str) -> Option<Vec<String>> {
    let mut rest = target.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (name, after) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at_checked(end)?;
            (name.to_owned(), after)
        } else {
            let quote = rest.strip_prefix('[')?.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
            let mut name = String::new();
            let mut characters = rest.char_indices().skip(2);
            let end = loop {
                match characters.next()? {
                    (_, '\\') => name.push(characters.next()?.1),
                    (at, end) if end == quote => break at,
                    (_, other) => name.push(other),
                }
            };
            (name, rest.get(end..)?.strip_prefix(quote)?.strip_prefix(']')?)
        };
        if name.is_empty() || name.contains('*') || steps.len() == MOST_STEPS {
            return None;
        }
        steps.push(name);
        rest = after;
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_alike_place_is_found() {
        let document = json!({
            "paths": {
                "/v2/access/posts": {"get": {}, "post": {}},
                "/v2/access/posts/{id}": {"patch": {}, "delete": {}},
                "/v2/access/feed/posts": {"get": {}},
                "/v2/link/:secret/status": {"get": {}},
            },
            "components": {"schemas": {
                "PostInput": {"properties": {"expiresAfter": {}, "text": {}}},
                "PostAnswer": {"properties": {"expireAfter": {}}},
            }},
        });
        let others = BTreeSet::from(["$.paths['/v2/access/posts'].get", "$.paths['/v2/access/posts'].post"]);
        for (wanted, found) in [
            ("$.paths['/v2/access/posts/{postId}'].put", Some("$.paths['/v2/access/posts/{id}'].patch")),
            ("$.paths['/v2/access/posts/{postId}'].delete", Some("$.paths['/v2/access/posts/{id}'].delete")),
            ("$.paths['/v2/access/wall/posts'].get", Some("$.paths['/v2/access/feed/posts'].get")),
            ("$.paths['/v2/link/{clientSecret}/status'].get", Some("$.paths['/v2/link/:secret/status'].get")),
            ("$.paths['/v2/dynamic-rules'].get", None),
            (
                "$.components.schemas.PostInput.properties.expireAfter",
                Some("$.components.schemas.PostInput.properties.expiresAfter"),
            ),
            (
                "$.components.schemas.PostsInput.properties['text']",
                Some("$.components.schemas.PostInput.properties.text"),
            ),
            ("$.components.schemas.UploadPlan", None),
            ("$.list[0]", None),
            ("$..x", None),
            ("$['a", None),
        ] {
            assert_eq!(nearest(&document, wanted, &others).as_deref(), found, "{wanted}");
        }
    }
}
