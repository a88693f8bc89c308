//! Random documents.

use super::*;
use crate::complete::complete;

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    /// A place of the value, changed in one of the ways in which documents are wrong.
    fn mutate(&mut self, value: &mut Value, words: &[String]) {
        let odd = |chance: &mut Self| match chance.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(1.5e300),
            4 => json!([]),
            5 => json!({}),
            6 => json!({"$ref": "#/components/schemas/Drill"}),
            7 => json!({"$ref": "#/paths"}),
            8 => json!([null, "a", {"type": "object"}]),
            9 => json!(""),
            _ => words.get(chance.below(words.len())).map_or(Value::Null, |word| json!(word)),
        };
        match value {
            Value::Object(members) if !members.is_empty() && self.below(5) > 0 => {
                let name = members.keys().nth(self.below(members.len())).unwrap().clone();
                match self.below(12) {
                    0 => drop(members.remove(&name)),
                    1 => {
                        let value = members.remove(&name).unwrap();
                        members.insert(words[self.below(words.len())].clone(), value);
                    }
                    2 => drop(members.insert(words[self.below(words.len())].clone(), odd(self))),
                    _ => self.mutate(&mut members[&name], words),
                }
            }
            Value::Array(items) if !items.is_empty() && self.below(4) > 0 => {
                let index = self.below(items.len());
                match self.below(5) {
                    0 => drop(items.remove(index)),
                    1 => items.push(items[index].clone()),
                    _ => self.mutate(&mut items[index], words),
                }
            }
            other => *other = odd(self),
        }
    }
}

/// Every name and text of a document, to put where they do not belong.
fn words(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            all.push(name.clone());
            words(value, all);
        }),
        Value::Array(items) => items.iter().for_each(|item| words(item, all)),
        Value::String(text) => all.push(text.clone()),
        _ => {}
    }
}

#[test]
fn no_document_makes_it_panic_and_what_it_lets_pass_can_be_lowered() {
    let mut all = [
        "",
        "type",
        "Self",
        "+1",
        "ä",
        "'",
        "{x}",
        ":x",
        "$ref",
        "nullable",
        "const",
        "deepObject",
        "multipart/form-data",
        "head",
    ]
    .map(str::to_owned)
    .to_vec();
    words(&right(), &mut all);
    let mut passed = 0;
    for seed in 0..3_000 {
        let mut chance = Chance(seed);
        let mut document = right();
        for _ in 0..=chance.below(4) {
            chance.mutate(&mut document, &all);
        }
        complete(&mut document);
        let found = check(&document, &Ignored::default());
        passed += usize::from(found.is_empty());
        assert!(found.iter().all(|finding| !finding.cure.is_empty()), "{found:#?}");
    }
    assert!(passed > 100, "{passed}");
}
