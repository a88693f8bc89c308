//! The code that documents show: every block of every Markdown file, by the rule of its language, the programs in
//! comments of the headers and of the Go package, and the system libraries that docs/c.md lists for static linking.
//! What is shown compiles and is true, and the programs of the README upload.

use std::path::{Path, PathBuf};

use ofauth_sandbox::{FaultScript, Sandbox};
use tempfile::TempDir;

use crate::go::{go, module};
use crate::program::{STRICT, build, pkg_config};
use crate::run::{command, root, run, scratch, tool};
use crate::server::{clip, holds};
use crate::tree::tree;

/// A block of code in a document.
pub(crate) struct Block {
    /// The document, from the root of the repository.
    pub(crate) document: String,
    language: String,
    pub(crate) text: String,
}

/// The Markdown files below a folder, from the root of the repository.
fn markdown(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            markdown(&path, into);
        } else if name.ends_with(".md") {
            into.push(path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"));
        }
    }
}

/// Every block of every document. A block that does not say its language fails.
pub(crate) fn blocks() -> Vec<Block> {
    let mut documents = Vec::new();
    markdown(&root(), &mut documents);
    documents.sort();
    let mut blocks = Vec::new();
    for document in documents {
        let text = std::fs::read_to_string(root().join(&document)).unwrap();
        let mut open: Option<Block> = None;
        for line in text.lines() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(language), None) => {
                    let language = language.split(',').next().unwrap().trim().to_owned();
                    assert_ne!(language, "", "{document}: a block of code names its language");
                    open = Some(Block { document: document.clone(), language, text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.text.push_str(&format!("{line}\n")),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{document}: a block of code does not end");
    }
    blocks
}

/// The blocks of code in comments of a file: runs of lines that begin with `mark`, without it.
fn commented(file: &Path, mark: &str) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let blank = mark.trim_end();
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        match line.strip_prefix(mark) {
            // How to compile it.
            Some(code) if code.starts_with("cc ") => {}
            Some(code) => blocks.last_mut().unwrap().push_str(&format!("{code}\n")),
            None if line == blank => blocks.last_mut().unwrap().push('\n'),
            None => blocks.push(String::new()),
        }
    }
    // What has no statement in it is a table, or a line for the shell.
    blocks.into_iter().filter(|block| block.lines().any(|line| line.ends_with([';', '{']))).collect()
}

/// Holds a block to what its language asks for. A language without a check is a failure: write one.
async fn check(block: &Block) {
    let (document, text) = (&block.document, &block.text);
    match block.language.as_str() {
        "c" => compiles_as_c(text).await,
        "cpp" => compiles_as_cpp(text).await,
        "go" => compiles_as_go(text, document).await,
        // Compiled by rustdoc, with the library that includes the document.
        "rust" => assert!(included_for_rustdoc(document), "{document}: no library has it among its doctests"),
        "cmake" => configures(text).await,
        "sh" => is_shell(text, document).await,
        "toml" => {
            drop(toml::from_str::<toml::Table>(text).unwrap_or_else(|error| panic!("{document}: {error}")))
        }
        "json" => {
            // The one thing here that is written in JSON.
            FaultScript::from_json(text).unwrap_or_else(|error| panic!("{document}: {error}"));
        }
        // What a program prints, or a drawing.
        "text" => {}
        other => panic!("{document}: nothing checks blocks of {other:?}"),
    }
}

/// The sandbox's address in the programs of documents.
const SANDBOX: &str = "http://127.0.0.1:8080";

/// A program of a document, in a folder of its own. One that names the sandbox is run against one, and has to upload the clip.
struct Trial {
    text: String,
    directory: TempDir,
    sandbox: Option<Sandbox>,
}

impl Trial {
    async fn of(text: &str) -> Self {
        let directory = scratch();
        if !text.contains(SANDBOX) {
            return Self { text: text.to_owned(), directory, sandbox: None };
        }
        std::fs::copy(clip(), directory.path().join("clip.mp4")).unwrap();
        let sandbox = Sandbox::builder().start().await.unwrap();
        Self { text: text.replace(SANDBOX, sandbox.base_url()), directory, sandbox: Some(sandbox) }
    }

    async fn run(&self, program: &str) {
        let Some(sandbox) = &self.sandbox else { return };
        let mut built = command(self.directory.path().join(program));
        built.current_dir(self.directory.path()).env("LD_LIBRARY_PATH", tree().library());
        let said = run(&mut built, 60).await.succeeds().out;
        assert!(said.starts_with("upload:"), "{said}");
        holds(sandbox, "clip.mp4", 1, &std::fs::read(clip()).unwrap());
    }
}

