//! The client that a command talks through, and the sandbox behind it if the user asked for one.

use ofauth::{Client, ClientBuilder, ErrorKind, Setting};
use ofauth_sandbox::Sandbox;
use url::Url;

use crate::app::{App, Shared};
use crate::args::Global;
use crate::args::upload::Speed;
use crate::config::{self, Settings, proxy};
use crate::failure::{Failure, Result, hint};
use crate::files::user_file::{self, Wanted};
use crate::files::user_text;
use crate::state::{self, State};

/// The certificates of the file of `--ca-file`. A whole platform's store has a quarter of it.
const CERTIFICATES: Wanted = Wanted { what: "CA file", kind: ErrorKind::Config, longest: 1024 * 1024 };

/// A client, and the sandbox it talks to if it is not the real service.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) sandbox: Option<Sandbox>,
    /// The state directory, if there is one.
    pub(crate) state: Option<State>,
    /// The server's address.
    pub(crate) base_url: String,
    /// The connection to act for, if one is set.
    pub(crate) connection: Option<String>,
}

/// What a command has of the directory of journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Journals {
    /// Its uploads leave journals there, so that it has to be there.
    Needed,
    /// It uploads nothing, but others know there which references it has used, if the directory is there.
    Useful,
    /// It was told to leave none.
    Unwanted,
}

impl Context {
    /// Opens the context that flags, environment and configuration file describe.
    pub(crate) async fn open(app: &App) -> Result<Context> {
        Self::with_journals(app, &Speed::default(), Journals::Useful).await
    }

    /// The same for uploads, which leave a journal and go on where an earlier run stopped if they are to `resume`.
    pub(crate) async fn for_uploads(app: &App, speed: &Speed, resume: bool) -> Result<Context> {
        let journals = if resume { Journals::Needed } else { Journals::Unwanted };
        Self::with_journals(app, speed, journals).await
    }

    async fn with_journals(app: &App, speed: &Speed, journals: Journals) -> Result<Context> {
        if let (Some(shared), Some(connection)) = (&app.shared, &app.flags.connection) {
            return Self::sharing(shared, connection);
        }
        let (flags, speed) = (app.flags.clone(), speed.clone());
        if flags.sandbox_part_size.is_some() && !flags.sandbox {
            return Err(Failure::argument("--sandbox-part-size needs --sandbox"));
        }
        if flags.sandbox && flags.base_url.is_some() {
            return Err(Failure::argument("--sandbox and --base-url exclude each other"));
        }
        let sandbox = if flags.sandbox { Some(start_sandbox(&flags).await?) } else { None };
        let open = move || {
            let settings = match &sandbox {
                Some(sandbox) => Settings::for_sandbox(sandbox.base_url()),
                None => config::load(&flags)?,
            };
            Self::new(&flags, &speed, journals, &settings, sandbox)
        };
        app.interrupt.reading(open).await
    }

    fn new(
        flags: &Global,
        speed: &Speed,
        journals: Journals,
        settings: &Settings,
        sandbox: Option<Sandbox>,
    ) -> Result<Context> {
        let base_url = settings.base_url.as_deref().unwrap_or(ofauth::DEFAULT_BASE_URL).to_owned();
        let mut builder = with_speed(builder(flags, settings, &base_url)?, speed);
        let state = state_directory(flags, journals)?;
        if let Some(state) = &state {
            builder = builder.rate_state_dir(state.rate());
            if journals != Journals::Unwanted {
                builder = builder.journal_dir(state.journal());
            }
        }
        let connection = settings.connection_id.clone();
        let client = builder.build().map_err(|error| match &settings.ca_file {
            Some(path) if error.setting() == Some(Setting::CaCertificates) => {
                Failure::from(error).with_hint(format!("look at {}", path.display()))
            }
            _ => Failure::from(error),
        })?;
        Ok(Context { client, sandbox, state, base_url, connection })
    }

