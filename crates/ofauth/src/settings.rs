//! The settings of a client, checked once and then shared unchanged by everything it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use ofauth_operations::operation::Connection;

use crate::error::{Error, ErrorKind, Result, Setting};
use crate::origin::Origins;
use crate::proxy::Proxy;
use crate::secret::ApiKey;
use crate::threads::Threads;
use crate::tls::Tls;

/// What every request of a client needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) key: ApiKey,
    pub(crate) connection_id: Option<String>,
    pub(crate) origins: Origins,
    pub(crate) user_agent: HeaderValue,
    pub(crate) concurrency: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Arc<Tls>,
    /// For everything that may wait for the system.
    pub(crate) threads: Threads,
    /// Whether the service ever answered: scheme and port are right then, and what speaks otherwise is a fault that passes.
    pub(crate) answered: Arc<AtomicBool>,
}

impl Settings {
    /// The connection to act on: the call's own, or the client's.
    pub(crate) fn connection(&self, of_call: Option<&str>) -> Result<HeaderValue> {
        let id = of_call
            .or(self.connection_id.as_deref())
            .ok_or_else(|| wrong_connection("this call acts on a connection and none is set"))?;
        connection_header(id)
    }

    /// The connection for a call of an operation: its own, or the client's if the operation takes one.
    pub(crate) fn connection_for(
        &self,
        wanted: Connection,
        of_call: Option<&str>,
    ) -> Result<Option<HeaderValue>> {
        let is_sent = match wanted {
            Connection::Required => true,
            Connection::None => of_call.is_some(),
            _ => of_call.is_some() || self.connection_id.is_some(),
        };
        is_sent.then(|| self.connection(of_call)).transpose()
    }

    /// The same for another connection.
    pub(crate) fn for_connection(&self, id: &str) -> Result<Self> {
        connection_header(id)?;
        Ok(Self { connection_id: Some(id.to_owned()), ..self.clone() })
    }

    /// The service answered.
    pub(crate) fn set_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether it ever did.
    pub(crate) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }
}

/// Where a connection id comes from, for errors that ask for one.
const CONNECTION_FROM: &str = "give the id of a linked account, such as conn_abc123; the operation list_connections has all of \
                               them, and a local sandbox takes any";

fn wrong_connection(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, text).with_setting(Setting::Connection).with_next_step(CONNECTION_FROM)
}

/// Checks a connection id and makes it a header value.
pub(crate) fn connection_header(id: &str) -> Result<HeaderValue> {
    if id.trim().is_empty() {
        return Err(wrong_connection("the connection id is empty"));
    }
    let graphic = HeaderValue::from_str(id).ok().filter(|_| id.bytes().all(|byte| byte.is_ascii_graphic()));
    graphic.ok_or_else(|| {
        wrong_connection(format!(
            "the connection id {id:?} contains a character that is not allowed in a connection id"
        ))
    })
}
