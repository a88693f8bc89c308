//! Sends the parts of a session: [`scheduler`] decides which go out when, [`ledger`] knows what is done, [`journaled_part`] writes it
//! down, [`early_check`] looks beside the sending whether the file changed, [`suspend`] notices that nothing ran for a while.

pub(crate) mod early_check;
pub(crate) mod journaled_part;
pub(crate) mod ledger;
pub(crate) mod scheduler;
pub(crate) mod suspend;