    /// The same for another connection: one client, whose requests keep to one budget for each connection.
    fn sharing(shared: &Shared, connection: &str) -> Result<Context> {
        let Shared { client, state, base_url } = shared.clone();
        let client = client.for_connection(connection)?;
        Ok(Context { client, sandbox: None, state, base_url, connection: Some(connection.to_owned()) })
    }

    /// What the same command for another connection can share.
    pub(crate) fn share(&self) -> Shared {
        Shared { client: self.client.clone(), state: self.state.clone(), base_url: self.base_url.clone() }
    }

    /// Refuses to go on without a connection, before anything is read or sent.
    pub(crate) fn need_connection(&self) -> Result<()> {
        if self.connection.is_some() {
            return Ok(());
        }
        Err(Failure::config("no connection").with_hint(
            "give --connection, or set OFAUTH_CONNECTION_ID, or put connection_id into the configuration file; \
             `ofauth api list_connections` shows the ids (conn_...) of the accounts that are linked, and with \
             --sandbox none is needed",
        ))
    }
}

/// How often a Link session of the own sandbox is asked for until it is completed: nobody else can sign in there in time.
const LINK_AFTER: u32 = 3;

async fn start_sandbox(flags: &Global) -> Result<Sandbox> {
    let mut builder = Sandbox::builder().link_after(LINK_AFTER);
    if let Some(size) = flags.sandbox_part_size {
        builder = builder.part_size(size);
    }
    builder.start().await.map_err(|error| Failure::config(error.to_string()))
}

/// The state directory, made if need be. Uploads that cannot be resumed although they should be are an error.
fn state_directory(flags: &Global, journals: Journals) -> Result<Option<State>> {
    let Some(root) = state::find(flags) else { return Ok(None) };
    let shown = root.display().to_string();
    match State::create(root) {
        Ok(state) => Ok(Some(state)),
        Err(error) if journals == Journals::Needed => {
            let what = format!("the state directory {shown} cannot be created");
            Err(Failure::io(ErrorKind::Config, what, &error)
                .with_hint("name another one with --state-dir, or use --no-resume"))
        }
        Err(_) => Ok(None),
    }
}

fn with_speed(mut builder: ClientBuilder, speed: &Speed) -> ClientBuilder {
    if let Some(connections) = speed.concurrency {
        builder = builder.concurrency(connections.into());
    }
    if let Some(rate) = speed.bandwidth_limit {
        builder = builder.bandwidth_limit(rate);
    }
    if let Some(limit) = speed.request_limit() {
        builder = builder.request_limit(limit);
    }
    builder
}

fn builder(flags: &Global, settings: &Settings, base_url: &str) -> Result<ClientBuilder> {
    let Some(key) = &settings.api_key else {
        return Err(Failure::config("no API key").with_hint(
            "set OFAUTH_API_KEY, or give --api-key-file, or put api_key into the configuration file; keys come from the \
             OFAuth dashboard, and with --sandbox none is needed",
        ));
    };
    let mut builder = Client::builder().api_key(key.expose()).base_url(base_url);
    if let Some(id) = &settings.connection_id {
        builder = builder.connection_id(id);
    }
    if let Some(path) = &settings.ca_file {
        let (mut pem, _) = user_file::read(CERTIFICATES, path)?;
        user_text::unmark(CERTIFICATES.kind, &user_file::called(CERTIFICATES, path), &mut pem)?;
        builder = builder.ca_pem(pem);
    }
    let proxy = match &settings.proxy {
        Some(set) => Some(set.clone()).filter(|url| !url.is_empty()),
        None => match base_url.parse::<Url>() {
            Ok(base) => {
                let named = proxy::from_environment(&base, |name| std::env::var_os(name))?;
                named.inspect(|(_, variable)| hint::proxy_is_from(variable)).map(|(url, _)| url)
            }
            Err(_) => None,
        },
    };
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy);
    }
    for origin in &settings.allow_origins {
        builder = builder.allow_origin(origin);
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
    Ok(builder.allow_plain_http(settings.allow_plain_http))
}
