//! Work that waits for the system: for a disk, standard input, a FIFO that nobody writes to.
//!
//! It is done on threads that the runtime knows nothing of: the runtime has some for this, too, but panics, or waits for
//! ever, when the system gives it none.

use std::io;
use std::sync::LazyLock;

use ofauth::system::{thread_shortage, words};
use ofauth::threads::{STACK, Threads};
use tokio::sync::oneshot;

use crate::failure::{Failure, Result};

/// The threads of the command. One that hangs is left behind, and ends with the process.
static THREADS: LazyLock<Threads> = LazyLock::new(Threads::default);

/// What `work` comes to. It has to come to an end: other work may wait for its thread.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    THREADS.run(work).await.map_err(Failure::from)
}

/// Starts work that goes on beside the rest of the command, on a thread for it alone. The receiver is closed when it ends.
pub(crate) fn start(work: impl FnOnce() + Send + 'static) -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let thread = move || {
        // Dropped when the work has ended, also by a panic.
        let _ended: oneshot::Sender<()> = ended;
        work();
    };
    std::thread::Builder::new().stack_size(STACK).spawn(thread)?;
    Ok(end)
}

/// The failure of a command that got no thread.
pub(crate) fn refused(error: &io::Error) -> Failure {
    let text = format!("the system refused a thread ({})", words(error));
    Failure::new(ofauth::ErrorKind::Resources, text).with_hint(thread_shortage(error))
}
