//! Reads what was typed for `ofauth api`: the parameters, which the library holds against its table, and the body.

use std::path::PathBuf;

use ofauth::ErrorKind;
use serde_json::{Map, Value};

use crate::app::App;
use crate::commands::content::split;
use crate::failure::Result;
use crate::files::user_file::{self, Wanted};

/// The longest body that is taken. A part of an upload is held in memory here; `ofauth upload` does not do that.
const LONGEST_BODY: u64 = 256 * 1024 * 1024;

/// A body that is not on the command line itself.
const BODY: Wanted = Wanted { what: "body file", kind: ErrorKind::Source, longest: LONGEST_BODY };

/// The parameters as one JSON object. A name that comes several times has a list of values.
pub(crate) fn parameters(typed: &[String]) -> Result<Map<String, Value>> {
    let mut all = Map::new();
    for pair in typed {
        let (name, text) = split(pair, "--param")?;
        let value = Value::String(text.to_owned());
        match all.get_mut(name) {
            None => {
                all.insert(name.to_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(all)
}

/// The parameters that are sent as they are.
pub(crate) fn raw_parameters(typed: &[String]) -> Result<Vec<(&str, &str)>> {
    typed.iter().map(|pair| split(pair, "--raw-param")).collect()
}

/// Reads what `--body` names: the text itself, `@file`, or `-` for standard input. With it, what to call it in an error.
pub(crate) async fn read_body(app: &App, typed: Option<&str>) -> Result<Option<(Vec<u8>, String)>> {
    let Some(typed) = typed else { return Ok(None) };
    if typed == "-" {
        let bytes = app.interrupt.reading(|| user_file::read_standard_input(BODY)).await?;
        return Ok(Some((bytes, "standard input (--body -)".into())));
    }
    let Some(path) = typed.strip_prefix('@').map(PathBuf::from) else {
        return Ok(Some((typed.as_bytes().to_vec(), "--body".into())));
    };
    let origin = user_file::called(BODY, &path);
    let bytes = app.interrupt.reading(move || user_file::read(BODY, &path)).await?.0;
    Ok(Some((bytes, origin)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_repeated_parameter_is_a_list() {
        let typed = ["limit=10", "ids=1", "query=a=b", "ids=2", "ids=3"].map(str::to_owned);
        let expected = json!({"limit": "10", "ids": ["1", "2", "3"], "query": "a=b"});
        assert_eq!(Value::Object(parameters(&typed).unwrap()), expected);
        assert_eq!(
            parameters(&["limit".to_owned()]).unwrap_err().text(),
            "--param limit: write it as name=value"
        );
    }
}
