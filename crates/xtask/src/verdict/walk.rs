//! The walk over two documents: from each place of an operation down through all components, each pair of which is
//! compared once, however many operations use it and whatever circles they form.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use super::api::Api;
use super::change::{Audience, Change, Level, Section, Verdict};
use super::members;
use super::spot::{Both, Key, Out, Root, STEPS, Spot};

/// The walk, with what was compared already.
pub(super) struct Walk<'a> {
    pub(super) both: Both<'a>,
    nodes: BTreeMap<Key, Rc<Out>>,
    steps: Rc<Cell<usize>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Api, new: &'a Api) -> Self {
        Self { both: Both { old, new }, nodes: BTreeMap::new(), steps: Rc::default() }
    }

    pub(super) fn out(&self) -> Out {
        Out { steps: Rc::clone(&self.steps), ..Out::default() }
    }

    /// Compares a schema of an operation, and all components below it.
    pub(super) fn schema(
        &mut self,
        (old, new): (&Value, &Value),
        spot: &Spot,
        (root, operation): (Root, &str),
        verdict: &mut Verdict,
    ) {
        let mut out = self.out();
        members::compare(self.both, old, new, spot, &mut out);
        self.take(&out, spot, (root, operation), verdict);
    }

    /// Takes over what was found at a root, with what is found below.
    pub(super) fn take(&mut self, out: &Out, spot: &Spot, about: (Root, &str), verdict: &mut Verdict) {
        for diff in &out.diffs {
            verdict.add(diff.change(&format!("{}{}", spot.owner, diff.path), about));
        }
        let mut open: VecDeque<(String, Key)> =
            out.edges.iter().map(|(path, key)| (format!("{}{path}", spot.owner), key.clone())).collect();
        let mut seen = BTreeSet::new();
        while let Some((path, key)) = open.pop_front() {
            if !seen.insert(key.clone()) {
                continue;
            }
            let node = self.node(&key);
            for diff in &node.diffs {
                verdict.add(diff.change(&format!("{path}{}", diff.path), about));
            }
            for (below, key) in node.edges.iter().filter(|(_, key)| !seen.contains(key)) {
                open.push_back((format!("{path}{below}"), key.clone()));
            }
        }
    }

    /// What two components differ in, both at their root and inside.
    fn node(&mut self, key: &Key) -> Rc<Out> {
        if let Some(known) = self.nodes.get(key) {
            return Rc::clone(known);
        }
        let mut out = self.out();
        members::components(self.both, &key.0, &key.1, &Spot::component(key), &mut out);
        let out = Rc::new(out);
        self.nodes.insert(key.clone(), Rc::clone(&out));
        out
    }

    /// A change that says so if the documents are too large or too deep.
    pub(super) fn end(&self, verdict: &mut Verdict) {
        if self.steps.get() >= STEPS {
            let what = "is too large or nests too deep to be compared whole";
            let change = Change::new("", "the document", Section::Changed, what)
                .at(Level::Breaking, &[Audience::Wire])
                .tell("Anything may have changed below", "Compare the two documents by hand");
            verdict.add(change);
        }
    }
}