/// A whole program, or statements of one that has made the objects of the header.
async fn compiles_as_c(text: &str) {
    let trial = Trial::of(text).await;
    let program = if text.contains("int main(") {
        trial.text.clone()
    } else {
        format!(
            "#include <ofauth.h>\n#include <stdio.h>\n\
             void fragment(ofauth_config *config, ofauth_client *client, ofauth_upload *upload);\n\
             void fragment(ofauth_config *config, ofauth_client *client, ofauth_upload *upload) {{\n\
             ofauth_result *result = NULL;\nofauth_error *error = NULL;\n{text}\
             (void)config; (void)client; (void)upload; (void)result; (void)error;\n}}\n\
             int main(void) {{ return 0; }}\n"
        )
    };
    build("cc", STRICT, &[("quick.c", &program)], trial.directory.path()).await.succeeds();
    trial.run("built").await;
}

/// The same in C++.
async fn compiles_as_cpp(text: &str) {
    let trial = Trial::of(text).await;
    let program = if text.contains("int main(") {
        trial.text.clone()
    } else {
        format!(
            "#include <ofauth.hpp>\n#include <iostream>\n#include <string>\n\
             void fragment(const std::string &api_key, const std::string &connection_id);\n\
             void fragment(const std::string &api_key, const std::string &connection_id) {{\n\
             (void)api_key, (void)connection_id;\n{text}}}\n\
             int main() {{}}\n"
        )
    };
    let flags = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
    build("c++", &flags, &[("quick.cpp", &program)], trial.directory.path()).await.succeeds();
    trial.run("built").await;
}

/// A whole program, or statements of a function that has a context and a key, and returns an error.
async fn compiles_as_go(text: &str, document: &str) {
    if tool("go").is_none() {
        return;
    }
    let trial = Trial::of(text).await;
    let at = trial.directory.path();
    let program =
        if text.starts_with("package main\n") { trial.text.clone() } else { go_program(&trial.text) };
    std::fs::write(at.join("main.go"), program).unwrap();
    module(at, "quick");
    println!("{document}: go vet and go build");
    run(&mut go(at, &["vet", "."]), 400).await.succeeds();
    run(&mut go(at, &["build", "-o", "quick", "."]), 400).await.succeeds();
    trial.run("quick").await;
}

/// A program around statements.
fn go_program(text: &str) -> String {
    let uses = |package: &str| text.contains(&format!("{}.", package.rsplit('/').next().unwrap()));
    let packages = ["context", "encoding/json", "errors", "fmt", "os", "time"];
    let imports: String = packages
        .iter()
        .filter(|package| **package == "context" || uses(package))
        .map(|package| format!("\t\"{package}\"\n"))
        .collect();
    let ends = text.lines().last().is_some_and(|line| line.starts_with("return"));
    let end = if ends { "" } else { "\treturn nil\n" };
    format!(
        "package main\n\nimport (\n{imports}\n\tofauth \"{}\"\n)\n\n\
         func quick(ctx context.Context, key string) error {{\n{text}{end}}}\n\n\
         func main() {{\n\t_ = quick(context.Background(), \"\")\n}}\n",
        crate::go::MODULE
    )
}

/// Whether a library has the document among its doctests, or is not of this workspace.
fn included_for_rustdoc(document: &str) -> bool {
    let crates = std::fs::read_dir(root().join("crates")).unwrap();
    crates.map(|entry| entry.unwrap().path()).any(|package| {
        let library = std::fs::read_to_string(package.join("src/lib.rs")).unwrap_or_default();
        library.split("include_str!(\"").skip(1).any(|rest| {
            let path = package.join("src").join(rest.split('"').next().unwrap());
            path.canonicalize().is_ok_and(|path| path == root().join(document).canonicalize().unwrap())
        })
    })
}

/// The part of a `CMakeLists.txt` that follows `project`.
async fn configures(text: &str) {
    if tool("cmake").is_none() {
        return;
    }
    let directory = scratch();
    std::fs::write(directory.path().join("CMakeLists.txt"), text).unwrap();
    for source in text.split_whitespace().map(|word| word.trim_end_matches(')')) {
        if source.ends_with(".cpp") {
            let program = "#include <ofauth.hpp>\nint main() { ofauth::Config config(\"k\"); }\n";
            std::fs::write(directory.path().join(source), program).unwrap();
        }
    }
    crate::cpp::build(tree(), directory.path(), &directory.path().join("build"), &[]).await;
}

