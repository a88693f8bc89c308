//! Lists that a service hands out in pages, as streams of pages and of items.
//!
//! [`walk`] fetches pages, [`page_body`] reads one, [`pager`] decides how the list goes on, with what [`seen`] remembers, and a
//! [`resume_token`] says where it was left. Which parameters and fields a list has stands in the operation table. What an
//! item means is not known here.

mod items;
mod page_body;
mod pager;
#[cfg(test)]
mod pager_tests;
mod resume_token;
mod seen;
mod stream;
mod walk;

pub use items::Items;
pub use stream::{Page, Pages};
