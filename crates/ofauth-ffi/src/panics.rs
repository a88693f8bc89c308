//! Panics of this library, which are defects: what they say goes to the log, and not to the program's standard error.
//!
//! They are turned into statuses elsewhere. Panics of other Rust code that shares this library's std, if there is any, go
//! where they went.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside a function of the library.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs the body of a function of the library.
pub(crate) fn inside<T>(body: impl FnOnce() -> T) -> T {
    let before = INSIDE.replace(true);
    let result = body();
    INSIDE.set(before);
    result
}

/// Has panics on the library's threads, and inside its functions, go to the log from now on.
pub(crate) fn go_to_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if INSIDE.get() || std::thread::current().name() == Some("ofauth") {
                let text = panicked.to_string().replace('\n', " ");
                tracing::error!(target: "ofauth", "a defect of the library, please report it: {text}");
            } else {
                others(panicked);
            }
        }));
    });
}
