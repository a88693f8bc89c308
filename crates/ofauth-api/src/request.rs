//! Puts requests together for the generated client, and has the errors for those that cannot be.
//!
//! The generated code calls this by the names of reqwest's own builder, which would need a `reqwest::Client`. Nothing is
//! sent here.

use ofauth_operations::operation::Style;
use ofauth_operations::{Error, ErrorKind};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method, Request, Url};
use serde::Serialize;

/// A request that is being put together, or why it cannot be.
pub(crate) struct Draft(Result<Request, Error>);

impl Draft {
    pub(crate) fn get(url: String) -> Self {
        Self::new(Method::GET, &url)
    }

    pub(crate) fn post(url: String) -> Self {
        Self::new(Method::POST, &url)
    }

    pub(crate) fn put(url: String) -> Self {
        Self::new(Method::PUT, &url)
    }

    pub(crate) fn patch(url: String) -> Self {
        Self::new(Method::PATCH, &url)
    }

    pub(crate) fn delete(url: String) -> Self {
        Self::new(Method::DELETE, &url)
    }

    fn new(method: Method, url: &str) -> Self {
        Self(Url::parse(url).map(|url| Request::new(method, url)).map_err(unsendable))
    }

    pub(crate) fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.and(|request| {
            request.headers_mut().insert(name, value);
            Ok(())
        })
    }

    /// Sets these headers, in place of what there was under their names.
    pub(crate) fn headers(self, headers: HeaderMap) -> Self {
        self.and(|request| {
            for name in headers.keys() {
                request.headers_mut().remove(name);
            }
            let mut last = None;
            for (name, value) in headers {
                // Of several values only the first comes with the name.
                last = name.or(last);
                if let Some(name) = &last {
                    request.headers_mut().append(name, value);
                }
            }
            Ok(())
        })
    }

    /// Appends to the query string; what is empty adds nothing.
    pub(crate) fn query(self, query: &impl Serialize) -> Self {
        self.and(|request| {
            let url = request.url_mut();
            let mut pairs = url.query_pairs_mut();
            query.serialize(serde_urlencoded::Serializer::new(&mut pairs)).map_err(unsendable)?;
            drop(pairs);
            if url.query() == Some("") {
                url.set_query(None);
            }
            Ok(())
        })
    }

    /// Appends a parameter that is written in a style of its own to the query string.
    #[allow(dead_code)]
    pub(crate) fn written(self, name: &str, value: &impl Serialize, style: Style) -> Self {
        self.and(|request| {
            let url = request.url_mut();
            let mut query = url.query().unwrap_or_default().to_owned();
            for (name, text) in crate::parameter::pairs(value, name, style)? {
                if !query.is_empty() {
                    query.push('&');
                }
                query.extend([name.as_str(), "=", text.as_str()]);
            }
            url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
            Ok(())
        })
    }

    pub(crate) fn json(self, body: &impl Serialize) -> Self {
        self.and(|request| {
            let body = serde_json::to_vec(body).map_err(unsendable)?;
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
            Ok(())
        })
    }

    /// JSON of a media type of its own.
    #[allow(dead_code)]
    pub(crate) fn json_as(self, body: &impl Serialize, media_type: &'static str) -> Self {
        self.json(body).header(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    /// JSON, or no body at all.
    #[allow(dead_code)]
    pub(crate) fn optional_json(self, body: &Option<impl Serialize>) -> Self {
        match body {
            Some(body) => self.json(body),
            None => self,
        }
    }

    /// JSON of a media type of its own, or no body at all.
    #[allow(dead_code)]
    pub(crate) fn optional_json_as(self, body: &Option<impl Serialize>, media_type: &'static str) -> Self {
        match body {
            Some(body) => self.json_as(body, media_type),
            None => self,
        }
    }

    /// Bytes, or no body at all, and then no media type.
    #[allow(dead_code)]
    pub(crate) fn optional_body(self, body: Option<Body>) -> Self {
        match body {
            Some(body) => self.body(body),
            None => self.and(|request| {
                request.headers_mut().remove(CONTENT_TYPE);
                Ok(())
            }),
        }
    }

    pub(crate) fn body(self, body: Body) -> Self {
        self.and(|request| {
            *request.body_mut() = Some(body);
            Ok(())
        })
    }

    pub(crate) fn build(self) -> Result<Request, Error> {
        self.0
    }

    fn and(mut self, change: impl FnOnce(&mut Request) -> Result<(), Error>) -> Self {
        if let Ok(request) = &mut self.0
            && let Err(error) = change(request)
        {
            self.0 = Err(error);
        }
        self
    }
}

/// The error for a parameter or body that is missing or not as documented.
pub(crate) fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, why)
}

/// The error for a request that HTTP cannot carry.
pub(crate) fn unsendable(why: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the request cannot be sent as it is ({why})"))
        .with_source(why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn in_a_query_nothing_is_taken_for_what_stands_between() {
        for (value, style, expected) in [
            (json!(["a b", "c,d"]), Style::Commas, "it=a+b,c%2Cd"),
            (json!(["a", "b"]), Style::Pipes, "it=a%7Cb"),
            (json!(["a", "b"]), Style::Spaces, "it=a%20b"),
            (json!({"a": 1}), Style::DeepObject, "it%5Ba%5D=1"),
            (json!({"a": 1}), Style::Repeated, "a=1"),
            (json!({"a": 1}), Style::Json, "it=%7B%22a%22%3A1%7D"),
        ] {
            let request = Draft::get("http://127.0.0.1/".to_owned()).written("it", &value, style);
            assert_eq!(request.build().unwrap().url().query(), Some(expected));
        }
        let nothing = Draft::get("http://127.0.0.1/".to_owned());
        let nothing = nothing.written("it", &None::<Vec<i64>>, Style::Commas).build().unwrap();
        assert_eq!(nothing.url().query(), None);
    }
}
