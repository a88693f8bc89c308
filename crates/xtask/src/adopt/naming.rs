//! Gives schemas the names of our types.
//!
//! A name belongs to its place: what the names file says of a place holds, whatever the document calls the schema there or
//! whether it calls it at all. At a place that is new a component keeps its own name, and an inline schema shares the type
//! that is shaped alike, if there is one such type; other inline schemas stay where they are and are called by their place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::here::{self, HERE};
use super::names::Names;
use super::places::{self, is_answer};
use super::{roots, shape, sharing, usual};
use crate::document::Object;
use crate::lower::{pascal, reference, target};
use crate::rust_name;

/// Names of Rust and of the crate that a type must not have.
const RESERVED: [&str; 25] = [
    "Box",
    "Clone",
    "Client",
    "Copy",
    "Debug",
    "Default",
    "Display",
    "Err",
    "Error",
    "From",
    "Into",
    "Iterator",
    "None",
    "Nullable",
    "Ok",
    "Option",
    "ResponseValue",
    "Result",
    "Secret",
    "Self",
    "Some",
    "String",
    "ToString",
    "Value",
    "Vec",
];

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The types whose schemas were gathered from places, and may have words of one place.
    pub gathered: BTreeSet<String>,
    /// What somebody should know.
    pub notes: Vec<String>,
}

/// Names the schemas of `document`.
pub(super) fn name(document: &mut Value, names: &Names) -> Named {
    let used = places::of(document).into_iter().map(|root| (root.written, root.place));
    let used: BTreeMap<String, String> = used.collect();
    let given = roots::take_components(document);
    let shapes = usual::shapes(document, names, &given);
    let mut namer = Namer {
        names,
        shapes,
        known: names.types.values().map(String::as_str).collect(),
        given,
        types: Object::new(),
        aliases: BTreeMap::new(),
        named: Named::default(),
    };
    roots::each(document, &mut |written, schema| {
        // What no operation uses is not typed, and only follows the components' names.
        let place = used.get(written).map_or(written, String::as_str);
        *schema = namer.schema(place, schema.take(), is_answer(place));
    });
    // What nothing refers to stays in the document as it is.
    for name in namer.given.keys().cloned().collect::<Vec<_>>() {
        if !namer.aliases.contains_key(&name) {
            namer.component(&name, &name.clone(), true);
        }
    }
    let Namer { mut types, mut named, .. } = namer;
    here::settle(document, &mut types);
    named.notes.extend(sharing::share(document, &mut types, names));
    roots::put_components(document, types);
    named
}

struct Namer<'a> {
    names: &'a Names,
    /// The names of our types.
    known: BTreeSet<&'a str>,
    /// What most places of a type that is written out in its places say.
    shapes: BTreeMap<String, Value>,
    /// The components of the document.
    given: Object,
    /// The components as they will be.
    types: Object,
    /// What the document's components are called now.
    aliases: BTreeMap<String, String>,
    named: Named,
}

