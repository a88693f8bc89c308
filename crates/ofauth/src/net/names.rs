//! Looks up the addresses of names, by the system's resolver, on threads that may wait for it.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::error::Error;
use crate::threads::Threads;

/// The resolver of every connection.
#[derive(Debug, Clone)]
pub(crate) struct Names(pub(crate) Threads);

/// Why there are no addresses: the system gave no thread, or its resolver found none.
type LookupError = Box<dyn std::error::Error + Send + Sync>;

impl Names {
    fn look_up(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<vec::IntoIter<SocketAddr>, LookupError>> + Send + use<> {
        let (threads, name) = (self.0.clone(), name.to_owned());
        async move {
            // The port is set by those who connect.
            let found: Result<io::Result<_>, Error> =
                threads.run(move || (name.as_str(), 0).to_socket_addrs()).await;
            Ok(found??)
        }
    }
}

impl Service<Name> for Names {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = LookupError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.look_up(name.as_str()))
    }
}
