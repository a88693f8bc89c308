//! Turns what is to be recorded into writes of a log: chains the frames, keeps the flag. Knows of no tasks or waiting.

use std::io;

use super::frame::{self, Chain, Frame, HEADER};
use super::log::Log;
use super::replay::Replay;

/// Something to be done to a journal.
pub(super) enum Action {
    /// Writes a record, from the beginning of the journal if it starts over, and sets the flag if told.
    Write { frame: Frame, starts_over: bool, finishing: Option<bool> },
    /// Removes the journal.
    Remove,
    /// Makes everything durable; nothing follows.
    Close,
}

impl Action {
    /// Whether the log is let go of afterwards.
    pub(super) fn is_last(&self) -> bool {
        matches!(self, Self::Remove | Self::Close)
    }
}

/// A log and where its journal stands.
pub(super) struct Writer {
    log: Box<dyn Log>,
    chain: Chain,
    /// The flag as it is in the header.
    finishing: bool,
    /// Where the next record belongs, if something that is not believed stands there.
    cut: Option<u64>,
}

impl Writer {
    /// Goes on where `replay` found the end of what is whole. Nothing is written before the first record.
    pub(super) fn resume(log: impl Log, replay: &Replay) -> Self {
        Self {
            log: Box::new(log),
            chain: replay.chain,
            finishing: replay.finishing,
            cut: replay.torn.then_some(replay.valid_len),
        }
    }

    /// Begins a journal in a log that holds nothing to keep. The header is durable when this returns.
    pub(super) fn begin(mut log: impl Log) -> io::Result<Self> {
        log.truncate(0)?;
        log.append(&frame::header())?;
        log.sync()?;
        Ok(Self { log: Box::new(log), chain: Chain::start(), finishing: false, cut: None })
    }

    /// Whether writing may wait for a device.
    pub(super) fn blocks(&self) -> bool {
        self.log.blocks()
    }

    /// Carries out all of them, and makes them durable at once. After an error nothing more may be asked.
    pub(super) fn carry_out(&mut self, actions: &mut [Action]) -> io::Result<()> {
        for action in actions {
            match action {
                Action::Write { frame, starts_over, finishing } => {
                    if *starts_over {
                        self.start_over()?;
                    }
                    self.write(frame, *finishing)?;
                }
                Action::Remove => return self.log.remove(),
                Action::Close => {}
            }
        }
        self.log.sync()
    }

    /// What the journal held is not needed any more.
    fn start_over(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.finishing) {
            // First, and durably: the flag alone, without the records that say how it ended, is an unknown outcome.
            self.log.set_finishing(false)?;
            self.log.sync()?;
        }
        self.chain = Chain::start();
        self.cut = Some(HEADER as u64);
        Ok(())
    }

    fn write(&mut self, frame: &mut Frame, finishing: Option<bool>) -> io::Result<()> {
        if let Some(length) = self.cut.take() {
            self.log.truncate(length)?;
        }
        self.log.append(frame.seal(&mut self.chain))?;
        match finishing {
            Some(on) if on != self.finishing => {
                self.finishing = on;
                self.log.set_finishing(on)
            }
            _ => Ok(()),
        }
    }
}
