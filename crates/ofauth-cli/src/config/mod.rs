//! Settings and where they come from: flag, then environment, then configuration file.
//!
//! Each source becomes a [`Settings`] of its own, and [`Settings::or`] lays one over the next. What this module says
//! of a wrong file never quotes the file, because the API key may stand in the line.

mod no_proxy;
pub(crate) mod proxy;

use std::fs::File;
use std::path::{Path, PathBuf};

use ofauth::ErrorKind;
use ofauth::unversioned::display_safe::is_unsafe;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::failure::hint::{self, Sources};
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};

/// The longest configuration or key file that is read.
const LONGEST_FILE: u64 = 64 * 1024;

/// The API key, zeroed when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    fn new(text: &str) -> Self {
        // A byte order mark comes along where a shell has read a file into a variable.
        let blank = |character: char| character.is_whitespace() || character == '\u{feff}';
        Self(Zeroizing::new(text.trim_matches(blank).to_owned()))
    }

    /// The key itself, for the client alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What one source, or all of them together, set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) api_key: Option<Secret>,
    pub(crate) connection_id: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) proxy: Option<String>,
    pub(crate) allow_origins: Vec<String>,
    pub(crate) allow_plain_http: bool,
}

/// What the sandbox is talked to with. It takes any key and connection; these say what they are.
pub(crate) const SANDBOX_KEY: &str = "sk_sandbox_local";
/// See [`SANDBOX_KEY`].
pub(crate) const SANDBOX_CONNECTION: &str = "conn_sandbox_local";

impl Settings {
    /// What `--sandbox` sets instead of every other source.
    pub(crate) fn for_sandbox(base_url: impl std::fmt::Display) -> Settings {
        Settings {
            api_key: Some(Secret::new(SANDBOX_KEY)),
            connection_id: Some(SANDBOX_CONNECTION.to_owned()),
            base_url: Some(base_url.to_string()),
            ..Settings::default()
        }
    }

    /// These settings, and `lower` where they set nothing. Allowances add up.
    pub(crate) fn or(self, lower: Settings) -> Settings {
        let mut allow_origins = self.allow_origins;
        allow_origins.extend(lower.allow_origins);
        Settings {
            api_key: self.api_key.or(lower.api_key),
            connection_id: self.connection_id.or(lower.connection_id),
            base_url: self.base_url.or(lower.base_url),
            ca_file: self.ca_file.or(lower.ca_file),
            proxy: self.proxy.or(lower.proxy),
            allow_origins,
            allow_plain_http: self.allow_plain_http || lower.allow_plain_http,
        }
    }

    /// What the flags set.
    pub(crate) fn from_flags(flags: &Global) -> Result<Settings> {
        Ok(Settings {
            api_key: flags.api_key_file.as_deref().map(|path| read_key(path, path)).transpose()?,
            connection_id: flags.connection.clone(),
            base_url: flags.base_url.clone(),
            ca_file: flags.ca_file.clone(),
            proxy: flags.proxy.clone(),
            allow_origins: flags.allow_origin.clone(),
            allow_plain_http: flags.allow_plain_http,
        })
    }

    /// What the environment sets. An empty variable sets nothing.
    pub(crate) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Settings {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        Settings {
            api_key: set("OFAUTH_API_KEY").map(|key| Secret::new(&key)),
            connection_id: set("OFAUTH_CONNECTION_ID"),
            base_url: set("OFAUTH_BASE_URL"),
            ..Settings::default()
        }
    }

