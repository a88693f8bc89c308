//! The code that documents show: the program at the top of the header, the quick starts of the README, and the system
//! libraries that the README lists for static linking. What is shown compiles and is true.

use crate::go::go;
use crate::program::{STRICT, build, pkg_config};
use crate::run::{command, root, run, scratch, tool};
use crate::tree::tree;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The only block of a language in a document.
fn block(document: &str, language: &str) -> String {
    let start = format!("\n```{language}\n");
    let mut blocks = document.split(&start).skip(1);
    let first = blocks.next().unwrap_or_else(|| panic!("no block of {language}"));
    assert!(blocks.next().is_none(), "several blocks of {language}");
    first.split("\n```").next().unwrap().to_owned() + "\n"
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
async fn the_quick_starts_in_c_and_cpp_compile() {
    let directory = scratch();
    build("cc", STRICT, &[("quick.c", &block(&readme(), "c"))], directory.path()).await.succeeds();
    let flags = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
    build("c++", &flags, &[("quick.cpp", &block(&readme(), "cpp"))], directory.path()).await.succeeds();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_start_in_go_compiles() {
    if tool("go").is_none() {
        return;
    }
    let directory = scratch();
    let program = format!(
        "package main\n\nimport (\n\t\"context\"\n\t\"errors\"\n\t\"fmt\"\n\t\"os\"\n\n\t\"ofauth\"\n)\n\n\
         func quick(ctx context.Context, key string) error {{\n{}\tfmt.Println(result)\n\treturn err\n}}\n\n\
         func main() {{\n\tfmt.Println(quick(context.Background(), \"\"))\n}}\n",
        block(&readme(), "go")
    );
    let wrapper = root().join("bindings/go");
    let module = format!(
        "module quick\n\ngo 1.19\n\nrequire ofauth v0.0.0\n\nreplace ofauth => {}\n",
        wrapper.display()
    );
    std::fs::write(directory.path().join("main.go"), program).unwrap();
    std::fs::write(directory.path().join("go.mod"), module).unwrap();
    run(&mut go(directory.path(), &["vet", "."]), 400).await.succeeds();
    run(&mut go(directory.path(), &["build", "-o", "quick", "."]), 400).await.succeeds();
}

/// The lines for users are the lines that the tests of the examples use.
#[tokio::test(flavor = "multi_thread")]
async fn the_readme_says_how_to_link() {
    let readme = readme();
    for flags in [crate::examples::DYNAMIC, crate::examples::STATIC] {
        assert!(readme.contains(&format!("cc examples/c/upload.c -o upload {flags}\n")), "{flags}");
    }
    let libraries = pkg_config(&["--static", "--libs-only-l"]).await;
    let libraries: Vec<_> = libraries.iter().filter(|library| *library != "-lofauth").cloned().collect();
    assert!(!libraries.is_empty());
    assert!(readme.contains(&format!("`{}`", libraries.join(" "))), "{libraries:?}");
}
