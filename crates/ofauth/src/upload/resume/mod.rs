//! Goes on with what an earlier run left: [`decision`] says what to do with it, [`resumable_upload`] runs the upload from
//! there.

pub(crate) mod decision;
pub(crate) mod resumable_upload;
