//! Reads a document that somebody hands in.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// How deep a document may be nested. Ours is 30 deep with every schema in its place; what goes through a document
/// calls itself for each level.
const DEPTH: usize = 256;

/// A document, and its text as the repository keeps it.
#[derive(Debug)]
pub struct Input {
    /// The document.
    pub document: Value,
    /// The text: YAML as it came, JSON with a line for each member.
    pub text: String,
}

impl Input {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it is no OpenAPI document: the text says what is wrong and where.
    pub fn read(file: &str) -> Result<Self> {
        let mut bytes = Vec::new();
        match file {
            "-" => std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?,
            file => std::fs::File::open(file)
                .and_then(|mut open| open.read_to_end(&mut bytes))
                .with_context(|| format!("cannot read {file}"))?,
        };
        Self::of_bytes(bytes).with_context(|| format!("{file} cannot be read as an OpenAPI document"))
    }

    fn of_bytes(bytes: Vec<u8>) -> Result<Self> {
        let text = String::from_utf8(bytes).context("it is not UTF-8")?;
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        // JSON is YAML, and read as such a name that stands twice is an error.
        let document: Value = serde_saphyr::from_str(&text).context("it is neither YAML nor JSON")?;
        ensure!(depth(&document) <= DEPTH, "it is nested more than {DEPTH} deep");
        let Some(object) = document.as_object() else { bail!("it is no object") };
        ensure!(!object.contains_key("swagger"), "it is Swagger 2.0; convert it to OpenAPI 3 first");
        ensure!(object.contains_key("openapi"), "it does not say which version of OpenAPI it follows");
        ensure!(
            object.get("paths").is_some_and(Value::is_object) || object.contains_key("webhooks"),
            "it has no paths"
        );
        let is_json = text.trim_start().starts_with('{');
        let text = if is_json { serde_json::to_string_pretty(&document)? + "\n" } else { text };
        Ok(Self { document, text })
    }
}

/// The levels of a document, counted without calling itself.
fn depth(document: &Value) -> usize {
    let mut level = vec![document];
    let mut levels = 0_usize;
    while !level.is_empty() {
        levels = levels.saturating_add(1);
        level = level
            .into_iter()
            .flat_map(|value| match value {
                Value::Object(object) => object.values().collect::<Vec<_>>(),
                Value::Array(list) => list.iter().collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    levels
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Input> {
        Input::of_bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn yaml_and_json_are_read_alike() {
        let paths = json!({"/a": {"get": {"responses": {"200": {"description": "D"}}}}});
        for text in [
            "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        '200': {description: D}\n",
            "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: D}\n",
            "\u{feff}openapi: 3.1.0\r\npaths: {/a: {get: {responses: {'200': {description: D}}}}}\r\n",
            "{\"openapi\": \"3.1.0\", \"paths\": {\"/a\": {\"get\": {\"responses\": {\"200\": {\"description\": \"D\"}}}}}}",
            "openapi: 3.1.0\nx-one: &one {description: D}\npaths: {/a: {get: {responses: {'200': *one}}}}\n",
            "openapi: 3.1.0\nx-one: &one {description: D}\npaths: {/a: {get: {responses: {'200': {<<: *one}}}}}\n",
        ] {
            let input = read(text).unwrap();
            assert_eq!(input.document["paths"], paths, "{text}");
            assert_eq!(read(&input.text).unwrap().document, input.document);
        }
    }

    #[test]
    fn what_is_no_document_says_why() {
        let deep = format!("{{openapi: 3.1.0, paths: {{}}, x: {}{}}}", "[".repeat(400), "]".repeat(400));
        for (text, said) in [
            ("", "no object"),
            ("[]", "no object"),
            ("just text", "no object"),
            ("a: b", "which version"),
            ("swagger: '2.0'\npaths: {}", "Swagger 2.0"),
            ("openapi: 3.1.0", "no paths"),
            ("openapi: 3.1.0\npaths: []", "no paths"),
            ("{\"openapi\": ", "neither YAML nor JSON"),
            ("{\"openapi\": \"3.1.0\", \"paths\": {}, \"paths\": {}}", "neither YAML nor JSON"),
            ("openapi: 3.1.0\npaths: {}\npaths: {}", "neither YAML nor JSON"),
            ("a: [", "neither YAML nor JSON"),
            ("a:\n\tb: 1", "neither YAML nor JSON"),
            (deep.as_str(), "recursion limit"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(said), "{text:.60}: {error}");
        }
        assert!(Input::of_bytes(vec![0xff, 0xfe]).is_err());
        assert!(format!("{:#}", Input::read("no/such.yaml").unwrap_err()).contains("no/such.yaml"));
    }

    #[test]
    fn json_gets_a_line_for_each_member() {
        let input = read("{\"openapi\":\"3.1.0\",\"paths\":{}}").unwrap();
        assert_eq!(input.text, "{\n  \"openapi\": \"3.1.0\",\n  \"paths\": {}\n}\n");
    }
}
