//! The table of Link sessions. It is bounded: the oldest make room.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::session::{Session, Wish};

/// How many sessions are kept.
const MOST: usize = 1000;

/// How long a session lives, unless a setting says otherwise. The documentation names no time.
pub(crate) const LIVES: Duration = Duration::from_secs(30 * 60);

/// All sessions, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Links(VecDeque<Session>);

impl Links {
    /// Opens a session that lives for `lives`, and returns what `told` says of it.
    pub(crate) fn open<T>(&mut self, wish: Wish, lives: Duration, told: impl FnOnce(&Session) -> T) -> T {
        while self.0.len() >= MOST {
            self.0.pop_front();
        }
        let secret = format!("cs_{}", Uuid::new_v4().simple());
        let lives = i64::try_from(lives.as_micros()).unwrap_or(i64::MAX);
        let session = Session::new(secret, wish, now(), lives);
        let told = told(&session);
        self.0.push_back(session);
        told
    }

    pub(crate) fn get(&mut self, secret: &str) -> Option<&mut Session> {
        self.0.iter_mut().find(|session| session.secret == secret)
    }

    /// The secret of the session that was opened last.
    pub(crate) fn latest(&self) -> Option<String> {
        self.0.back().map(|session| session.secret.clone())
    }

    /// Forgets a session.
    pub(crate) fn remove(&mut self, secret: &str) {
        self.0.retain(|session| session.secret != secret);
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.0.iter_mut()
    }
}

/// The time, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}
