//! Configuration
//!
//! What a client is made from. Setters copy what they are given; a wrong value is reported by them or by
//! `ofauth_client_new`. A configuration may make any number of clients.

use std::ffi::{c_char, c_int, c_void};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ofauth::{Client, ClientBuilder, MAX_CONCURRENCY, RateLimit};
use zeroize::Zeroizing;

use crate::boundary::{change, fallible, infallible};
use crate::error::ofauth_error;
use crate::log::{self, LogTarget, ofauth_log_callback};
use crate::pointer::{self, Result, hand_out};
use crate::range;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};
use crate::user_data::{UserData, ofauth_destroy};

/// Threads of a client unless set otherwise: one would do, two let encryption of several connections run in parallel.
const DEFAULT_WORKER_THREADS: usize = 2;
const MAX_WORKER_THREADS: usize = 64;

/// The settings of clients to be made. One thread at a time.
pub struct ofauth_config {
    key: Zeroizing<String>,
    builder: ClientBuilder,
    worker_threads: usize,
    bandwidth_limit: Option<NonZeroU64>,
    timeouts: Timeouts,
    log: Option<LogTarget>,
}

/// Those that were set.
#[derive(Default)]
struct Timeouts {
    connect: Option<Duration>,
    stall: Option<Duration>,
    answer: Option<Duration>,
}

impl ofauth_config {
    /// A client with these settings.
    pub(crate) fn client(&self) -> Result<Client> {
        let mut builder = self.builder.clone().api_key(self.key.as_str());
        if let Some(rate) = self.bandwidth_limit {
            builder = builder.bandwidth_limit(rate);
        }
        let Timeouts { connect, stall, answer } = self.timeouts;
        if let Some(limit) = connect {
            builder = builder.connect_timeout(limit);
        }
        if let Some(limit) = stall {
            builder = builder.stall_timeout(limit);
        }
        if let Some(limit) = answer {
            builder = builder.answer_timeout(limit);
        }
        Ok(builder.build()?)
    }

    pub(crate) fn worker_threads(&self) -> usize {
        self.worker_threads
    }

    pub(crate) fn log(&self) -> Option<LogTarget> {
        self.log.clone()
    }
}

/// Sets a text of the builder.
///
/// # Safety
///
/// As for [`change`], and `text` is NULL or ends with NUL.
unsafe fn set_text(
    config: *mut ofauth_config,
    text: *const c_char,
    name: &str,
    err: *mut *mut ofauth_error,
    set: impl FnOnce(ClientBuilder, String) -> ClientBuilder,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        // SAFETY: as promised by the caller.
        let text = unsafe { pointer::owned_text(text, name) }?;
        config.builder = set(std::mem::take(&mut config.builder), text);
        Ok(())
    };
    // SAFETY: as promised by the caller.
    unsafe { change(config, "config", err, with) }
}

/// Sets a directory of the builder.
///
/// # Safety
///
/// As for [`change`], and `path` is NULL or ends with NUL.
unsafe fn set_directory(
    config: *mut ofauth_config,
    path: *const c_char,
    err: *mut *mut ofauth_error,
    set: impl FnOnce(ClientBuilder, PathBuf) -> ClientBuilder,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        // SAFETY: as promised by the caller.
        let directory = unsafe { pointer::directory(path, "path") }?;
        config.builder = set(std::mem::take(&mut config.builder), directory);
        Ok(())
    };
    // SAFETY: as promised by the caller.
    unsafe { change(config, "config", err, with) }
}

/// Sets one of the timeouts.
///
/// # Safety
///
/// As for [`change`].
unsafe fn set_timeout(
    config: *mut ofauth_config,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
    which: impl FnOnce(&mut Timeouts) -> &mut Option<Duration>,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        *which(&mut config.timeouts) = (milliseconds > 0).then(|| Duration::from_millis(milliseconds));
        Ok(())
    };
    // SAFETY: as promised by the caller.
    unsafe { change(config, "config", err, with) }
}

