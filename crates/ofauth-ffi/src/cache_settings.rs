//! Settings of Vault+
//!
//! Changes to the settings of a connection or of the account. They are read by `ofauth_call`: "get_connection_settings" and
//! "get_account_settings". Some changes delete copies, and those have to be allowed.

use std::ffi::{c_char, c_int};

use ofauth::{SettingsPatch, SettingsUpdate};
use serde_json::{Value, json};

use crate::call::typed;
use crate::client::ofauth_client;
use crate::error::ofauth_error;
use crate::pointer::{self, Result};
use crate::response::ofauth_response;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};

/// Changes the settings of Vault+ of a connection. `patch_json` is the body as the API takes it:
/// {"vaultPlus": {"enabled": true, "settings": {"cacheVideos": true}}}. What is not in it stays as it is.
///
/// The present settings are read first. A change that deletes copies is `OFAUTH_ERR_INVALID_ARGUMENT`, with each reason, and is
/// not sent, unless `allow_purge` is not 0.
///
/// The response is {"settings": {...}, "purged": 0, "freedBytes": 0, "affectedConnections": null}: the settings as they are now,
/// and what that deleted. Free `*out` with `ofauth_response_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_update_connection_settings(
    client: *const ofauth_client,
    connection_id: *const c_char,
    patch_json: *const c_char,
    allow_purge: c_int,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &ofauth::Client| {
        // SAFETY: the header asks for a text that ends with NUL.
        let id = unsafe { pointer::text(connection_id, "connection_id") }?;
        // SAFETY: likewise.
        let patch = unsafe { patch(patch_json, allow_purge) }?;
        Ok(client.update_connection_settings(id, &patch))
    };
    // SAFETY: what the header asks for.
    unsafe { typed(client, out, err, call, update) }
}

/// Changes the settings of Vault+ of the account: {"vaultPlus": {"defaultSettings": {"retentionDays": 30},
/// "applyToExistingConnections": true}}. Otherwise as `ofauth_update_connection_settings`; "affectedConnections" is how many
/// connections the change was for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_update_account_settings(
    client: *const ofauth_client,
    patch_json: *const c_char,
    allow_purge: c_int,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &ofauth::Client| {
        // SAFETY: the header asks for a text that ends with NUL.
        let patch = unsafe { patch(patch_json, allow_purge) }?;
        Ok(client.update_account_settings(&patch))
    };
    // SAFETY: what the header asks for.
    unsafe { typed(client, out, err, call, update) }
}

/// The changes in JSON.
///
/// # Safety
///
/// NULL, or a text that ends with NUL.
unsafe fn patch(json: *const c_char, allow_purge: c_int) -> Result<SettingsPatch> {
    // SAFETY: as promised by the caller.
    let text = unsafe { pointer::text(json, "patch_json") }?;
    let json: Value = serde_json::from_str(text).map_err(|error| {
        ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &format!("patch_json is not JSON ({error})"))
    })?;
    Ok(SettingsPatch::new().merge(&json).allow_purge(allow_purge != 0))
}

fn update(update: SettingsUpdate) -> Result<ofauth_response> {
    ofauth_response::of_json(&json!({
        "settings": update.settings,
        "purged": update.purged,
        "freedBytes": update.freed_bytes,
        "affectedConnections": update.affected_connections,
    }))
}
