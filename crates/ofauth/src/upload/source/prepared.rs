//! A source that is open and named: what the service is told of it.

use http::HeaderValue;

use super::content_type;
use super::input::Source;
use super::opened::Opened;
use crate::error::{Error, ErrorKind, Result};
use crate::system;
use crate::threads::Threads;

/// A source that is open, and what the service is told of it.
pub(crate) struct Prepared {
    pub(crate) source: Opened,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    /// The content type that the first bytes tell, unless another was given.
    pub(crate) format: Option<&'static str>,
}

impl Prepared {
    pub(crate) fn content_type_header(&self) -> Result<HeaderValue> {
        HeaderValue::from_str(&self.content_type).map_err(|_| {
            let text = format!(
                "the content type {:?} contains a character that is not allowed in a header",
                self.content_type
            );
            Error::new(ErrorKind::InvalidArgument, text)
        })
    }
}

/// Opens a source and finds out its name and type.
pub(crate) async fn prepare(
    threads: Threads,
    source: Source,
    filename: Option<String>,
    content_type: Option<String>,
) -> Result<Prepared> {
    source.read_stream(&threads).await?;
    let of_source = threads.clone();
    let in_memory = source.is_in_memory();
    let open = move || {
        let mut prepared = open(&source, filename, content_type)?;
        prepared.source.threads = of_source;
        Ok(prepared)
    };
    if in_memory {
        return open();
    }
    threads.start(open)?.await.map_err(|_| Error::new(ErrorKind::Source, "the reader panicked"))?
}

fn open(source: &Source, filename: Option<String>, content_type: Option<String>) -> Result<Prepared> {
    let argument = |text: String| Error::new(ErrorKind::InvalidArgument, text);
    let mut opened = source.open()?;
    let filename = filename.or_else(|| opened.filename.clone()).ok_or_else(|| source.nameless())?;
    if source.is_known_by_name() {
        opened.place = format!("{}:{filename}", opened.place);
    }
    if filename.trim().is_empty() {
        return Err(argument("the file name is empty: give one with an extension".into()));
    }
    let (content_type, format) = match content_type {
        Some(given) if given.trim().is_empty() => {
            return Err(argument("the content type is empty: give one, such as video/mp4".into()));
        }
        Some(given) => (given, None),
        None => {
            let mut head = [0; content_type::HEAD];
            let read = opened.content.read(&mut head, 0).map_err(|error| {
                system::failed(ErrorKind::Source, format!("{source} cannot be read"), "", error)
            })?;
            let head = head.get(..read).unwrap_or_default();
            (content_type::of(&filename, head).to_owned(), content_type::by_content(head))
        }
    };
    Ok(Prepared { source: opened, filename, content_type, format })
}
