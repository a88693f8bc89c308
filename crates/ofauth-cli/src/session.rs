//! The client that a command talks through, and the sandbox behind it if the user asked for one.

use ofauth::{Client, ErrorKind};
use ofauth_sandbox::Sandbox;
use url::Url;

use crate::args::{Global, Speed};
use crate::config::Settings;
use crate::failure::{Failure, Result};
use crate::proxy;

/// A client, and the sandbox it talks to if it is not the real service.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) sandbox: Option<Sandbox>,
    has_connection: bool,
}

impl Session {
    /// Opens the session that flags, environment and configuration file describe.
    pub(crate) async fn open(flags: &Global, speed: &Speed) -> Result<Session> {
        if flags.sandbox {
            if flags.base_url.is_some() {
                return Err(Failure::argument("--sandbox and --base-url exclude each other"));
            }
            return Self::with_sandbox(flags, speed).await;
        }
        if flags.sandbox_part_size.is_some() {
            return Err(Failure::argument("--sandbox-part-size needs --sandbox"));
        }
        Self::new(flags, speed, &crate::config::load(flags)?, None)
    }

    async fn with_sandbox(flags: &Global, speed: &Speed) -> Result<Session> {
        let mut builder = Sandbox::builder();
        if let Some(size) = flags.sandbox_part_size {
            builder = builder.part_size(size);
        }
        let sandbox = builder.start().await.map_err(|error| Failure::config(error.to_string()))?;
        let settings = Settings::for_sandbox(sandbox.base_url());
        Self::new(flags, speed, &settings, Some(sandbox))
    }

    fn new(flags: &Global, speed: &Speed, settings: &Settings, sandbox: Option<Sandbox>) -> Result<Session> {
        let client = client(flags, speed, settings)?;
        Ok(Session { client, sandbox, has_connection: settings.connection_id.is_some() })
    }

    /// Refuses to go on without a connection, before anything is read or sent.
    pub(crate) fn need_connection(&self) -> Result<()> {
        if self.has_connection {
            return Ok(());
        }
        Err(Failure::config("no connection").with_hint(
            "give --connection, or set OFAUTH_CONNECTION_ID, or put connection_id into the configuration file",
        ))
    }
}

fn client(flags: &Global, speed: &Speed, settings: &Settings) -> Result<Client> {
    let Some(key) = &settings.api_key else {
        return Err(Failure::config("no API key").with_hint(
            "set OFAUTH_API_KEY, or give --api-key-file, or put api_key into the configuration file",
        ));
    };
    let base_url = settings.base_url.as_deref().unwrap_or(ofauth::DEFAULT_BASE_URL);
    let mut builder = Client::builder().api_key(key.expose()).base_url(base_url);
    if let Some(id) = &settings.connection_id {
        builder = builder.connection_id(id);
    }
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|error| {
            Failure::io(ErrorKind::Config, format!("the CA file {} cannot be read", path.display()), &error)
        })?;
        builder = builder.ca_pem(pem);
    }
    let proxy = match &settings.proxy {
        Some(set) => Some(set.clone()).filter(|url| !url.is_empty()),
        None => base_url
            .parse::<Url>()
            .ok()
            .and_then(|base| proxy::from_environment(&base, |name| std::env::var(name).ok())),
    };
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy);
    }
    for origin in &settings.allow_origins {
        builder = builder.allow_origin(origin);
    }
    if let Some(connections) = speed.concurrency {
        builder = builder.concurrency(connections.into());
    }
    if let Some(rate) = speed.limit_rate {
        builder = builder.limit_rate(rate);
    }
    if let Some(time) = flags.connect_timeout {
        builder = builder.connect_timeout(time);
    }
    if let Some(time) = flags.stall_timeout {
        builder = builder.stall_timeout(time);
    }
    if let Some(time) = flags.answer_timeout {
        builder = builder.answer_timeout(time);
    }
    Ok(builder.allow_plain_http(settings.allow_plain_http).build()?)
}
