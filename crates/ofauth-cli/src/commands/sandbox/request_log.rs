//! A line for each request to a sandbox, on standard error.
//!
//! A sandbox that others wait for must not wait for whoever reads this: lines queue, a thread writes them, and above a
//! bound they are left out and counted. What a line says comes from the exchange alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ofauth::unversioned::display_safe::one_line;
use ofauth_sandbox::Exchange;
use tokio::sync::oneshot;

use crate::failure::Result;
use crate::output::Output;
use crate::threads;

/// How many lines may wait to be written.
const QUEUED: usize = 1024;

/// How long the end of the sandbox waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the lines go.
#[derive(Debug, Clone)]
pub(super) struct RequestLog {
    /// None once it is over.
    lines: Arc<Mutex<Option<SyncSender<String>>>>,
    left_out: Arc<AtomicU64>,
}

/// Closed when the last line was written.
#[derive(Debug)]
pub(super) struct LastLine(oneshot::Receiver<()>);

impl RequestLog {
    /// Starts the thread that writes.
    pub(super) fn start(out: Output) -> Result<(Self, LastLine)> {
        let (lines, queue) = sync_channel::<String>(QUEUED);
        let left_out = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&left_out);
        let last = threads::start(move || {
            for line in queue {
                out.note(&line);
                let count = counted.swap(0, Ordering::Relaxed);
                if count > 0 {
                    out.note(&format!("({count} requests more, too fast to show each)"));
                }
            }
        });
        let last = last.map_err(|error| threads::refused(&error))?;
        Ok((Self { lines: Arc::new(Mutex::new(Some(lines))), left_out }, LastLine(last)))
    }

    /// Shows a request that is over.
    pub(super) fn show(&self, exchange: &Exchange) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.as_ref().is_some_and(|lines| lines.try_send(line(exchange)).is_err()) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes no more lines, and waits until those so far are written. Returns whether somebody reads them.
    pub(super) async fn end(&self, last: LastLine) -> bool {
        drop(self.lines.lock().unwrap_or_else(PoisonError::into_inner).take());
        tokio::time::timeout(PATIENCE, last.0).await.is_ok()
    }
}

/// What is said of a request: how it was answered, and why if it was refused.
fn line(exchange: &Exchange) -> String {
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let mut line = format!("{status}  {} {}", exchange.method, exchange.path);
    if let Some(refusal) = &exchange.refusal {
        // It may quote what a path holds, and a line is a request.
        line.push_str(&format!("  {}", one_line(refusal)));
    }
    if !exchange.deprecated.is_empty() {
        line.push_str(&format!("  (deprecated: {})", exchange.deprecated.join(", ")));
    }
    if !exchange.faults.is_empty() {
        line.push_str(&format!("  (fault: {})", exchange.faults.join(", ")));
    }
    line
}
