//! `docs/parity.md`: what the official SDKs can do and what each of our languages can do. The page is made of the table here,
//! and each full mark of ours names what does it, which has to be there. `OFAUTH_ACCEPT_SURFACE=1` writes the page anew.

mod rows;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rows::ROWS;

const PAGE: &str = "docs/parity.md";

/// What an official SDK can do: TypeScript, Python, Go, C#.
type Official = [&'static str; 4];

/// What one of our languages can do.
#[derive(Clone, Copy)]
enum Ours {
    /// All of it, by these names.
    By(&'static [&'static str]),
    /// In part or by hand, by these names, and why no more.
    InPart(&'static [&'static str], &'static str),
    /// The question does not arise, and why.
    NotApplicable(&'static str),
}

/// A line of the page.
struct Row {
    what: &'static str,
    official: Official,
    rust: Ours,
    c: Ours,
    cpp: Ours,
    go: Ours,
    command: Ours,
}

/// The languages of ours, and where to look for a name.
const LANGUAGES: [(&str, fn(&str) -> bool); 5] =
    [("Rust", in_rust), ("C", in_c), ("C++", in_cpp), ("Go", in_go), ("command", in_command)];

fn root() -> PathBuf {
    xtask::source::root().unwrap()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn listed(listing: &str, name: &str) -> bool {
    let text = read(format!("tests/surface/{listing}"));
    text.lines().any(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| {
            rest.is_empty() || !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        })
    })
}

fn in_rust(name: &str) -> bool {
    // The listing leaves the generated client out.
    let of_client = name.strip_prefix("ofauth_api::transport::");
    of_client.map_or_else(
        || listed("rust.txt", name),
        |name| read("crates/ofauth-api/src/transport.rs").contains(&format!("pub trait {name}")),
    )
}

fn in_c(name: &str) -> bool {
    let header = read("include/ofauth.h");
    header.match_indices(name).any(|(at, _)| header[at + name.len()..].starts_with(['(', ' ', ')', ';', '_']))
}

fn in_files(directory: &str, ending: &str, is_there: impl Fn(&str) -> bool) -> bool {
    let entries = std::fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap().path());
    let wanted = |path: &PathBuf| {
        let name = path.to_string_lossy();
        path.is_file() && name.ends_with(ending) && !name.ends_with("_test.go")
    };
    entries.filter(wanted).any(|path| is_there(&read(path)))
}

fn in_cpp(name: &str) -> bool {
    let is_there = |text: &str| {
        text.match_indices(name).any(|(at, _)| text[at + name.len()..].starts_with(['(', ' ', ';', '{', '<']))
    };
    ["bindings/cpp/include", "bindings/cpp/include/ofauth"]
        .iter()
        .any(|in_it| in_files(in_it, ".hpp", is_there))
}

fn in_go(name: &str) -> bool {
    in_files("bindings/go", ".go", |text| {
        let begins =
            [format!(") {name}("), format!("func {name}("), format!("type {name} "), format!("\t{name} ")];
        begins.iter().any(|begin| text.contains(begin))
    })
}

fn in_command(name: &str) -> bool {
    listed("command.txt", &format!("ofauth {name}"))
}

fn ours(row: &Row) -> [Ours; 5] {
    [row.rust, row.c, row.cpp, row.go, row.command]
}

/// The page that the table makes.
fn page() -> String {
    let mut text = String::from(
        "# What the official SDKs can do, and what is here\n\n\
         ● all of it, ◐ in part or by hand, ○ not, – the question does not arise. The SDKs are those for TypeScript 3.0.0 (T), Python 3.1.0 \
         (P), Go 3.0.0\n(G) and C# 3.0.0 (#). A test makes this page, and looks for what our marks name.\n\n\
         | what | T | P | G | # | Rust | C | C++ | Go | command |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut notes: Vec<&str> = Vec::new();
    let mut names = String::new();
    for row in ROWS {
        let mut note = |why: &'static str| {
            let known = notes.iter().position(|note| *note == why);
            known.unwrap_or_else(|| {
                notes.push(why);
                notes.len() - 1
            }) + 1
        };
        let marks = ours(row).map(|ours| match ours {
            Ours::By(_) => "●".to_owned(),
            Ours::InPart(_, why) => format!("◐ [{0}](#note-{0})", note(why)),
            Ours::NotApplicable(why) => format!("– [{0}](#note-{0})", note(why)),
        });
        writeln!(text, "| {} | {} | {} |", row.what, row.official.join(" | "), marks.join(" | ")).unwrap();
        let named = LANGUAGES.iter().zip(ours(row)).filter_map(|((language, _), ours)| match ours {
            Ours::By(names) | Ours::InPart(names, _) if !names.is_empty() => Some(format!(
                "{language} {}",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            )),
            _ => None,
        });
        writeln!(names, "- **{}**: {}", row.what, named.collect::<Vec<_>>().join("; ")).unwrap();
    }
    text.push('\n');
    for (number, note) in notes.iter().enumerate() {
        writeln!(text, "<a id=\"note-{0}\"></a>{0}. {note}.  ", number + 1).unwrap();
    }
    write!(text, "\n## By which names\n\n{names}").unwrap();
    text
}

#[test]
fn what_the_table_names_is_there() {
    let mut missing = Vec::new();
    for row in ROWS {
        for ((language, is_there), ours) in LANGUAGES.iter().zip(ours(row)) {
            let (Ours::By(names) | Ours::InPart(names, _)) = ours else { continue };
            assert!(!names.is_empty(), "{}: {language} names nothing", row.what);
            missing.extend(
                names
                    .iter()
                    .filter(|name| !is_there(name))
                    .map(|name| format!("{language}: {name} ({})", row.what)),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    for (language, is_there) in LANGUAGES {
        assert!(!is_there("no_such_thing"), "{language} has everything");
    }
}

#[test]
fn the_page_is_what_the_table_makes() {
    let page = page();
    assert!(!ROWS.iter().any(|row| row.official.contains(&"")), "a cell of the SDKs is empty");
    if std::env::var_os("OFAUTH_ACCEPT_SURFACE").is_some() {
        std::fs::write(root().join(PAGE), &page).unwrap();
    }
    assert!(read(PAGE) == page, "{PAGE} is not what the table makes: OFAUTH_ACCEPT_SURFACE=1 writes it");
}
