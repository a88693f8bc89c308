//! The rules in force, each with the requests that it has matched. All rules that play on a request do so together.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::kinds::Fault;
use super::on::{Subject, Times};
use super::rule::FaultRule;
use super::script::FaultScript;

/// The rules in force, with their counts.
#[derive(Debug, Default)]
pub(crate) struct RuleCounts(Vec<Counted>);

/// A rule as `/_sandbox/faults` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct PlayedRule {
    #[serde(flatten)]
    rule: FaultRule,
    played: u64,
}

#[derive(Debug)]
struct Counted {
    rule: FaultRule,
    /// How often the fault was played.
    played: u64,
    /// Matches so far; one count for all, or one for each part.
    seen: HashMap<Option<(String, u32)>, u32>,
}

impl RuleCounts {
    /// The rules of a script, none of which was played.
    pub(crate) fn of(script: &FaultScript) -> Self {
        let mut counts = Self::default();
        script.rules.iter().for_each(|rule| counts.add(rule.clone()));
        counts
    }

    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.0.push(Counted { rule, played: 0, seen: HashMap::new() });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The rules whose fault was not played.
    pub(crate) fn unplayed(&self) -> Vec<FaultRule> {
        let unplayed = self.0.iter().filter(|counted| counted.played == 0);
        unplayed.map(|counted| counted.rule.clone()).collect()
    }

    /// The rules, each with how often its fault was played so far.
    pub(crate) fn played(&self) -> Vec<PlayedRule> {
        self.0
            .iter()
            .map(|counted| PlayedRule { rule: counted.rule.clone(), played: counted.played })
            .collect()
    }

    /// Counts a request of which the head was read, and returns the faults to play on it, in the order of their rules.
    pub(crate) fn take(&mut self, subject: &Subject<'_>) -> Vec<Fault> {
        let by_head = self.0.iter_mut().filter(|counted| counted.rule.on.body.is_empty());
        by_head.filter_map(|counted| counted.take(subject)).collect()
    }

    /// Whether there is a rule for the request that has to see its body.
    pub(crate) fn want_body(&self, subject: &Subject<'_>) -> bool {
        let mut by_body = self.0.iter().filter(|counted| !counted.rule.on.body.is_empty());
        by_body.any(|counted| counted.rule.on.matches_head(subject))
    }

    /// Counts it for the rules that have to see its body, and returns their faults.
    pub(crate) fn take_by_body(&mut self, subject: &Subject<'_>, body: &Value) -> Vec<Fault> {
        let by_body = self.0.iter_mut().filter(|counted| !counted.rule.on.body.is_empty());
        let matching = by_body.filter(|counted| counted.rule.on.matches_body(body));
        matching.filter_map(|counted| counted.take(subject)).collect()
    }
}

impl Counted {
    fn take(&mut self, subject: &Subject<'_>) -> Option<Fault> {
        let on = &self.rule.on;
        if !on.matches_head(subject) {
            return None;
        }
        let part = subject.part();
        let key = match (subject.upload, part) {
            (Some(upload), Some(part)) if on.each_part => Some((upload.to_owned(), part)),
            _ => None,
        };
        let seen = self.seen.entry(key).or_default();
        *seen = seen.saturating_add(1);
        let plays = match on.times {
            Times::Count(times) => *seen >= on.nth && *seen - on.nth < times,
            Times::Always => *seen >= on.nth,
        };
        if !plays {
            return None;
        }
        self.played = self.played.saturating_add(1);
        Some(self.rule.fault.clone())
    }
}
