//! How values and texts of a document are shown: short, on one line, as code.

use serde_json::Value;

/// Values in words.
pub(super) fn list(values: &[Value]) -> String {
    const MOST: usize = 12;
    let mut shown: Vec<String> = values.iter().take(MOST).map(self::shown).collect();
    if values.len() > MOST {
        shown.push(format!("{} more", values.len().saturating_sub(MOST)));
    }
    shown.join(", ")
}

/// A value as code, texts without quotes.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", short(text)),
        other => format!("`{}`", short(&other.to_string())),
    }
}

/// The start of a text that is too long for a line, without what would break one.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 80;
    let line: String = text.chars().map(|it| if it.is_control() || it == '`' { ' ' } else { it }).collect();
    if line.chars().count() > MOST {
        format!("{}…", line.chars().take(MOST).collect::<String>())
    } else {
        line
    }
}
