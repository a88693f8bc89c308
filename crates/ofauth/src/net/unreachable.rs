//! Why a connection could not be opened: in words for people, and whether another try may end differently.
//!
//! Whoever stands first on the way is named with host and port: the server, or the proxy in front of it. What the
//! proxy itself says is read by [`super::tunnel`].

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, InvalidMessage};
use url::Url;

use crate::error::{Error, ErrorKind, Setting};
use crate::http::outcome::Failure;
use crate::origin::{self, host_port};
use crate::proxy::Proxy;
use crate::settings::Settings;
use crate::system::{self, shortage, sources};

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// The name is looked up.
    Name,
    /// The addresses are tried.
    #[default]
    Tcp,
    /// The proxy was asked for a tunnel.
    Tunnel,
    /// The server was greeted.
    Tls,
}

/// The way to a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route<'a> {
    pub(crate) url: &'a Url,
    pub(crate) proxy: Option<&'a Proxy>,
}

impl<'a> Route<'a> {
    /// The way to `url`: through the proxy, if one is set and the URL is not on this machine.
    pub(crate) fn of(settings: &'a Settings, url: &'a Url) -> Self {
        Self { url, proxy: settings.proxy.as_ref().filter(|_| !origin::is_loopback(url)) }
    }

    /// The machine that is connected to.
    pub(super) fn first(self) -> &'a Url {
        self.proxy.map_or(self.url, |proxy| &proxy.url)
    }

    /// Whether the connection is a tunnel through the proxy.
    pub(super) fn is_tunnel(self) -> bool {
        self.proxy.is_some() && self.url.scheme() == "https"
    }

    fn first_name(self) -> String {
        format!("the {} {}", if self.proxy.is_some() { "proxy" } else { "server" }, host_port(self.first()))
    }

    fn remedy(self) -> &'static str {
        match self.proxy {
            Some(_) => "check that it runs, its address and the network",
            None => "check the network and the base URL",
        }
    }

    /// The server, and the proxy that leads to it.
    pub(super) fn server(self) -> String {
        let through = self.proxy.map(|proxy| format!(" through the proxy {}", host_port(&proxy.url)));
        format!("the server {}{}", host_port(self.url), through.unwrap_or_default())
    }

    /// The same error, known to be about the proxy if there is one.
    pub(crate) fn about(self, error: Error) -> Error {
        if self.proxy.is_some() { error.with_setting(Setting::Proxy) } else { error }
    }

    /// No connection came about in time.
    pub(super) fn late(self, stage: Stage, limit: Duration) -> Failure {
        let first = self.first_name();
        let (who, hangs, remedy) = match stage {
            Stage::Name => {
                (first, "; the name service does not answer", "check the network and its name service (DNS)")
            }
            Stage::Tcp => (first, "", self.remedy()),
            Stage::Tunnel => (first, "; it does not answer CONNECT", self.remedy()),
            Stage::Tls => {
                (self.server(), "; the TLS handshake does not finish", "check the network and the base URL")
            }
        };
        let limit = system::Time(limit);
        temporary(
            ErrorKind::Timeout,
            format!("{who} cannot be reached (no connection within {limit}{hangs}): {remedy}"),
        )
    }

    /// The first machine did not take the connection. `error` is hyper-util's, which tells the system's in its sources.
    pub(super) fn refused(self, limit: Duration, error: &(dyn StdError + 'static)) -> Failure {
        let who = self.first_name();
        let by_us = sources(error).find_map(|source| source.downcast_ref::<Error>());
        if let Some(ours) = by_us.filter(|ours| ours.kind() == ErrorKind::Resources) {
            return permanent(ErrorKind::Resources, format!("{who}: {}", ours.message()));
        }
        let by_system = sources(error).find_map(|source| source.downcast_ref::<io::Error>());
        let is_name = error.to_string() == "dns error";
        // Resolvers hide that they could open nothing.
        let starved = is_name.then(|| std::net::UdpSocket::bind("127.0.0.1:0").err()).flatten();
        if let Some((short, cause)) =
            starved.as_ref().or(by_system).and_then(|error| Some((shortage(error)?, error)))
        {
            let text = format!("{who} cannot be reached ({}): {short}", system::words(cause));
            return permanent(ErrorKind::Resources, text);
        }
        // hyper-util's own limit, which it takes from ours, has no number of the system.
        if by_system.is_some_and(|by| by.kind() == io::ErrorKind::TimedOut && by.raw_os_error().is_none()) {
            return self.late(Stage::Tcp, limit);
        }
        let cause = by_system.map_or_else(|| innermost(error), system::words);
        let (cause, remedy) = if is_name && by_system.is_some() {
            let cause = cause.trim_start_matches("failed to lookup address information: ");
            let name = self.first().host_str().unwrap_or_default();
            let remedy = "check its spelling, the network and its name service (DNS)";
            (format!("the name {name} was not found: {cause}"), remedy)
        } else {
            (cause, self.remedy())
        };
        temporary(ErrorKind::Network, format!("{who} cannot be reached ({cause}): {remedy}"))
    }

    /// The TLS handshake with the server failed. `answered`: the service has answered this client before, so the
    /// settings are right.
    pub(super) fn no_tls(self, error: io::Error, answered: bool) -> Failure {
        let who = self.server();
        let setting = |what: &str| match answered {
            true => temporary(ErrorKind::Network, format!("{who} {what}")),
            false => permanent(ErrorKind::Config, format!("{who} {what}")),
        };
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let refused = match tls {
            Some(rustls::Error::InvalidCertificate(why)) => self.untrusted(why),
            Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => setting(
                "does not speak TLS: check scheme and port of the base URL, an http server wants http://",
            ),
            Some(
                rustls::Error::PeerIncompatible(
                    rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13
                    | rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
                )
                | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
            ) => setting(
                "speaks only versions of TLS before 1.2, which are not safe: have it use TLS 1.2 or 1.3",
            ),
            Some(rustls::Error::AlertReceived(AlertDescription::UnrecognisedName)) => {
                setting("does not serve this name (TLS alert UnrecognisedName): check the base URL")
            }
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                setting("asks for a certificate of the client, which is not supported")
            }
            Some(
                why @ (rustls::Error::PeerIncompatible(_)
                | rustls::Error::AlertReceived(
                    AlertDescription::HandshakeFailure
                    | AlertDescription::InsufficientSecurity
                    | AlertDescription::NoApplicationProtocol,
                )),
            ) => setting(&format!(
                "has no TLS settings in common with this program ({why}): look at its settings"
            )),
            Some(why) => temporary(ErrorKind::Network, format!("{who} aborted the TLS handshake ({why})")),
            None => {
                let cause = match error.kind() {
                    io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
                    _ => system::words(&error),
                };
                let text = format!(
                    "{who} aborted the TLS handshake ({cause}): if this persists, check whether that port speaks https"
                );
                temporary(ErrorKind::Network, text)
            }
        };
        refused.map_error(|refused| refused.with_source(error))
    }

    /// The server's certificate is not trusted. Of some reasons, trusting another authority is the remedy.
    fn untrusted(self, why: &CertificateError) -> Failure {
        let give_ca = match self.proxy {
            Some(_) => "if the proxy looks into TLS, give the CA that it signs with to the client (ca_pem)",
            None => "check the base URL, or give the CA that signed it to the client (ca_pem)",
        };
        let (why, remedy, gives_ca) = match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("it has expired".into(), "renew it, or set this machine's clock", false)
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("it is not valid yet".into(), "set this machine's clock", false)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                let name = self.url.host_str().unwrap_or_default();
                (format!("it is not for {name}"), "check the base URL", false)
            }
            CertificateError::UnknownIssuer => ("its issuer is unknown".into(), give_ca, true),
            why => (why.to_string(), give_ca, true),
        };
        let text = format!("{}: the certificate is not trusted ({why}): {remedy}", self.server());
        let mut error = Error::new(ErrorKind::Config, text);
        if gives_ca && self.proxy.is_none() {
            error = error.with_setting(Setting::CaCertificates);
        }
        Failure::not_sent(error).permanent()
    }

    /// What answers a plain request speaks TLS.
    pub(crate) fn wants_tls(self) -> Error {
        let remedy = match self.proxy {
            Some(_) => "only proxies that are reached by plain http are supported",
            None => "use https:// in the base URL",
        };
        self.about(Error::new(ErrorKind::Config, format!("{} speaks TLS: {remedy}", self.first_name())))
    }
}

