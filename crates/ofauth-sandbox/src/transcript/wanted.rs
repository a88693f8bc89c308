//! Which exchanges somebody asks for, and how that is written in a query.

use std::time::Duration;

use super::exchange::Exchange;
use crate::names;
use crate::number::whole_text;

/// How long is waited if the query does not say.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is waited at most.
const MOST_PATIENCE: Duration = Duration::from_secs(600);

/// Which exchanges are wanted. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    pub(crate) operation: Option<String>,
    /// The value of `x-connection-id`.
    pub(crate) connection: Option<String>,
    pub(crate) status: Option<Status>,
    /// Those with a higher number.
    pub(crate) since: u64,
}

/// A status, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// This one.
    Is(u16),
    /// All that begin with this digit.
    Class(u16),
    /// None was sent.
    None,
}

/// What a query of the transcript says.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Query {
    pub(crate) wanted: Wanted,
    /// How many are waited for, and how long.
    pub(crate) wait: Option<(usize, Duration)>,
}

impl Wanted {
    pub(crate) fn holds(&self, exchange: &Exchange) -> bool {
        let is =
            |wanted: &Option<String>, found: Option<&String>| wanted.is_none() || wanted.as_ref() == found;
        exchange.number > self.since
            && is(&self.operation, exchange.operation.as_ref())
            && is(&self.connection, exchange.headers.get("x-connection-id"))
            && self.status.is_none_or(|status| match status {
                Status::Is(wanted) => exchange.status == Some(wanted),
                Status::Class(wanted) => exchange.status.is_some_and(|found| found / 100 == wanted),
                Status::None => exchange.over && exchange.status.is_none(),
            })
    }
}

/// The names that a query may have.
const NAMES: [&str; 6] = ["operation", "connection", "status", "since", "wait", "timeout"];

impl Query {
    /// Reads a query; `knows` says whether an operation exists.
    pub(crate) fn read(pairs: Vec<(String, String)>, knows: impl Fn(&str) -> bool) -> Result<Self, String> {
        let mut query = Self::default();
        let (mut count, mut timeout) = (None, None);
        for (name, value) in pairs {
            let number = || {
                let number = whole_text(&value).and_then(|number| u64::try_from(number).ok());
                number.ok_or_else(|| format!("{name}: must be a whole number, not \"{value}\""))
            };
            match name.as_str() {
                "operation" if !knows(&value) => return Err(format!("operation: there is no \"{value}\"")),
                "operation" => query.wanted.operation = Some(value),
                "connection" => query.wanted.connection = Some(value),
                "status" => query.wanted.status = Some(status(&value)?),
                "since" => query.wanted.since = number()?,
                "wait" => count = Some(usize::try_from(number()?).unwrap_or(usize::MAX)),
                "timeout" => timeout = Some(Duration::from_secs(number()?).min(MOST_PATIENCE)),
                _ => return Err(format!("{name}: is not known here{}", names::hint(&name, NAMES))),
            }
        }
        if count.is_none() && timeout.is_some() {
            return Err("timeout: is for wait=N".to_owned());
        }
        query.wait = count.map(|count| (count, timeout.unwrap_or(PATIENCE)));
        Ok(query)
    }
}

fn status(text: &str) -> Result<Status, String> {
    let wrong =
        || format!("status: must be a status such as 404, a class such as 4xx, or none, not \"{text}\"");
    let number = |text: &str, most: u16| text.parse().ok().filter(|number| (1..=most).contains(number));
    match text.strip_suffix("xx") {
        _ if text == "none" => Ok(Status::None),
        Some(class) => number(class, 9).map(Status::Class).ok_or_else(wrong),
        None => number(text, 999).map(Status::Is).ok_or_else(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Query, String> {
        Query::read(crate::query::pairs(query), |operation| operation == "get_self")
    }

    #[test]
    fn a_query_says_what_is_wanted() {
        let query = read("operation=get_self&connection=c&status=4xx&since=7&wait=2&timeout=5").unwrap();
        let wanted = Wanted {
            operation: Some("get_self".to_owned()),
            connection: Some("c".to_owned()),
            status: Some(Status::Class(4)),
            since: 7,
        };
        assert_eq!(query, Query { wanted, wait: Some((2, Duration::from_secs(5))) });
        assert_eq!(read("").unwrap(), Query::default());
        assert_eq!(read("wait=1").unwrap().wait, Some((1, PATIENCE)));
        assert_eq!(read("wait=1&timeout=99999").unwrap().wait, Some((1, MOST_PATIENCE)));
        for (text, problem) in [
            ("operation=get_selfie", "operation: there is no \"get_selfie\""),
            ("status=4x", "status: must be"),
            ("status=0", "status: must be"),
            ("since=x", "since: must be a whole number"),
            ("wait=-1", "wait: must be a whole number"),
            ("timeout=1", "timeout: is for wait=N"),
            ("operations=get_self", "operations: is not known here; did you mean operation?"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(problem), "{text}: {found}");
        }
    }
}