impl Namer<'_> {
    /// The schema at `place`, with everything in it named.
    fn schema(&mut self, place: &str, schema: Value, in_answer: bool) -> Value {
        if let Some(component) = target(&schema).map(str::to_owned) {
            let name = self.name_of(place, &component);
            self.component(&component, &name, in_answer);
            return renamed(schema, &name);
        }
        match self.names.types.get(place).cloned() {
            Some(name) => self.inline(place, &name, schema, in_answer),
            None => self.inside(place, schema, in_answer),
        }
    }

    fn inside(&mut self, place: &str, mut schema: Value, in_answer: bool) -> Value {
        roots::inside(&mut schema, &mut |step, inner| {
            *inner = self.schema(&format!("{place}{step}"), inner.take(), in_answer);
        });
        schema
    }

    /// What the component that stands at `place` is called.
    fn name_of(&mut self, place: &str, component: &str) -> String {
        if self.known.contains(component) {
            return component.to_owned();
        }
        if let Some(ours) = self.names.types.get(place) {
            let same = |other: &Value| self.given.get(component).map(shape::of) == Some(shape::of(other));
            if self.given.get(ours.as_str()).is_none_or(same) {
                return ours.clone();
            }
        }
        if let Some(alias) = self.aliases.get(component) {
            return alias.clone();
        }
        let name = self.free_name(component);
        if name != component {
            self.named.notes.push(format!("the schema {component} is the type {name}"));
        }
        name
    }

    /// A name for a new component: its own, if Rust takes it and no other type has it.
    fn free_name(&self, component: &str) -> String {
        let mut own = pascal(component);
        if own.is_empty() || own.starts_with(|first: char| first.is_ascii_digit()) {
            own = format!("Type{own}");
        }
        if RESERVED.contains(&own.as_str()) {
            own = format!("{own}Model");
        }
        let taken = |name: &str| {
            let is = |other: &str| other.eq_ignore_ascii_case(name);
            self.known.iter().any(|known| is(known))
                || (self.names.derived.contains(name) && !self.was_called(name, component))
                || self.aliases.iter().any(|(theirs, ours)| theirs != component && is(ours))
                || self
                    .given
                    .keys()
                    .any(|given| given != component && is(given) && given.as_str() < component)
        };
        rust_name::free(own, taken)
    }

    /// Whether `component` stands where a type was written out that had the name of that place, and so is this type.
    fn was_called(&self, name: &str, component: &str) -> bool {
        let places = self.names.inline.iter().filter(|place| rust_name::pascal(place) == name);
        places.filter_map(|place| place.split_once('.')).any(|(owner, field)| {
            let there = self.given.get(owner).and_then(|owner| owner.get("properties")?.get(field));
            there.and_then(target) == Some(component)
        })
    }

    /// Takes over the document's `component` as the type `name`.
    fn component(&mut self, component: &str, name: &str, in_answer: bool) {
        self.aliases.entry(component.to_owned()).or_insert_with(|| name.to_owned());
        if self.types.contains_key(name) {
            return;
        }
        let Some(schema) = self.given.get(component).cloned() else { return };
        // A schema that contains itself finds its name taken.
        self.types.insert(name.to_owned(), Value::Null);
        let schema = match target(&schema) {
            Some(_) => self.schema(name, schema, in_answer),
            None => self.inside(name, schema, in_answer),
        };
        self.types.insert(name.to_owned(), schema);
    }

    /// Refers to the type `name` in place of the schema that is written out at `place`, if it is that of the type. Where it is
    /// not, the place is called by itself from now on.
    fn inline(&mut self, place: &str, name: &str, schema: Value, in_answer: bool) -> Value {
        let Value::Object(object) = schema.clone() else { return schema };
        let (words, mut demands) = shape::split(object);
        let nullable = shape::take_null(&mut demands);
        self.gather(name, in_answer);
        let written = self.inside(name, Value::Object(demands), in_answer);
        let there = self.types.get(name).cloned().unwrap_or_else(|| {
            // In a component that the document calls otherwise.
            self.named.gathered.insert(name.to_owned());
            self.types.insert(name.to_owned(), written.clone());
            written.clone()
        });
        let differs = shape::of(&there) != shape::of(&written);
        let here = if differs { here::flat(&written, &self.types).unwrap_or(written) } else { written };
        if differs {
            let is_one = in_answer || here::asks_alike(&there, &here);
            let Some(united) = here::united(&there, &here).filter(|_| is_one) else {
                self.named.notes.push(format!("{place} is not {name} any more"));
                return self.inside(place, schema, in_answer);
            };
            self.types.insert(name.to_owned(), united);
            self.named.notes.push(format!("{name} is not the same at all its places: see {place}"));
        }
        let mut point = reference(name).as_object().cloned().unwrap_or_default();
        // What it lacks is known once all places have been seen.
        point.insert(HERE.to_owned(), here);
        if !nullable {
            point.extend(words);
            return Value::Object(point);
        }
        let mut either = words;
        either.insert("anyOf".to_owned(), json!([point, {"type": "null"}]));
        Value::Object(either)
    }

    /// Makes what most places say of a type the type, unless it is there.
    fn gather(&mut self, name: &str, in_answer: bool) {
        if let Some(schema) = self.shapes.remove(name)
            && !self.types.contains_key(name)
            && !self.given.contains_key(name)
        {
            self.types.insert(name.to_owned(), Value::Null);
            self.named.gathered.insert(name.to_owned());
            let schema = self.inside(name, schema, in_answer);
            self.types.insert(name.to_owned(), schema);
        } else {
            self.component(name, name, in_answer);
        }
    }
}

