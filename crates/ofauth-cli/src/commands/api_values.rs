//! Reads what was typed for `ofauth api`: the parameters, which the library holds against its table, and the body.

use ofauth::ErrorKind;
use serde_json::{Map, Value};

use super::content::split;
use super::read::standard_input;
use crate::failure::{Failure, Result};

/// The longest body that is taken. A part of an upload is held in memory here; `ofauth upload` does not do that.
const LONGEST_BODY: u64 = 256 * 1024 * 1024;

/// A body as it was read, and what to call it in an error.
pub(crate) struct BodyBytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) origin: &'static str,
}

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

/// Reads what `--body` names: the text itself, `@file`, or `-` for standard input.
pub(crate) async fn read_body(typed: Option<&str>) -> Result<Option<BodyBytes>> {
    let Some(typed) = typed else { return Ok(None) };
    if typed == "-" {
        let origin = "standard input (--body -)";
        return Ok(Some(BodyBytes { bytes: standard_input(LONGEST_BODY, origin).await?, origin }));
    }
    let Some(path) = typed.strip_prefix('@') else {
        return Ok(Some(BodyBytes { bytes: typed.as_bytes().to_vec(), origin: "--body" }));
    };
    let cannot =
        |error: std::io::Error| Failure::io(ErrorKind::Source, format!("{path} cannot be read"), &error);
    let about = std::fs::metadata(path).map_err(cannot)?;
    if about.is_file() && about.len() > LONGEST_BODY {
        return Err(Failure::new(ErrorKind::Source, format!("{path} is longer than {LONGEST_BODY} bytes"))
            .with_hint("upload files with `ofauth upload`"));
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    Ok(Some(BodyBytes { bytes, origin: "the file of --body" }))
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
