//! Has a variant stored of which only a cache has the bytes. Nothing else would: a wait alone would be in vain.
//!
//! Each try looks anew, for the address of the variant may have ended and somebody else may have asked for it. What may pass
//! is sat out as in the download itself.

use std::time::Duration;

use tokio::time::sleep;

use super::fetch::store;
use super::run::Wanted;
use super::step::{Patience, StoreVerdict, judge_store};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::Failure;
use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::http::retry;
use crate::secret_text::Secret;
use crate::vault_plus::{Variant, VariantStatus};

/// What a try came to.
enum Tried {
    /// It will be stored, or is not only in a cache any more.
    Done,
    /// The address was refused.
    Refused(u16),
}

/// Has the variant stored if only a cache has it.
pub(super) async fn have_stored(client: &Client, wanted: &Wanted) -> Result<()> {
    let mut patience = Patience::default();
    loop {
        let pause = match ask(client, wanted).await {
            Ok(Tried::Done) => return Ok(()),
            Ok(Tried::Refused(status)) => match patience.renew() {
                Some(0) => Duration::ZERO,
                Some(before) => retry::pause(before, RateLimitHeaders::default(), 1.0),
                None => return Err(refused(wanted, status, "also at new addresses")),
            },
            Err(failure) if failure.permanent => return Err(failure.error),
            Err(failure) => match patience.fail() {
                Some(before) => {
                    tracing::info!(error = %failure.error, "a medium is asked to be stored again");
                    retry::pause(before, failure.rate_limit, fastrand::f64())
                }
                None => return Err(failure.error),
            },
        };
        sleep(pause).await;
    }
}

/// Looks, and asks once.
async fn ask(client: &Client, wanted: &Wanted) -> Result<Tried, Failure> {
    let Some(address) = address(client, wanted).await? else { return Ok(Tried::Done) };
    let (status, rate_limit) = store(&client.0.transport.settings, address.as_str()).await?;
    match judge_store(status) {
        StoreVerdict::Accepted => Ok(Tried::Done),
        StoreVerdict::Renew => Ok(Tried::Refused(status)),
        StoreVerdict::Again => {
            let error = refused(wanted, status, "after several tries");
            Err(Failure::refused(status, error, rate_limit, true))
        }
        StoreVerdict::Over => {
            let error = refused(wanted, status, "which no other try changes");
            Err(Failure::refused(status, error, rate_limit, true).permanent())
        }
    }
}

/// The address of the variant, if only a cache has its bytes.
async fn address(client: &Client, wanted: &Wanted) -> Result<Option<Secret>, Failure> {
    let media = match client.vault_plus_get(&wanted.media_id).await {
        Ok(media) => media,
        // It may come: the wait says if it does not.
        Err(error) if error.status() == Some(404) => return Ok(None),
        Err(error) => {
            let may_pass = error.is_retryable();
            let failure = Failure::lost(error, true);
            return Err(if may_pass { failure } else { failure.permanent() });
        }
    };
    Ok(match media.variant(&wanted.label) {
        Some(Variant { status: VariantStatus::EdgeOnly, url, .. }) => url.clone(),
        _ => None,
    })
}

/// The error of a host that does not store the variant.
fn refused(wanted: &Wanted, status: u16, how: &str) -> Error {
    let Wanted { media_id, label } = wanted;
    let remedy = match status {
        401 | 403 => "if the media host wants the API key, allow its origin",
        _ => "look whether it is still in Vault+, and do it again later",
    };
    let text = format!(
        "the media host refuses to store the variant {label:?} of {media_id} (HTTP {status}, {how}): {remedy}"
    );
    let kind = ErrorKind::of_answer(status, None);
    Error::new(kind, text).with_answer(status, None, None, None)
}
