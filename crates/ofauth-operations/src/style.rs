//! How the value of a parameter with several parts is written: the one rule for every road that sends parameters.
//!
//! OpenAPI has styles that differ by the place of a parameter and by `explode`; these are what becomes of them. What parts a
//! value has, and what each is as a text, is the caller's matter, and so is encoding.

/// How the value of a parameter is written. A plain value is its text in every style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Style {
    /// Each part is a pair of its own: `ids=1&ids=2`, and of an object `a=1&b=2`.
    Repeated,
    /// One text with commas: `ids=1,2`, and of an object `a,1,b,2`.
    Commas,
    /// One text with spaces: `ids=1 2`.
    Spaces,
    /// One text with bars: `ids=1|2`.
    Pipes,
    /// One text with commas, of an object: `a=1,b=2`.
    Fields,
    /// Each field of an object is a pair of its own: `filter[a]=1`.
    DeepObject,
    /// One JSON text.
    Json,
    /// A way that this version does not write. Whoever knows it passes the text as it is.
    Other,
}

/// Writes a name, a value or a field so that nothing in it is taken for what stands between: percent-encoded in an address, and
/// as it is in a header.
pub type Encode<'a> = &'a dyn Fn(&str) -> String;

impl Style {
    /// The pairs of names and texts for a parameter `name` that holds these values. They are encoded; what stands between
    /// values is so where an address cannot have it.
    ///
    /// ```
    /// use ofauth_operations::operation::Style;
    ///
    /// let texts = ["1".to_owned(), "2".to_owned()];
    /// assert_eq!(Style::Commas.array("ids", &texts, &str::to_owned), [("ids".to_owned(), "1,2".to_owned())]);
    /// assert_eq!(Style::Repeated.array("ids", &texts, &str::to_owned).len(), 2);
    /// ```
    #[must_use]
    pub fn array(self, name: &str, texts: &[String], encode: Encode<'_>) -> Vec<(String, String)> {
        let texts = texts.iter().map(|text| encode(text));
        match self.between() {
            Some(between) => joined(encode(name), &texts.collect::<Vec<_>>(), between),
            None => texts.map(|text| (encode(name), text)).collect(),
        }
    }

    /// The pairs of names and texts for a parameter `name` that is an object of these fields. One may stand there several
    /// times: it holds a list.
    ///
    /// ```
    /// use ofauth_operations::operation::Style;
    ///
    /// let fields = [("a".to_owned(), "1".to_owned())];
    /// let deep = Style::DeepObject.object("filter", &fields, &str::to_owned);
    /// assert_eq!(deep, [("filter[a]".to_owned(), "1".to_owned())]);
    /// ```
    #[must_use]
    pub fn object(
        self,
        name: &str,
        fields: &[(String, String)],
        encode: Encode<'_>,
    ) -> Vec<(String, String)> {
        let encoded = fields.iter().map(|(field, text)| (encode(field), encode(text)));
        match (self, self.between()) {
            (Self::Repeated, _) => encoded.collect(),
            (Self::Fields, _) => {
                let fields: Vec<String> = encoded.map(|(field, text)| format!("{field}={text}")).collect();
                joined(encode(name), &fields, ",")
            }
            (_, Some(between)) => {
                let flat: Vec<String> = encoded.flat_map(|(field, text)| [field, text]).collect();
                joined(encode(name), &flat, between)
            }
            (_, None) => {
                let deep = |field: &str| encode(&format!("{name}[{field}]"));
                fields.iter().map(|(field, text)| (deep(field), encode(text))).collect()
            }
        }
    }

    /// The values of an array, still encoded, that were written into the query as this text.
    ///
    /// ```
    /// use ofauth_operations::operation::Style;
    ///
    /// assert_eq!(Style::Pipes.values("1%7C2"), ["1", "2"]);
    /// ```
    #[must_use]
    pub fn values(self, encoded: &str) -> Vec<&str> {
        match self.between() {
            Some(between) => encoded.split(between).collect(),
            None => vec![encoded],
        }
    }

    /// What stands between values that make up one text.
    const fn between(self) -> Option<&'static str> {
        match self {
            Self::Commas | Self::Fields => Some(","),
            // Both stand in queries alone.
            Self::Spaces => Some("%20"),
            Self::Pipes => Some("%7C"),
            Self::Repeated | Self::DeepObject | Self::Json | Self::Other => None,
        }
    }
}

/// One pair of all texts; none of no text.
fn joined(name: String, texts: &[String], between: &str) -> Vec<(String, String)> {
    if texts.is_empty() { Vec::new() } else { vec![(name, texts.join(between))] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pairs: Vec<(String, String)>) -> String {
        pairs.into_iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn every_style_has_its_form() {
        let encode: Encode<'_> = &|text| text.replace(',', "%2C");
        let texts = ["1".to_owned(), "2,3".to_owned()];
        let fields = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())];
        for (style, array, object) in [
            (Style::Repeated, "it=1&it=2%2C3", "a=1&b=2"),
            (Style::Commas, "it=1,2%2C3", "it=a,1,b,2"),
            (Style::Spaces, "it=1%202%2C3", "it=a%201%20b%202"),
            (Style::Pipes, "it=1%7C2%2C3", "it=a%7C1%7Cb%7C2"),
            (Style::Fields, "it=1,2%2C3", "it=a=1,b=2"),
            (Style::DeepObject, "it=1&it=2%2C3", "it[a]=1&it[b]=2"),
        ] {
            assert_eq!(shown(style.array("it", &texts, encode)), array, "{style:?}");
            assert_eq!(shown(style.object("it", &fields, encode)), object, "{style:?}");
            let written = style.array("it", &texts, encode);
            let values: Vec<&str> = written.iter().flat_map(|(_, text)| style.values(text)).collect();
            assert_eq!(values, ["1", "2%2C3"], "{style:?}");
            assert!(style.array("it", &[], encode).is_empty());
        }
    }
}
