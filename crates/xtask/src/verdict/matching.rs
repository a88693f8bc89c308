//! Which operation of the new document is which of the old one: by our id, else by method and path, where the names of
//! parameters do not matter, else by the id that the publisher gave.

use super::api::{Api, Operation};

/// An operation of both documents, of the old one alone, or of the new one alone.
pub(super) type Pair<'a> = (Option<&'a Operation>, Option<&'a Operation>);

type Key<'a> = &'a dyn Fn(&Operation) -> Option<String>;

/// Every operation of both documents once.
pub(super) fn pairs<'a>(old: &'a Api, new: &'a Api) -> Vec<Pair<'a>> {
    let mut before: Vec<&Operation> = old.operations.iter().collect();
    let mut after: Vec<&Operation> = new.operations.iter().collect();
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    let by_id = |operation: &Operation| operation.id.clone();
    let by_place = |operation: &Operation| Some(format!("{} {}", operation.method, operation.bare_path()));
    let by_given = |operation: &Operation| Some(operation.given.clone()).filter(|given| !given.is_empty());
    let keys: [Key<'_>; 3] = [&by_id, &by_place, &by_given];
    for key in keys {
        before.retain(|one| {
            let Some(wanted) = key(one) else { return true };
            match after.iter().position(|other| key(other).as_ref() == Some(&wanted)) {
                Some(position) => {
                    pairs.push((Some(one), Some(after.remove(position))));
                    false
                }
                None => true,
            }
        });
    }
    pairs.extend(before.into_iter().map(|one| (Some(one), None)));
    pairs.extend(after.into_iter().map(|one| (None, Some(one))));
    pairs
}

/// What an operation of both documents is called: our id, whichever has it.
pub(super) fn name(old: &Operation, new: &Operation) -> String {
    old.id.as_ref().or(new.id.as_ref()).unwrap_or(&old.name).clone()
}

/// What an operation of a pair is called.
pub(super) fn pair_name(pair: &Pair<'_>) -> String {
    match pair {
        (Some(old), Some(new)) => name(old, new),
        (Some(one), None) | (None, Some(one)) => one.name.clone(),
        (None, None) => String::new(),
    }
}