/// The reference with another name in it, and its neighbours.
fn renamed(mut schema: Value, name: &str) -> Value {
    if let (Some(object), Value::Object(reference)) = (schema.as_object_mut(), reference(name)) {
        object.extend(reference);
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A document with an operation that sends and gets these, by path.
    fn document(operations: &[(&str, Value, Value)], schemas: Value) -> Value {
        let content = |schema: &Value| json!({"content": {"application/json": {"schema": schema}}});
        let mut document = json!({"paths": {}, "components": {"schemas": schemas}});
        for (path, body, answer) in operations {
            document["paths"][path] =
                json!({"post": {"requestBody": content(body), "responses": {"200": content(answer)}}});
        }
        document
    }

    fn object(fields: Value) -> Value {
        json!({"type": "object", "properties": fields})
    }

    fn names(types: &[(&str, &str)]) -> Names {
        let types = types.iter().map(|(place, name)| ((*place).to_owned(), (*name).to_owned()));
        Names { types: types.collect(), ..Names::default() }
    }

    fn named(document: &mut Value, types: &[(&str, &str)]) -> Named {
        name(document, &names(types))
    }

    fn answer<'a>(document: &'a Value, path: &str) -> &'a Value {
        &document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    }

    #[test]
    fn a_place_has_our_name_whatever_the_document_calls_it() {
        let thing = object(json!({"a": {"type": "string"}}));
        let types = [("post /a 200", "Thing"), ("Thing.a", "Text")];
        for (schema, schemas) in [
            (thing.clone(), json!({})),
            (reference("Thing"), json!({"Thing": thing})),
            (reference("Ding"), json!({"Ding": thing})),
            (reference("ding.v2"), json!({"ding.v2": thing})),
        ] {
            let mut document = document(&[("/a", json!({}), schema)], schemas);
            let done = named(&mut document, &types);
            assert_eq!(done.notes, Vec::<String>::new());
            assert_eq!(*answer(&document, "/a"), reference("Thing"));
            assert_eq!(
                document["components"]["schemas"],
                json!({"Thing": object(json!({"a": reference("Text")})), "Text": {"type": "string"}})
            );
        }
    }

    #[test]
    fn a_new_component_gets_a_name_that_rust_takes() {
        for (theirs, ours) in [
            ("Drill", "Drill"),
            ("drill", "Drill"),
            ("Foo.Bar-Baz", "FooBarBaz"),
            ("9Lives", "Type9Lives"),
            ("Result", "ResultModel"),
            ("string", "StringModel"),
            ("Self", "SelfModel"),
            ("THING", "THING2"),
            ("\u{e4}\u{f6}", "Type"),
        ] {
            let mut document =
                document(&[("/a", json!({}), reference(theirs))], json!({theirs: {"type": "string"}}));
            let done = named(&mut document, &[("post /b 200", "Thing")]);
            assert_eq!(*answer(&document, "/a"), reference(ours));
            assert!(document["components"]["schemas"].get(ours).is_some());
            assert_eq!(done.notes.is_empty(), theirs == ours, "{:?}", done.notes);
        }
    }

    #[test]
    fn twins_get_two_names() {
        let schemas =
            json!({"drill": {"type": "string"}, "Drill": {"type": "integer"}, "Other": {"enum": [1, 2]}});
        let mut document = document(&[("/a", reference("Drill"), reference("drill"))], schemas);
        named(&mut document, &[]);
        let (sent, got) = (
            target(&document["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]),
            target(answer(&document, "/a")),
        );
        assert_ne!(sent, got);
        let kind = |name: Option<&str>| document["components"]["schemas"][name.unwrap()]["type"].clone();
        assert_eq!((kind(sent), kind(got)), (json!("integer"), json!("string")));
    }

    #[test]
    fn a_new_place_shares_the_one_type_that_is_shaped_alike() {
        let thing = object(json!({"a": {"type": "string"}}));
        let told = object(json!({"a": {"type": "string", "description": "D."}}));
        let listing = |item: &Value| object(json!({"list": {"type": "array", "items": item}}));
        let new = [("/a", json!({}), thing.clone()), ("/b", told.clone(), listing(&told))];
        let mut one = document(&new, json!({}));
        let done = named(&mut one, &[("post /a 200", "Thing")]);
        assert_eq!(*answer(&one, "/b"), listing(&reference("Thing")));
        assert_eq!(done.notes, ["post /b 200.list[] is shaped like Thing, and is that type"]);
        // A type of answers is none of requests.
        let sent = &one["paths"]["/b"]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(*sent, told);

        // Two of that shape: neither.
        let twice = [new.as_slice(), &[("/c", json!({}), thing)]].concat();
        let mut two = document(&twice, json!({}));
        named(&mut two, &[("post /a 200", "Thing"), ("post /c 200", "Twin")]);
        assert_eq!(*answer(&two, "/b"), listing(&told));
        // What was inline before stays so.
        let mut known = document(&new, json!({}));
        let mut inline = names(&[("post /a 200", "Thing")]);
        inline.inline.insert("post /b 200.list[]".to_owned());
        name(&mut known, &inline);
        assert_eq!(*answer(&known, "/b"), listing(&told));
    }

    #[test]
    fn answers_of_one_type_may_differ_in_fields_and_say_so() {
        let more = object(json!({"a": {"type": "string"}, "b": {"type": "string"}}));
        let less = object(json!({"a": {"type": "string"}}));
        let types = [("post /a 200", "Thing"), ("post /b 200", "Thing")];
        let mut differ =
            document(&[("/a", json!({}), more.clone()), ("/b", json!({}), less.clone())], json!({}));
        let done = named(&mut differ, &types);
        assert_eq!(done.notes.len(), 1);
        assert_eq!(differ["components"]["schemas"]["Thing"], more);
        assert_eq!(
            *answer(&differ, "/b"),
            json!({"$ref": "#/components/schemas/Thing", HERE: {"properties": {"b": false}}})
        );

        // Whichever comes first is not the whole of it.
        let mut differ =
            document(&[("/a", json!({}), less.clone()), ("/b", json!({}), more.clone())], json!({}));
        named(&mut differ, &types);
        assert_eq!(differ["components"]["schemas"]["Thing"], more);
        assert_eq!(answer(&differ, "/a")[HERE], json!({"properties": {"b": false}}));
        assert_eq!(*answer(&differ, "/b"), reference("Thing"));

        // Requests that ask for the same.
        let types = [("post /a body", "Thing"), ("post /b body", "Thing")];
        let mut differ =
            document(&[("/a", more.clone(), json!({})), ("/b", less.clone(), json!({}))], json!({}));
        named(&mut differ, &types);
        assert_eq!(differ["components"]["schemas"], json!({"Thing": more}));

        // Of another kind, or sent and asking for more: the place is called by itself.
        let less = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        let types = [
            ("post /a body", "Thing"),
            ("post /b body", "Thing"),
            ("post /c 200", "Kind"),
            ("post /d 200", "Kind"),
            ("post /e 200", "Kind"),
        ];
        let text = json!({"type": "string"});
        let mut odd = document(
            &[
                ("/a", more.clone(), json!({})),
                ("/b", less.clone(), json!({})),
                ("/c", json!({}), json!({"type": "array", "items": text})),
                ("/d", json!({}), text.clone()),
                ("/e", json!({}), json!({"type": ["string", "null"]})),
            ],
            json!({}),
        );
        let done = named(&mut odd, &types);
        assert_eq!(done.notes, ["post /b body is not Thing any more", "post /c 200 is not Kind any more"]);
        let sent = |path: &str| {
            odd["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"].clone()
        };
        assert_eq!((sent("/a"), sent("/b")), (reference("Thing"), less));
        assert_eq!(odd["components"]["schemas"], json!({"Thing": more, "Kind": text}));
        assert_eq!(*answer(&odd, "/c"), json!({"type": "array", "items": text}));
        assert_eq!(*answer(&odd, "/d"), reference("Kind"));
        assert_eq!(*answer(&odd, "/e"), json!({"anyOf": [reference("Kind"), {"type": "null"}]}));
    }

    #[test]
    fn a_type_that_contains_itself_is_named_once() {
        let tree = object(json!({"children": {"type": "array", "items": reference("Tree")}}));
        let schemas =
            json!({"Tree": tree, "Same": reference("Same"), "A": reference("B"), "B": reference("A")});
        let all = [
            ("/a", json!({}), reference("Tree")),
            ("/b", json!({}), reference("Same")),
            ("/c", json!({}), reference("A")),
        ];
        let mut document = document(&all, schemas.clone());
        named(&mut document, &[]);
        assert_eq!(document["components"]["schemas"], schemas);
    }
}
