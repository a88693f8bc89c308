//! What a comparison of schemas is at, what a rule says of a difference, and what one comparison found.

use std::cell::Cell;
use std::rc::Rc;

use super::api::Api;
use super::change::{Audience, Change, Level, Section};

/// How many schemas are compared before the walk gives up: far more than any document has that people wrote.
pub(super) const STEPS: usize = 500_000;

/// The way that a schema travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Request,
    Response,
}

/// What a root schema is to its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Parameter,
    Body,
    Answer,
    Header,
    Event,
}

/// Where a comparison is.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) direction: Direction,
    /// The component around, or `body`, `answer 200`, `query limit`.
    pub(super) owner: String,
    /// Whether the owner is a component.
    pub(super) component: bool,
    /// The way from the owner: `.list[].id`.
    pub(super) path: String,
    /// The name of the field.
    pub(super) name: String,
    /// The name that an inline type has here.
    pub(super) rust: String,
    /// Whether the value is no `Option` in Rust although it is of an answer.
    pub(super) fixed: bool,
    /// Whether it is the value of a parameter.
    pub(super) parameter: bool,
    pub(super) depth: usize,
}

impl Spot {
    /// The root of something of an operation.
    pub(super) fn root(root: Root, owner: &str, name: &str, rust: String) -> Self {
        let direction = match root {
            Root::Parameter | Root::Body => Direction::Request,
            Root::Answer | Root::Header | Root::Event => Direction::Response,
        };
        Self {
            direction,
            owner: owner.to_owned(),
            component: false,
            path: String::new(),
            name: name.to_owned(),
            rust,
            fixed: root == Root::Answer,
            parameter: root == Root::Parameter,
            depth: 0,
        }
    }

    pub(super) fn component(key: &Key) -> Self {
        let owner = component(&key.0).to_owned();
        Self {
            direction: key.2,
            component: true,
            path: String::new(),
            name: String::new(),
            rust: owner.clone(),
            owner,
            fixed: false,
            parameter: false,
            depth: 0,
        }
    }

    pub(super) fn is_request(&self) -> bool {
        self.direction == Direction::Request
    }

    fn below(&self, path: String, name: &str, rust: String) -> Self {
        let depth = self.depth.saturating_add(1);
        Self { path, name: name.to_owned(), rust, fixed: false, depth, ..self.clone() }
    }

    pub(super) fn property(&self, name: &str) -> Self {
        let rust = format!("{}{}", self.rust, crate::lower::pascal(name));
        self.below(format!("{}.{name}", self.path), name, rust)
    }

    pub(super) fn item(&self) -> Self {
        // Items of `listIds` are ids.
        let name = self.name.strip_suffix('s').unwrap_or_default().to_owned();
        self.below(format!("{}[]", self.path), &name, format!("{}Item", self.rust))
    }

    pub(super) fn map_value(&self) -> Self {
        self.below(format!("{}{{}}", self.path), "", format!("{}Value", self.rust))
    }

    pub(super) fn variant(&self, index: usize) -> Self {
        self.below(format!("{} (alternative {index})", self.path), "", format!("{}Variant{index}", self.rust))
    }

    /// The same place for a trial, which may not lead to many more: alternatives of alternatives grow with a power.
    pub(super) fn trial(&self) -> Self {
        Self { depth: self.depth.saturating_add(12), ..self.clone() }
    }

    /// The place as people write it.
    pub(super) fn place(&self) -> String {
        let name = format!("{}{}", self.owner, self.path);
        match (self.component, self.is_request()) {
            (false, _) => name,
            (true, true) => format!("request field {name}"),
            (true, false) => format!("answer field {name}"),
        }
    }
}

/// What one rule says of a difference.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) wire: Level,
    pub(super) rust: Level,
    pub(super) section: Section,
    pub(super) what: String,
    pub(super) sees: String,
    pub(super) remedy: String,
}

impl Rule {
    /// The rule of both ways: what is sent may not become narrower, what is received not wider.
    pub(super) fn of(spot: &Spot, narrower: bool) -> Self {
        let broken = spot.is_request() == narrower;
        let sees = match (spot.is_request(), broken) {
            (true, true) => "A request that was right is refused",
            (true, false) => "More is allowed than before",
            (false, true) => "An answer can be what it never was",
            (false, false) => "The answers promise more than before",
        };
        let wire = if broken { Level::Breaking } else { Level::Feature };
        Self::new(wire, Level::None, sees)
    }

