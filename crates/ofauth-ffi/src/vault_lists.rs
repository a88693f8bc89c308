//! Lists of the vault
//!
//! What takes several requests: to put any number of media into a list, to take some out, to copy a list. To make, rename and
//! delete a list is one request each, by `ofauth_call`: "create_vault_list", "update_vault_list", "delete_vault_list". Each of
//! these functions can be called again after a failure, and goes on.

use std::ffi::c_char;
use std::sync::Arc;

use ofauth::VaultListChange;
use serde_json::json;

use crate::call::{run, typed};
use crate::client::{ofauth_client, waiting_for_end};
use crate::error::ofauth_error;
use crate::guest::Guest;
use crate::pointer::{self, Result};
use crate::response::ofauth_response;
use crate::status::ofauth_status;
use crate::waiting::Limits;

/// Puts media of the vault into a list, any number of them, 100 a request. Media that are in it stay as they are. If it fails
/// midway, the message says how many of the ids were added. `ids` may be NULL if `count` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_add_to_vault_list(
    client: *const ofauth_client,
    list_id: *const c_char,
    ids: *const *const c_char,
    count: usize,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Arc<Guest>, limits: Limits| {
        // SAFETY: what the header asks for.
        let (list, ids) = unsafe { list_and_ids(list_id, ids, count) }?;
        run(client, limits, client.client().add_to_vault_list(&list, ids))
    };
    // SAFETY: what the header asks for.
    unsafe { waiting_for_end(client, err, call) }
}

/// Takes media out of a list. They stay in the vault. The response is {"changed": [...], "unchanged": [...]}: the ids that were
/// in the list, and those that were not. `ids` may be NULL if `count` is 0. Free `*out` with `ofauth_response_free`.
///
/// The API can only empty a list. So what shall stay is kept in a second list meanwhile, named "ofauth keeps ...". Nothing is
/// lost if this is interrupted: do it again, and it goes on. The order of the list may change, and what somebody else adds to
/// it meanwhile may be lost from it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_remove_from_vault_list(
    client: *const ofauth_client,
    list_id: *const c_char,
    ids: *const *const c_char,
    count: usize,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &ofauth::Client| {
        // SAFETY: what the header asks for.
        let (list, ids) = unsafe { list_and_ids(list_id, ids, count) }?;
        Ok(client.remove_from_vault_list(&list, ids))
    };
    // SAFETY: what the header asks for.
    unsafe { typed(client, out, err, call, change) }
}

/// Puts all media of the list `from_id` into the list `to_id`, which keeps what it has. The response is
/// {"changed": [...], "unchanged": [...]}: the ids that are new there, and those that were there. Free `*out` with
/// `ofauth_response_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_copy_vault_list(
    client: *const ofauth_client,
    from_id: *const c_char,
    to_id: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &ofauth::Client| {
        // SAFETY: the header asks for a text that ends with NUL.
        let from = unsafe { pointer::text(from_id, "from_id") }?;
        // SAFETY: likewise.
        let to = unsafe { pointer::text(to_id, "to_id") }?;
        Ok(client.copy_vault_list(from, to))
    };
    // SAFETY: what the header asks for.
    unsafe { typed(client, out, err, call, change) }
}

/// A list and the ids of media.
///
/// # Safety
///
/// A text that ends with NUL or NULL, and an array of `count` of them.
unsafe fn list_and_ids(
    list_id: *const c_char,
    ids: *const *const c_char,
    count: usize,
) -> Result<(String, Vec<String>)> {
    // SAFETY: as promised by the caller.
    let list = unsafe { pointer::owned_text(list_id, "list_id") }?;
    // SAFETY: as promised by the caller.
    Ok((list, unsafe { pointer::texts(ids, count, "ids", pointer::owned_text) }?))
}

fn change(change: VaultListChange) -> Result<ofauth_response> {
    ofauth_response::of_json(&json!({ "changed": change.changed, "unchanged": change.unchanged }))
}
