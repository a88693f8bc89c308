//! The header alone: every language that may include it, twice, in several units, and as the documentation says.

use crate::program::{Way, build, play};
use crate::run::scratch;

/// Compilers, flags and file endings that the header is compiled with.
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("cc", "-std=c99", "c"),
    ("cc", "-std=c11", "c"),
    ("cc", "-std=gnu17", "c"),
    ("c++", "-std=c++11", "cc"),
    ("c++", "-std=c++17", "cc"),
    ("c++", "-std=c++20", "cc"),
];

const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"];

#[tokio::test(flavor = "multi_thread")]
async fn the_header_compiles_alone_and_in_two_units() {
    for (compiler, standard, ending) in LANGUAGES {
        let directory = scratch();
        let flags = [&[*standard][..], WARNINGS].concat();
        let (one, two) = (format!("one.{ending}"), format!("two.{ending}"));
        let again = "#include <ofauth.h>\n#include <ofauth.h>\n";
        let sources = [
            (
                &*one,
                format!(
                    "{again}const char *named(void);\nconst char *named(void) {{ return ofauth_version(); }}\n"
                ),
            ),
            (&*two, format!("{again}int main(void) {{ return ofauth_status_name(OFAUTH_OK) == 0; }}\n")),
        ];
        let sources: Vec<_> = sources.iter().map(|(file, text)| (*file, &**text)).collect();
        build(compiler, &flags, &sources, directory.path()).await.succeeds();
    }
}

/// Whoever does not look at the status of what was made or sent is warned, and can switch that off; of a setter nobody is.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_nobody_looks_at_is_a_warning_that_can_be_defined_away() {
    let ignoring = |call: &str| {
        format!(
            "#include <ofauth.h>\nvoid f(const ofauth_client *client, ofauth_upload *upload, ofauth_response **out);\n\
             void f(const ofauth_client *client, ofauth_upload *upload, ofauth_response **out) {{\n\
             (void)client; (void)upload; (void)out; {call};\n}}\nint main(void) {{ return 0; }}\n"
        )
    };
    for (compiler, standard, ending) in LANGUAGES {
        for (call, warns) in [
            ("ofauth_call(client, \"whoami\", 0, 0, out, 0)", true),
            ("ofauth_upload_new(&upload, 0)", true),
            ("ofauth_result_settle(client, 0, 0)", true),
            ("ofauth_upload_set_journal(upload, 0, 0)", false),
        ] {
            for (defined, silent) in [(&[][..], false), (&["-DOFAUTH_NODISCARD="][..], true)] {
                let directory = scratch();
                let flags = [&[*standard][..], WARNINGS, defined].concat();
                let file = format!("ignoring.{ending}");
                let ended = build(compiler, &flags, &[(&*file, &*ignoring(call))], directory.path()).await;
                assert_eq!(ended.status.success(), !warns || silent, "{standard} {call}: {}", ended.all());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_would_be_noticed() {
    let directory = scratch();
    let flags = [&["-std=c11"][..], WARNINGS].concat();
    let wrong = "#include <ofauth.h>\nint main(void) { return ofauth_version(); }\n";
    let ended = build("cc", &flags, &[("wrong.c", wrong)], directory.path()).await;
    assert!(!ended.status.success() && ended.err.contains("integer from pointer"), "{}", ended.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn header_and_library_agree_about_versions_statuses_and_layouts() {
    let ended = play("version", Way::Plain, None, 20).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(ended.out.starts_with(&format!("version {version}, ")), "{}", ended.all());
}
