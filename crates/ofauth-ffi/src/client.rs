//! Clients

use std::ffi::c_char;
use std::sync::Arc;

use crate::boundary::{fallible, infallible};
use crate::callback;
use crate::config::ofauth_config;
use crate::error::ofauth_error;
use crate::guest::{Guest, broken, forked};
use crate::pointer::{self, Result, hand_out};
use crate::status::ofauth_status;
use crate::waiting::{Limits, ofauth_wait};

/// A client of the API, with its own threads and connections. Any number of threads may use one at the same time.
pub struct ofauth_client {
    guest: Arc<Guest>,
    limits: Limits,
}

/// The client behind a pointer of C, for one call.
///
/// # Safety
///
/// NULL, or a client that was not freed yet.
unsafe fn enter(client: *const ofauth_client) -> Result<(Arc<Guest>, Limits)> {
    // SAFETY: as promised by the caller.
    let client = unsafe { pointer::shared(client, "client") }?;
    if !client.guest.in_same_process() {
        return Err(forked());
    }
    callback::refuse_inside()?;
    if client.guest.workers().are_broken() {
        return Err(broken());
    }
    // The call keeps what it needs even if another thread frees the client meanwhile.
    Ok((Arc::clone(&client.guest), client.limits.clone()))
}

/// Carries out a function that waits: everything but its own arguments, which `call` reads. It is given the limits of the
/// client's wait.
///
/// # Safety
///
/// What the header asks for: `client` is NULL or alive, `out` and `err` are NULL or valid places.
pub(crate) unsafe fn waiting<T>(
    client: *const ofauth_client,
    out: *mut *mut T,
    err: *mut *mut ofauth_error,
    call: impl FnOnce(&Guest, Limits) -> Result<T>,
) -> ofauth_status {
    // SAFETY: as promised by the caller.
    unsafe { waiting_for_next(client, out, err, |client, limits| call(client, limits).map(Some)) }
}

/// The same for a function that may succeed and have no result, because there is no more.
///
/// # Safety
///
/// As for [`waiting`].
pub(crate) unsafe fn waiting_for_next<T>(
    client: *const ofauth_client,
    out: *mut *mut T,
    err: *mut *mut ofauth_error,
    call: impl FnOnce(&Arc<Guest>, Limits) -> Result<Option<T>>,
) -> ofauth_status {
    let body = || {
        // SAFETY: as promised by the caller.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: as promised by the caller.
        let (client, limits) = unsafe { enter(client) }?;
        if let Some(result) = call(&client, limits)? {
            hand_out(out, result);
        }
        Ok(())
    };
    // SAFETY: as promised by the caller.
    unsafe { fallible(err, body) }
}

/// Carries out a function that waits and has no result but its status.
///
/// # Safety
///
/// What the header asks for: `client` is NULL or alive, `err` is NULL or a valid place.
pub(crate) unsafe fn waiting_for_end(
    client: *const ofauth_client,
    err: *mut *mut ofauth_error,
    call: impl FnOnce(&Arc<Guest>, Limits) -> Result<()>,
) -> ofauth_status {
    let body = || {
        // SAFETY: as promised by the caller.
        let (client, limits) = unsafe { enter(client) }?;
        call(&client, limits)
    };
    // SAFETY: as promised by the caller.
    unsafe { fallible(err, body) }
}

/// Makes a client and starts its threads. `config` is copied and may be freed. Nothing is sent and no certificate is
/// looked for yet. May be called while a thread ends, in the destructor of a `pthread_key_t` too.
///
/// Free it with `ofauth_client_free`. `OFAUTH_ERR_CONFIG`: a setting is wrong, and the message names it.
/// `OFAUTH_ERR_RESOURCES`: the system gives no more threads or descriptors.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_new(
    config: *const ofauth_config,
    out: *mut *mut ofauth_client,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a living configuration that nobody changes meanwhile.
        let config = unsafe { pointer::shared(config, "config") }?;
        let guest = Guest::new(config.client()?, config.worker_threads(), config.log())?;
        hand_out(out, ofauth_client { guest: Arc::new(guest), limits: Limits::default() });
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Makes another handle of the same client, all of whose calls have the limits of `wait`: its cancel, timeout and tick.
///
/// It shares threads, connections and the request budget with `client`, costs next to nothing, and has the limits of `wait`
/// alone. What the request or the upload sets itself applies too; of two timeouts the shorter one. `wait` is copied. Free
/// it with `ofauth_client_free`; the threads end with the last handle.
///
/// ```c
/// ofauth_wait *wait = NULL;
/// ofauth_client *hasty = NULL;
/// ofauth_response *response = NULL;
/// ofauth_status status = ofauth_wait_new(&wait, &error);
/// if (status == OFAUTH_OK) status = ofauth_wait_set_timeout(wait, 5000, &error);
/// if (status == OFAUTH_OK) status = ofauth_client_with_wait(client, wait, &hasty, &error);
/// if (status == OFAUTH_OK) status = ofauth_call(hasty, "whoami", NULL, NULL, &response, &error);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_with_wait(
    client: *const ofauth_client,
    wait: *const ofauth_wait,
    out: *mut *mut ofauth_client,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a living client.
        let client = unsafe { pointer::shared(client, "client") }?;
        if !client.guest.in_same_process() {
            return Err(forked());
        }
        // SAFETY: the header asks for a living wait that nobody changes meanwhile.
        let limits = unsafe { pointer::shared(wait, "wait") }?.0.clone();
        hand_out(out, ofauth_client { guest: Arc::clone(&client.guest), limits });
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Replaces the API key, for a program that rotates keys. Requests that are sent from now on carry the new one, also those of
/// uploads under way and of other handles of the same client; connections, journal and what is known of rate limits are kept.
///
/// Any thread, inside callbacks too. `OFAUTH_ERR_CONFIG`: no key looks like that; the old one stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_set_api_key(
    client: *const ofauth_client,
    api_key: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a living client.
        let client = unsafe { pointer::shared(client, "client") }?;
        if !client.guest.in_same_process() {
            return Err(forked());
        }
        // SAFETY: the header asks for a text that ends with NUL.
        let api_key = unsafe { pointer::owned_text(api_key, "api_key") }?;
        Ok(client.guest.client().set_api_key(api_key)?)
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a client. Calls that are under way on other threads keep what they need and run to their end, and a batch that has
/// begun keeps it until it is freed; the last one stops the client's threads and closes its connections. That normally takes less than a millisecond and never more than
/// 100: a thread that waits for a name server or a disk is left to itself, touches no memory of the caller, and ends when
/// the system lets it. Nothing is cancelled: use an `ofauth_cancel` for that.
///
/// Inside a callback, and in a forked child, this is allowed. The child's copy of the client's memory and descriptors
/// stays with the child. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_free(client: *mut ofauth_client) {
    // SAFETY: the header asks for NULL or a client that was not freed yet.
    infallible(|| unsafe { pointer::free(client) });
}
