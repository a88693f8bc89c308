//! The journal of an upload: a file that says which parts the service has, so that a process that was killed goes on.
//!
//! Nobody can ask the service which parts it has, so the journal is the only truth. It is made so that it cannot lie:
//! a record is durable before anything relies on it, what is damaged is not believed, and one process at a time has it.
//!
//! [`record`] says what is recorded, [`frame`] how it lies in the file, [`replay`] what it adds up to: all pure.
//! [`mod@file`] opens and locks; [`log`] is the seam below the [`writer`], which the [`recorder`] drives while the upload
//! runs; [`listing`] shows what is there. What to do about a journal is decided in [`crate::upload::resume_decision`].

mod directory;
mod file;
mod frame;
#[cfg(any(fuzzing, test))]
#[path = "../fuzzing/journal.rs"]
pub(crate) mod fuzzing;
mod hash;
mod listing;
pub(crate) mod log;
#[cfg(test)]
pub(crate) mod memory;
mod record;
mod recorder;
mod replay;
#[cfg(test)]
mod samples;
mod writer;

pub use directory::Journal;
#[cfg(any(fuzzing, test))]
pub(crate) use directory::OpenJournal;
pub(crate) use hash::PartHash;
pub use listing::{JournalState, JournaledUpload};
pub(crate) use record::{
    About, DoneRecord, PartDone, PartRecord, Record, SessionRecord, State, VaultOptions, path_not_text,
};
pub(crate) use recorder::Recorder;
pub(crate) use replay::Found;
