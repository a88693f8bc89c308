//! What the builders of lists have in common, so that something else can ask for all of their pages.
//!
//! How a list goes on after a page is not decided here: `ofauth` does that, and [`operations`](crate::operations) say what by.

use ofauth_operations::Error;
use serde::de::DeserializeOwned;

/// A call of an operation that hands out a list in pages. The [builders](crate::builder) of such operations are one.
///
/// ```
/// use ofauth_api::list::List;
///
/// fn first_page<L: List>(list: L) -> Result<reqwest::Request, ofauth_api::Error> {
///     println!("{}", L::OPERATION_ID);
///     list.into_request()
/// }
/// ```
pub trait List {
    /// What the list is of.
    type Item: DeserializeOwned;

    /// The id of the operation.
    const OPERATION_ID: &'static str;

    /// The request of the page that the call asks for. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if a parameter is missing or not as documented.
    fn into_request(self) -> Result<reqwest::Request, Error>;
}
