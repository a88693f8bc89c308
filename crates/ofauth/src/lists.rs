//! All pages of a list that a builder of the generated client asks for. The walk is that of the raw call.

use std::sync::Arc;

use ofauth_operations::operations::find;

use crate::call::generated_transport::prepared;
use crate::call::{Items, Pages};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};

impl Client {
    /// A list that a builder of [`api`](Self::api) asks for, page by page, with typed items.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut pages = client.pages(client.api().list_posts());
    /// while let Some(page) = pages.next().await {
    ///     for post in page? {
    ///         println!("{}: {}", post.id, post.text.unwrap_or_default());
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "typed")]
    pub fn pages<L: ofauth_api::list::List>(&self, list: L) -> Pages<L::Item> {
        let transport = &self.0.transport;
        let asked = || -> Result<_> {
            let operation = find(L::OPERATION_ID).ok_or_else(|| {
                Error::new(ErrorKind::Internal, "a list of the generated client is in no table")
            })?;
            Ok((operation, prepared(&transport.settings, list.into_request()?, Some(operation))?))
        };
        Pages::new(Arc::clone(transport), asked())
    }

    /// The same list item by item.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut fans = client.items(client.api().list_subscribers().query("anna"));
    /// while let Some(fan) = fans.next().await {
    ///     println!("{}", fan?.id);
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "typed")]
    pub fn items<L: ofauth_api::list::List>(&self, list: L) -> Items<L::Item> {
        self.pages(list).items()
    }
}
