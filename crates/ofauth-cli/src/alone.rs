//! Lets one task at a time work on a file, where the command line names it twice.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The paths that are being worked on.
#[derive(Debug, Default)]
pub(crate) struct Alone {
    busy: Mutex<HashSet<String>>,
    freed: Notify,
}

/// Leave to work on a path, until it is dropped.
#[derive(Debug)]
pub(crate) struct Leave<'a> {
    of: &'a Alone,
    path: String,
}

impl Alone {
    /// Waits until nobody works on this path. Without a path there is nothing to wait for.
    pub(crate) async fn wait(&self, path: Option<&str>) -> Option<Leave<'_>> {
        let path = path?;
        loop {
            // Made before looking, so that no end is missed in between.
            let freed = self.freed.notified();
            if self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
                return Some(Leave { of: self, path: path.to_owned() });
            }
            freed.await;
        }
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.of.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
        self.of.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_others_do_not() {
        let alone = Alone::default();
        let first = alone.wait(Some("a")).await;
        assert!(alone.wait(Some("b")).await.is_some() && alone.wait(None).await.is_none());
        let mut second = pin!(alone.wait(Some("a")));
        let is_waiting = poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending())).await;
        assert!(is_waiting);
        drop(first);
        assert!(second.await.is_some());
    }
}
