//! Clients

use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

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

/// Makes a handle of the same client that acts for another connection, which is a linked account. It costs next to nothing:
/// it shares threads, connections to the server, journal and all limits with `client`, and each connection has one request
/// budget, whoever spends it. It has the limits of `client`'s wait. Free it with `ofauth_client_free`; the threads end with the
/// last handle.
///
/// A batch and a list that have begun go on with handles for the same connection. Any thread, inside callbacks too.
/// `OFAUTH_ERR_CONFIG`: no connection id looks like that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_for_connection(
    client: *const ofauth_client,
    connection_id: *const c_char,
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
        // SAFETY: the header asks for a text that ends with NUL.
        let id = unsafe { pointer::owned_text(connection_id, "connection_id") }?;
        let guest = Arc::new(client.guest.for_connection(&id)?);
        hand_out(out, ofauth_client { guest, limits: client.limits.clone() });
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Tells what is known of the request budget of a connection, NULL for the client's own: in `*limit` the most requests that
/// are allowed at once, in `*left` how many may go now, in `*next_ms` how many milliseconds the next one will wait, 0 if it may
/// go now. Places that are NULL are left out. Nothing is sent.
///
/// While no limit is known, `*limit` is 0, `*left` is `UINT64_MAX` and `*next_ms` is 0. With `ofauth_config_set_rate_state_dir`,
/// what other processes know is read from a small file. Any thread, inside callbacks too. `OFAUTH_ERR_CONFIG`: no connection is
/// named and none is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_budget(
    client: *const ofauth_client,
    connection_id: *const c_char,
    limit: *mut u64,
    left: *mut u64,
    next_ms: *mut u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a living client.
        let client = unsafe { pointer::shared(client, "client") }?;
        if !client.guest.in_same_process() {
            return Err(forked());
        }
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        let id = unsafe { pointer::optional_text(connection_id, "connection_id") }?;
        let known = client.guest.client().budget(id)?;
        // Rounded up, so that who waits so long finds it there.
        let next = |time: Duration| u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        let (most, now, wait) =
            known.map_or((0, u64::MAX, 0), |known| (known.limit, known.left, next(known.next)));
        for (place, value) in [(limit, most), (left, now), (next_ms, wait)] {
            // SAFETY: the header asks for NULL or a place that is valid for writes.
            if let Some(place) = unsafe { place.as_mut() } {
                *place = value;
            }
        }
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