/// Makes a configuration with the API key of the organization. The key is copied, sent to the base URL's server and
/// nowhere else, and zeroed when the configuration is freed.
///
/// Free it with `ofauth_config_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_new(
    api_key: *const c_char,
    out: *mut *mut ofauth_config,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let key = Zeroizing::new(unsafe { pointer::owned_text(api_key, "api_key") }?);
        let config = ofauth_config {
            key,
            builder: ClientBuilder::default(),
            worker_threads: DEFAULT_WORKER_THREADS,
            bandwidth_limit: None,
            timeouts: Timeouts::default(),
            log: None,
        };
        // An empty or impossible key is reported where it is given. Of plain http, because a client of an https server
        // looks where certificates are, which is for the client that is really made.
        ClientBuilder::default().base_url("http://127.0.0.1").api_key(config.key.as_str()).build()?;
        hand_out(out, config);
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a configuration. Clients that were made from it are not touched. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_free(config: *mut ofauth_config) {
    // SAFETY: the header asks for NULL or a configuration that was not freed yet.
    infallible(|| unsafe { pointer::free(config) });
}

/// Sets the server: `http://` or `https://`, a path is kept as a prefix. Default: `https://api.ofauth.com`. Plain http is
/// accepted for this machine only, unless `ofauth_config_allow_plain_http` says otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_base_url(
    config: *mut ofauth_config,
    url: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_text(config, url, "url", err, |builder, url| builder.base_url(url)) }
}

/// Sets the connection, the linked account, that calls act on unless they name another. It looks like "conn_abc123".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_connection_id(
    config: *mut ofauth_config,
    connection_id: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_text(config, connection_id, "connection_id", err, |builder, id| builder.connection_id(id)) }
}

/// Sets how many threads a client has for network and encryption, 1 to 64. Default: 2. Looking up names and reading files
/// may start more threads, one for each part that is being sent, which end when they are idle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_worker_threads(
    config: *mut ofauth_config,
    threads: u32,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        config.worker_threads = range::checked("threads", threads, MAX_WORKER_THREADS)?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(config, "config", err, with) }
}

/// Sets how many parts of one upload are sent in parallel, 1 to 64. Default: 4. If the service refuses parallel parts, they
/// are sent one by one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_concurrency(
    config: *mut ofauth_config,
    parts: u32,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        let parts = range::checked("parts", parts, MAX_CONCURRENCY)?;
        config.builder = std::mem::take(&mut config.builder).concurrency(parts);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(config, "config", err, with) }
}

/// Limits the bytes per second of all uploads of a client together. 0, the default, is no limit.
///
/// The limit applies to what is given to the kernel, whose buffers, up to 512 KiB for each connection, fill at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_bandwidth_limit(
    config: *mut ofauth_config,
    bytes_per_second: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        config.bandwidth_limit = NonZeroU64::new(bytes_per_second);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(config, "config", err, with) }
}

/// Makes uploads resumable: each keeps a journal file in the directory `path`, so that one that was interrupted continues
/// where it was. Default: none. On Unix the path may be any bytes, elsewhere it is UTF-8; it must not be empty.
///
/// A journal is readable by its owner only and is removed when its upload has ended. The directory is made when an upload
/// needs it; any number of clients and processes may share one. Whoever has the API key can continue the uploads with what
/// is in the files; the key itself is never there. See "Uploads that survive" above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_journal_dir(
    config: *mut ofauth_config,
    path: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_directory(config, path, err, |builder, dir| builder.journal_dir(dir)) }
}

/// Sets a request limit that is known beforehand, for each connection: `per_minute` requests a minute in the long run,
/// `burst` at once after a pause. Neither may be 0. Default: the limit is learned from the service's answers.
///
/// Requests to `/v2/access/...` wait in turn until the limit allows them, parts of uploads included. What the service says
/// can make a client slower than this, never faster. Without this setting nothing waits until the service states a limit
/// in its answers (`X-RateLimit-...`) or refuses a request (429).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_request_limit(
    config: *mut ofauth_config,
    per_minute: u32,
    burst: u32,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        let limit = RateLimit::new(per_minute, burst).ok_or_else(|| {
            let name = if per_minute == 0 { "per_minute" } else { "burst" };
            let text = format!("{name} is 0, which would forbid every request: use 1 or more");
            ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text)
        })?;
        config.builder = std::mem::take(&mut config.builder).request_limit(limit);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(config, "config", err, with) }
}