    /// What a configuration file sets. Relative paths in it start at `folder`, and `~/` is the home directory.
    fn from_table(table: toml::Table, folder: &Path) -> Result<Settings, String> {
        let mut settings = Settings::default();
        if table.contains_key("api_key") && table.contains_key("api_key_file") {
            return Err("`api_key` and `api_key_file` are both set: keep one".to_owned());
        }
        for (name, value) in table {
            match name.as_str() {
                "api_key" => settings.api_key = Some(Secret::new(&Zeroizing::new(string(&name, value)?))),
                "api_key_file" => {
                    let given = string(&name, value)?;
                    let key = read_key(&path(folder, &given), Path::new(&given));
                    settings.api_key = Some(key.map_err(|failure| failure.text())?);
                }
                "connection_id" => settings.connection_id = Some(string(&name, value)?),
                "base_url" => settings.base_url = Some(string(&name, value)?),
                "ca_file" => settings.ca_file = Some(path(folder, &string(&name, value)?)),
                "proxy" => settings.proxy = Some(string(&name, value)?),
                "allow_origins" => settings.allow_origins = strings(&name, value)?,
                "allow_plain_http" => {
                    settings.allow_plain_http =
                        value.as_bool().ok_or_else(|| format!("`{name}` must be true or false"))?;
                }
                // It may be the key, which no name of ours looks like.
                _ if name.contains(|character: char| character.is_ascii_digit()) => {
                    return Err("a name in it is not a setting: see `ofauth --help`".to_owned());
                }
                _ => return Err(format!("`{name}` is not a setting: see `ofauth --help`")),
            }
        }
        Ok(settings)
    }
}

/// A path as a configuration file has it.
fn path(folder: &Path, text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(text),
    }
}

/// The parsed text of a configuration file.
fn parse(text: &str) -> Result<toml::Table, String> {
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        format!("line {line} is not valid TOML")
    })
}

fn string(name: &str, value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        _ => Err(format!("`{name}` must be a text in quotes")),
    }
}

fn strings(name: &str, value: toml::Value) -> Result<Vec<String>, String> {
    let toml::Value::Array(values) = value else { return Err(format!("`{name}` must be a list of texts")) };
    values.into_iter().map(|value| string(name, value)).collect()
}

/// The settings of flags, environment and configuration file together. Waits for the files, which may be FIFOs.
pub(crate) fn load(flags: &Global) -> Result<Settings> {
    let variable = |name: &str| std::env::var(name).ok();
    if std::env::var_os("OFAUTH_API_KEY").is_some_and(|key| key.to_str().is_none()) {
        return Err(Failure::config("OFAUTH_API_KEY is not valid UTF-8: check how it is set"));
    }
    let file = match (&flags.config, usual_file(variable)) {
        (Some(path), _) => read_file(path)?,
        (None, Some(path)) if path.exists() => read_file(&path)?,
        _ => Settings::default(),
    };
    let (flags, environment) = (Settings::from_flags(flags)?, Settings::from_environment(variable));
    hint::settings_are_from(sources(&flags, &environment, &file));
    Ok(flags.or(environment).or(file))
}

/// Where the settings come from of which errors name the source.
fn sources(flags: &Settings, environment: &Settings, file: &Settings) -> Sources {
    let first = |flag, variable, is_set: fn(&Settings) -> bool| {
        let places = [(flags, flag), (environment, variable), (file, "the configuration file")];
        places.into_iter().find(|(settings, _)| is_set(settings)).map(|(_, name)| name)
    };
    Sources {
        api_key: first("--api-key-file", "OFAUTH_API_KEY", |settings| settings.api_key.is_some()),
        connection: first("--connection", "OFAUTH_CONNECTION_ID", |settings| {
            settings.connection_id.is_some()
        }),
        base_url: first("--base-url", "OFAUTH_BASE_URL", |settings| settings.base_url.is_some()),
    }
}

/// `$XDG_CONFIG_HOME/ofauth/config.toml`, else `~/.config/ofauth/config.toml`.
fn usual_file(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    let base = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(base.join("ofauth").join("config.toml"))
}

