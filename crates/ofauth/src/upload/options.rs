//! The options of an upload, as data.

use std::time::Duration;

use super::plan::api_types::VaultUpload;

/// How to upload: a value that is made once and serves any number of uploads, from any thread.
///
/// Every option has a default. What belongs to one upload alone, its callbacks and its [`Cancel`](crate::Cancel), is set on
/// the [`Upload`](crate::Upload).
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use std::time::Duration;
/// use ofauth::UploadOptions;
///
/// let options = UploadOptions::default().concurrency(8).timeout(Duration::from_secs(3600));
/// let trailer = client.upload_path("trailer.mp4").options(&options).await?;
/// let film = client.upload_path("film.mp4").options(&options).await?;
/// # Ok(()) }
/// ```
///
/// Each option is a field, which may be read and unset, and a setter of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "options do nothing until they are given to an upload"]
pub struct UploadOptions {
    /// The file name that the service sees.
    pub filename: Option<String>,
    /// The content type.
    pub content_type: Option<String>,
    /// The connection whose vault receives the upload.
    pub connection_id: Option<String>,
    /// Parts that are sent in parallel.
    pub concurrency: Option<usize>,
    /// How long the whole upload may take.
    pub timeout: Option<Duration>,
    /// Options for automatic vault workflows.
    pub vault_upload: Option<VaultUpload>,
    /// Whether the upload has no journal although the client has one.
    pub without_journal: bool,
    /// Whether the result is kept in the client's journal until it is settled.
    pub hold_result: bool,
}

impl UploadOptions {
    /// The file name that the service sees, with extension. Default: the source's own.
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = Some(name.into());
        self
    }

    /// The content type. Default: by the file name, else by the first bytes, else `application/octet-stream`.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// The connection whose vault receives the upload. Default: the client's.
    pub fn connection_id(mut self, id: impl Into<String>) -> Self {
        self.connection_id = Some(id.into());
        self
    }

    /// Parts that are sent in parallel, 1 to [`MAX_CONCURRENCY`](crate::MAX_CONCURRENCY). Default: the client's. Should the
    /// service refuse parts in parallel, they go one by one.
    pub fn concurrency(mut self, parts: usize) -> Self {
        self.concurrency = Some(parts);
        self
    }

    /// How long the whole upload may take. Default: no limit while bytes move.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Options for automatic vault workflows.
    pub fn vault_upload(mut self, options: VaultUpload) -> Self {
        self.vault_upload = Some(options);
        self
    }

    /// Uploads without the client's journal.
    pub fn without_journal(mut self) -> Self {
        self.without_journal = true;
        self
    }

    /// Keeps the result in the client's journal until [`Uploaded::settle`](crate::Uploaded::settle) is called.
    ///
    /// A process may be killed after the service has confirmed the upload, but before the program has stored the reference.
    /// With this option the reference is not lost: the same upload gives the same result again until it is settled. Without
    /// it, the result is given once. Without a journal, the option changes nothing.
    pub fn hold_result(mut self) -> Self {
        self.hold_result = true;
        self
    }
}

/// Writes the setter of each option for a type that holds an upload: one option at a time, for a program that has no use for
/// a value of all of them.
macro_rules! option_setters {
    () => {
        option_setters! {
            filename(name: impl Into<String>)
            content_type(content_type: impl Into<String>)
            connection_id(id: impl Into<String>)
            concurrency(parts: usize)
            timeout(limit: std::time::Duration)
            vault_upload(options: VaultUpload)
            without_journal()
            hold_result()
        }
    };
    ($($name:ident($($argument:ident: $type:ty)?))*) => {
        $(
            #[doc = concat!("Sets one option: see [`UploadOptions::", stringify!($name), "`].")]
            pub fn $name(self $(, $argument: $type)?) -> Self {
                self.with_options(|options| options.$name($($argument)?))
            }
        )*
    };
}

pub(crate) use option_setters;