/// Sets a directory in which the processes of a machine share what they know of rate limits. Default: none; the clients of
/// other processes are then not known to this one. The path is as for `ofauth_config_set_journal_dir`.
///
/// Clients with the same directory, base URL and connection keep within one limit together, and a later process knows what
/// an earlier one used up. The files hold numbers, neither key nor connection, and may be deleted at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_rate_state_dir(
    config: *mut ofauth_config,
    path: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_directory(config, path, err, |builder, dir| builder.rate_state_dir(dir)) }
}

/// Sets the certificates of the authorities to trust, in PEM, instead of the platform's.
///
/// Without them the platform's store is read at the first https call, or what the environment variables SSL_CERT_FILE and
/// SSL_CERT_DIR name instead; see "Environment" above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_ca_pem(
    config: *mut ofauth_config,
    pem: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_text(config, pem, "pem", err, |builder, pem| builder.ca_pem(pem)) }
}

/// Sets an HTTP proxy, `http://[user:password@]host:port`, for every server but those on this machine. Default: none; no
/// environment variable is read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_proxy(
    config: *mut ofauth_config,
    url: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_text(config, url, "url", err, |builder, url| builder.proxy(url)) }
}

/// Sets how long opening a connection may take, name lookup and TLS included, in milliseconds. 0 is the default, 10 000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_connect_timeout(
    config: *mut ofauth_config,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_timeout(config, milliseconds, err, |timeouts| &mut timeouts.connect) }
}

/// Sets how long an upload may stand still, no byte being accepted on any of its connections, in milliseconds. 0 is the
/// default, 60 000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_stall_timeout(
    config: *mut ofauth_config,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_timeout(config, milliseconds, err, |timeouts| &mut timeouts.stall) }
}

/// Sets how long the service may take to answer a request that it has, in milliseconds. 0 is the default, 120 000.
///
/// It is for each try. `ofauth_upload_set_timeout`, `ofauth_request_set_timeout` and `ofauth_wait_set_timeout` limit the whole.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_answer_timeout(
    config: *mut ofauth_config,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_timeout(config, milliseconds, err, |timeouts| &mut timeouts.answer) }
}

/// Puts a text in front of the library's own `User-Agent`, such as "my-app/1.2".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_user_agent(
    config: *mut ofauth_config,
    text: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_text(config, text, "text", err, |builder, text| builder.user_agent(text)) }
}

/// Sets the log callback, which gets the lines up to `level`, one of `OFAUTH_LOG_...`. NULL, the default, disables it.
///
/// `user_data` is used until every configuration and client with this setting is freed and every call that was under way
/// then has returned; `destroy` is called at that moment. A line never holds the API key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_set_log(
    config: *mut ofauth_config,
    level: i32,
    callback: ofauth_log_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |config: &mut ofauth_config| {
        let target = |callback| match log::level(level) {
            Some(level) => Ok(LogTarget { callback, user_data: Arc::clone(&user_data), level }),
            None => {
                let text = format!("level is {level}: use one of OFAUTH_LOG_ERROR to OFAUTH_LOG_TRACE");
                Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text))
            }
        };
        let log = callback.map(target).transpose()?;
        Ok(std::mem::replace(&mut config.log, log))
    };
    // SAFETY: what the header asks for.
    unsafe { change(config, "config", err, with) }
}

/// Allows a further origin, `scheme://host[:port]`, that upload plans may name. It will see the API key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_allow_origin(
    config: *mut ofauth_config,
    origin: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { set_text(config, origin, "origin", err, |builder, origin| builder.allow_origin(origin)) }
}

/// Allows plain http to other machines (1) or forbids it (0, the default). The key then travels unencrypted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_config_allow_plain_http(
    config: *mut ofauth_config,
    allow: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |config: &mut ofauth_config| {
        config.builder = std::mem::take(&mut config.builder).allow_plain_http(allow != 0);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(config, "config", err, with) }
}