/// A failure that may pass.
pub(super) fn temporary(kind: ErrorKind, text: String) -> Failure {
    Failure::not_sent(Error::new(kind, text))
}

/// A failure that stays until something is changed.
pub(super) fn permanent(kind: ErrorKind, text: String) -> Failure {
    Failure::not_sent(Error::new(kind, text)).permanent()
}

/// The text of the last error in the chain, which says what really happened.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let last = sources(error).last();
    match last.and_then(|last| last.downcast_ref::<io::Error>()) {
        Some(by_system) => system::words(by_system),
        None => last.map(ToString::to_string).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_took_too_long_says_what_it_waited_for() {
        let url = "https://api.test/v2".parse().unwrap();
        let proxy = Proxy::new("http://u:secret@proxy.test:3128").unwrap();
        let limit = Duration::from_secs(10);
        let late = |proxy, stage| Route { url: &url, proxy }.late(stage, limit).error;
        for (proxy, stage, wanted) in [
            (
                None,
                Stage::Name,
                "the server api.test:443 cannot be reached (no connection within 10 s; the name service does not answer): check the network and its name service (DNS)",
            ),
            (
                None,
                Stage::Tcp,
                "the server api.test:443 cannot be reached (no connection within 10 s): check the network and the base URL",
            ),
            (
                Some(&proxy),
                Stage::Name,
                "the proxy proxy.test:3128 cannot be reached (no connection within 10 s; the name service does not answer): check the network and its name service (DNS)",
            ),
            (
                Some(&proxy),
                Stage::Tunnel,
                "the proxy proxy.test:3128 cannot be reached (no connection within 10 s; it does not answer CONNECT): check that it runs, its address and the network",
            ),
            (
                Some(&proxy),
                Stage::Tls,
                "the server api.test:443 through the proxy proxy.test:3128 cannot be reached (no connection within 10 s; the TLS handshake does not finish): check the network and the base URL",
            ),
        ] {
            let error = late(proxy, stage);
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Timeout, wanted));
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_the_system_refuses_is_no_failure_of_the_network() {
        use rustix::io::Errno;
        let url = "https://api.test".parse().unwrap();
        let route = Route { url: &url, proxy: None };
        for (errno, kind) in [
            (Errno::MFILE, ErrorKind::Resources),
            (Errno::NFILE, ErrorKind::Resources),
            (Errno::NOMEM, ErrorKind::Resources),
            (Errno::NOBUFS, ErrorKind::Resources),
            (Errno::ADDRNOTAVAIL, ErrorKind::Resources),
            (Errno::CONNREFUSED, ErrorKind::Network),
            (Errno::HOSTUNREACH, ErrorKind::Network),
            (Errno::TIMEDOUT, ErrorKind::Network),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            let refused = route.refused(Duration::from_secs(10), &error);
            assert_eq!(
                (refused.error.kind(), refused.permanent),
                (kind, kind == ErrorKind::Resources),
                "{errno}"
            );
        }
        let elapsed = io::Error::from(io::ErrorKind::TimedOut);
        assert!(route.refused(Duration::from_secs(10), &elapsed).error.to_string().contains("within 10 s"));
    }
}