/// Lines that the shell can read, whose tasks and packages exist. What they give to `ofauth` is tested with the command.
async fn is_shell(text: &str, document: &str) {
    let directory = scratch();
    let file = directory.path().join("block.sh");
    std::fs::write(&file, text).unwrap();
    run(command("sh").arg("-n").arg(&file), 20).await.succeeds();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            if let ["--package" | "-p", package] = pair {
                assert!(
                    packages().contains(&(*package).to_owned()),
                    "{document}: no package {package}: {line}"
                );
            }
            if let ["xtask", task] = pair {
                let known = xtask::USAGE.lines().any(|line| line.contains(&format!("cargo xtask {task}")));
                assert!(known, "{document}: no task {task}: {line}");
            }
        }
    }
}

/// The names of the packages of the workspace.
fn packages() -> Vec<String> {
    let manifests = ["crates", "crates/ofauth-ffi", "."].iter().flat_map(|folder| {
        std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path().join("Cargo.toml"))
    });
    let name = |manifest: PathBuf| {
        let manifest: toml::Table = toml::from_str(&std::fs::read_to_string(manifest).ok()?).ok()?;
        manifest.get("package")?.get("name")?.as_str().map(str::to_owned)
    };
    manifests.filter_map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_at_the_top_of_the_header_works() {
    let header = std::fs::read_to_string(tree().header()).unwrap();
    let lines = header.lines().skip_while(|line| !line.ends_with("A whole program:")).skip(1);
    let lines =
        lines.map(|line| line.trim_start_matches(" *")).take_while(|line| !line.contains("cc program.c"));
    let program: String =
        lines.map(|line| format!("{}\n", line.strip_prefix("     ").unwrap_or(line))).collect();
    assert!(program.contains("#include <ofauth.h>\n") && program.contains("int main("), "{program}");
    let directory = scratch();
    build("cc", STRICT, &[("program.c", &program)], directory.path()).await.succeeds();
    // Without a key it says so, and ends in order.
    let mut built = command(directory.path().join("built"));
    built.env_remove("PATH").env("LD_LIBRARY_PATH", tree().library());
    let ended = run(&mut built, 20).await;
    assert!(ended.code() == Some(1) && ended.err.contains("OFAUTH_ERR_NULL"), "{}", ended.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_program_of_every_document_is_one() {
    let blocks = blocks();
    for block in &blocks {
        check(block).await;
    }
    for language in ["rust", "c", "cpp", "go", "sh", "cmake", "toml", "json"] {
        assert!(blocks.iter().any(|block| block.language == language), "no block of {language}");
    }
    for language in ["rust", "c", "cpp", "go"] {
        let is_first = |block: &Block| block.document == "README.md" && block.language == language;
        let first = blocks.iter().find(|block| is_first(block)).unwrap();
        assert!(first.text.contains(SANDBOX), "the first program of {language} can be tried");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_program_in_a_comment_is_one() {
    let in_c = commented(&tree().header(), " *     ");
    assert!(in_c.len() >= 2, "{in_c:#?}");
    for text in in_c {
        compiles_as_c(&text).await;
    }
    let in_cpp = commented(&root().join("bindings/cpp/include/ofauth.hpp"), "//     ");
    assert!(!in_cpp.is_empty());
    for text in in_cpp {
        compiles_as_cpp(&text).await;
    }
    let in_go = commented(&root().join("bindings/go/doc.go"), "//\t");
    assert!(!in_go.is_empty());
    for text in in_go {
        compiles_as_go(&text, "bindings/go/doc.go").await;
    }
}

/// The lines for users are the lines that the tests of the examples use.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_c_says_how_to_link() {
    let page = std::fs::read_to_string(root().join("docs/c.md")).unwrap();
    for flags in [crate::examples::DYNAMIC, crate::examples::STATIC] {
        assert!(page.contains(&format!("cc examples/c/upload.c -o upload {flags}\n")), "{flags}");
    }
    let libraries = pkg_config(&["--static", "--libs-only-l"]).await;
    let libraries: Vec<_> = libraries.iter().filter(|library| *library != "-lofauth").cloned().collect();
    assert!(!libraries.is_empty());
    assert!(page.contains(&format!("`{}`", libraries.join(" "))), "{libraries:?}");
}