    pub(super) fn feature() -> Self {
        Self::new(Level::Feature, Level::None, "Nothing that worked stops working")
    }

    pub(super) fn new(wire: Level, rust: Level, sees: &str) -> Self {
        let (what, remedy) = (String::new(), String::new());
        Self { wire, rust, section: Section::Changed, what, sees: sees.to_owned(), remedy }
    }

    /// A rule about Rust alone.
    pub(super) fn rust_alone() -> Self {
        Self::new(
            Level::None,
            Level::Breaking,
            "Code that names the type does not compile; the JSON is the same",
        )
    }

    pub(super) fn rust(mut self, level: Level) -> Self {
        self.rust = level;
        self
    }

    pub(super) fn sees(mut self, sees: &str) -> Self {
        sees.clone_into(&mut self.sees);
        self
    }

    pub(super) fn say(
        mut self,
        section: Section,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        (self.section, self.what, self.remedy) = (section, what.into(), remedy.into());
        self
    }
}

/// A pair of components and the way they travel.
pub(super) type Key = (String, String, Direction);

/// One difference inside a root schema or a pair of components.
#[derive(Debug)]
pub(super) struct Diff {
    pub(super) place: String,
    pub(super) path: String,
    pub(super) rule: Rule,
    types: Vec<String>,
    component: bool,
}

/// What the comparison of one pair found.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) diffs: Vec<Diff>,
    /// The pairs of components that are used, and where.
    pub(super) edges: Vec<(String, Key)>,
    pub(super) steps: Rc<Cell<usize>>,
}

impl Out {
    pub(super) fn push(&mut self, spot: &Spot, rule: Rule) {
        let types =
            vec![if spot.component { spot.owner.clone() } else { spot.rust.clone() }, spot.rust.clone()];
        let (place, path) = (spot.place(), spot.path.clone());
        self.diffs.push(Diff { place, path, rule, types, component: spot.component });
    }

    pub(super) fn edge(&mut self, spot: &Spot, old: &str, new: &str) {
        self.edges.push((spot.path.clone(), (old.to_owned(), new.to_owned(), spot.direction)));
    }

    /// Whether another schema may be compared.
    pub(super) fn step(&self) -> bool {
        self.steps.set(self.steps.get().saturating_add(1));
        self.steps.get() < STEPS
    }

    /// An empty one for a trial, which counts the same steps.
    pub(super) fn trial(&self) -> Self {
        Self { steps: Rc::clone(&self.steps), ..Self::default() }
    }

    /// Whether nothing was found that somebody could notice.
    pub(super) fn is_silent(&self) -> bool {
        self.diffs.iter().all(|diff| diff.rule.wire == Level::None)
    }

    pub(super) fn give_up(&self) {
        self.steps.set(STEPS);
    }
}

/// The two documents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Both<'a> {
    pub(super) old: &'a Api,
    pub(super) new: &'a Api,
}

impl Diff {
    pub(super) fn change(&self, path: &str, (root, operation): (Root, &str)) -> Change {
        let Rule { wire, rust, section, what, sees, remedy } = self.rule.clone();
        let levels: Vec<(Audience, Level)> = match root {
            Root::Parameter => vec![
                (Audience::Wire, wire),
                (Audience::Parameters, wire.max(rust)),
                (Audience::RustTypes, if self.component { rust } else { Level::None }),
            ],
            Root::Body | Root::Answer => vec![(Audience::Wire, wire), (Audience::RustTypes, rust)],
            Root::Header => vec![(Audience::Wire, wire)],
            Root::Event => vec![(Audience::Webhooks, wire)],
        };
        Change {
            levels: levels.into_iter().collect(),
            operations: vec![operation.to_owned()],
            place: self.place.clone(),
            paths: [path.to_owned()].into(),
            what,
            sees,
            remedy,
            section,
            types: self.types.clone(),
        }
    }
}

/// The name of the component that a reference leads to, or the end of its path.
pub(super) fn component(reference: &str) -> &str {
    let prefix = "#/components/schemas/";
    reference.strip_prefix(prefix).or_else(|| reference.rsplit('/').next()).unwrap_or(reference)
}
