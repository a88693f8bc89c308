//! The faults that the sandbox can play.
//!
//! A [`Fault`] says what goes wrong; a [`FaultRule`] says on which requests; a [`FaultScript`] is a list of rules,
//! usually read from JSON. The crate documentation has the table of kinds. How a fault is played is in `apply`,
//! for plans in `plan_change`, and for pages where the handlers cut them.

pub(crate) mod apply;
pub(crate) mod kinds;
pub(crate) mod on;
mod page_change;
mod plan_change;
pub(crate) mod rule;
pub(crate) mod rule_counts;
pub(crate) mod script;

pub use self::kinds::{Before, Fault, Portion, RateLimitHeaders, RetryAfter, StatusFault};
pub use self::on::{On, Times};
pub use self::page_change::PageChange;
pub use self::plan_change::PlanChange;
pub use self::rule::FaultRule;
pub use self::script::{FaultScript, ScriptError};
pub use crate::net::socket::Cut;