fn read_file(path: &Path) -> Result<Settings> {
    let shown = path.display();
    let (text, file) = read_text("configuration file", path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let wrong = |why: String| Failure::config(format!("the configuration file {shown}: {why}"));
    let table = parse(&text).map_err(wrong)?;
    if table.contains_key("api_key") && others_may_read(&file) {
        return Err(Failure::config(format!(
            "the configuration file {shown} holds the API key and others may read it"
        ))
        .with_hint(format!("chmod 600 {shown}")));
    }
    Settings::from_table(table, folder).map_err(wrong)
}

/// Reads the key from a file, of which the user gave this name.
fn read_key(path: &Path, given: &Path) -> Result<Secret> {
    if path == Path::new("-") {
        return Err(Failure::config("the API key is not read from standard input: name a file"));
    }
    // A word in the place of a file's name may be the key itself, and is not shown.
    let is_word = given.components().count() == 1 && given.extension().is_none();
    if is_word && !path.exists() {
        let text = "the key file cannot be read: no such file: name a file that holds the key, not the key";
        return Err(Failure::config(text));
    }
    let (text, _) = read_text("key file", path)?;
    let key = Secret::new(&text);
    let wrong = |why: &str| Err(Failure::config(format!("the key file {} {why}", path.display())));
    if key.expose().is_empty() {
        return wrong("is empty");
    }
    if key.expose().contains(|character: char| character.is_whitespace() || is_unsafe(character)) {
        return wrong("must hold the key alone, in one line");
    }
    if key.expose().contains("API_KEY=") || key.expose().starts_with(['"', '\'']) {
        return wrong("must hold the key alone, without a name and quotes");
    }
    Ok(key)
}

fn read_text(what: &'static str, path: &Path) -> Result<(Zeroizing<String>, File)> {
    let wanted = Wanted { what, kind: ErrorKind::Config, longest: LONGEST_FILE };
    let (text, file) = user_file::read_text(wanted, path)?;
    Ok((Zeroizing::new(text), file))
}

#[cfg(unix)]
fn others_may_read(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Result<Settings, String> {
        Settings::from_table(parse(text)?, Path::new("folder"))
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let flags = Settings { connection_id: Some("flag".into()), ..Settings::default() };
        let environment = Settings::from_environment(|name| match name {
            "OFAUTH_CONNECTION_ID" => Some("environment".into()),
            "OFAUTH_API_KEY" => Some(" key\n".into()),
            "OFAUTH_BASE_URL" => Some(String::new()),
            _ => None,
        });
        let file = toml("api_key = 'k'\nconnection_id = 'file'\nbase_url = 'https://file'").unwrap();
        let settings = flags.or(environment).or(file);
        assert_eq!(settings.connection_id.as_deref(), Some("flag"));
        assert_eq!(settings.api_key.unwrap().expose(), "key");
        assert_eq!(settings.base_url.as_deref(), Some("https://file"));
    }

    #[test]
    fn allowances_add_up() {
        let above = Settings { allow_origins: vec!["https://a".into()], ..Settings::default() };
        let below = toml("allow_origins = ['https://b']\nallow_plain_http = true").unwrap();
        let both = above.or(below);
        assert_eq!(both.allow_origins, ["https://a", "https://b"]);
        assert!(both.allow_plain_http);
    }

    #[test]
    fn a_wrong_file_is_named_by_line_or_setting_and_never_quoted() {
        for (text, said) in [
            ("connection_id = 'c'\napi_key = canary", "line 2 is not valid TOML"),
            ("api_key = 123456", "`api_key` must be a text in quotes"),
            ("allow_origins = 'https://canary'", "`allow_origins` must be a list of texts"),
            (
                "api_key = 'canary'\napi_key_file = 'canary'",
                "`api_key` and `api_key_file` are both set: keep one",
            ),
            ("apikey = 'canary'", "`apikey` is not a setting: see `ofauth --help`"),
        ] {
            assert_eq!(toml(text).unwrap_err(), said);
        }
    }

    #[test]
    fn paths_in_the_file_start_at_its_folder() {
        assert_eq!(toml("ca_file = 'ca.pem'").unwrap().ca_file.unwrap(), Path::new("folder/ca.pem"));
        let home = std::env::home_dir().unwrap();
        assert_eq!(toml("ca_file = '~/ca.pem'").unwrap().ca_file.unwrap(), home.join("ca.pem"));
        assert_eq!(toml("ca_file = '~ca.pem'").unwrap().ca_file.unwrap(), Path::new("folder/~ca.pem"));
    }

    #[test]
    fn the_usual_place_follows_the_xdg_rules() {
        let at = |value: &'static str| {
            usual_file(move |name| (name == "XDG_CONFIG_HOME").then(|| value.to_owned())).unwrap()
        };
        assert_eq!(at("/x"), Path::new("/x/ofauth/config.toml"));
        assert!(at("relative").ends_with(".config/ofauth/config.toml"));
    }

    #[test]
    fn debug_hides_the_key() {
        let settings = toml("api_key = 'canary'").unwrap();
        assert!(!format!("{settings:?}").contains("canary"));
    }
}
