//! The order of layers of each crate, and that no import goes against it or in a circle.

use std::collections::BTreeMap;
use std::path::Path;

use super::imports::Imports;
use super::{files, root};

/// The crates, and what lies in the `src` of each, from the ground up: every file and folder may use what stands in the
/// lines before its own, and its neighbours in the line. DESIGN.md shows the same as a map.
const LAYERS: &[(&str, &[&[&str]])] = &[
    (
        "crates/ofauth",
        &[
            &[
                "cancel.rs",
                "error.rs",
                "limits.rs",
                "media_form.rs",
                "open_enum.rs",
                "polling.rs",
                "read_at.rs",
                "secret_text.rs",
                "system.rs",
            ],
            &[
                "file_identity.rs",
                "line_file.rs",
                "origin.rs",
                "private_fs.rs",
                "secret.rs",
                "state_format.rs",
                "threads.rs",
            ],
            &["proxy.rs", "tls"],
            &["settings.rs"],
            &["http"],
            &["net", "object.rs"],
            &["rate_limiter"],
            &["call"],
            &["journal"],
            &["upload"],
            &["batch"],
            &["client"],
            &[
                "account.rs",
                "cache_settings",
                "connections.rs",
                "lists.rs",
                "posts",
                "vault.rs",
                "vault_plus",
            ],
            &["link", "media_wait"],
            &["download", "vault_lists"],
            &["blocking"],
            &["unversioned.rs", "lib.rs"],
        ],
    ),
    (
        "crates/ofauth-ffi",
        &[
            &["status.rs", "version.rs", "text.rs", "panics.rs", "standard.rs", "fork_guard.rs"],
            &["error.rs", "pointer.rs", "range.rs", "boundary.rs"],
            &["progress.rs", "notice.rs", "user_data.rs", "callback.rs", "event.rs", "mailbox.rs", "log.rs"],
            &["cancel.rs", "waiting.rs"],
            &["runtime.rs", "guest.rs", "event_loop.rs", "borrowed_bytes.rs"],
            &["config.rs", "client.rs", "upload.rs", "response.rs"],
            &["result.rs", "run.rs", "request.rs", "journal.rs"],
            &["batch", "call.rs", "pages.rs", "webhook.rs"],
            &["media_wait.rs", "vault_lists.rs", "link.rs", "cache_settings.rs", "download.rs"],
            &["lib.rs"],
        ],
    ),
    (
        "crates/ofauth-sandbox",
        &[
            &[
                "lock.rs",
                "number.rs",
                "query.rs",
                "content_type.rs",
                "timestamp.rs",
                "format.rs",
                "names.rs",
                "error.rs",
                "signed_url.rs",
            ],
            &["document.rs", "schema.rs", "older_clients.rs", "openapi.rs", "net", "transcript"],
            &["http"],
            &["access.rs", "uploads", "world", "link", "webhooks", "rate_limit.rs"],
            &["fault"],
            &["settings.rs", "state.rs", "call.rs"],
            &["handlers"],
            &["router.rs", "media", "link_page.rs", "inspect", "service.rs", "server.rs"],
            &["builder.rs", "sandbox.rs", "lib.rs"],
        ],
    ),
    (
        "crates/ofauth-operations",
        &[
            &["display_safe.rs", "style.rs"],
            &["operation.rs"],
            &["error.rs", "operations", "operations.rs", "schemas", "schemas.rs"],
            &["lib.rs"],
        ],
    ),
    (
        "crates/ofauth-webhooks",
        &[
            &["encoding.rs", "error.rs", "json.rs", "scheme.rs"],
            &["connection.rs", "dedupe.rs", "headers.rs", "secret.rs"],
            &["event.rs"],
            &["verifier.rs"],
            &["examples.rs", "sign.rs"],
            &["lib.rs"],
        ],
    ),
    (
        "crates/ofauth-api",
        &[
            &["id.rs", "secret.rs", "lenient.rs", "nullable.rs", "open_enum.rs", "parameter.rs", "tagged.rs"],
            &["list.rs", "request.rs", "transport.rs", "direct.rs"],
            &["generated.rs", "response.rs", "client.rs"],
            &["lib.rs"],
        ],
    ),
    (
        "crates/xtask",
        &[
            &["document", "finding.rs", "overlay", "raw_only.rs", "rust_name.rs"],
            &["artefact.rs", "lower", "site.rs"],
            &["adopt"],
            &["generate.rs", "refine", "emit"],
            &["complete"],
            &["check", "source.rs"],
            &["header"],
            &["typed"],
            &["codegen.rs", "report"],
            &["abi.rs", "dist", "simulate.rs"],
            &["verdict"],
            &["update"],
            &["lib.rs", "main.rs"],
        ],
    ),
    (
        "tests",
        &[
            &["response.rs", "canary.rs", "gate.rs", "tls.rs"],
            &["exchange.rs", "server.rs"],
            &[
                "session.rs",
                "every_operation",
                "guide.rs",
                "lists.rs",
                "one_rule.rs",
                "story.rs",
                "watch.rs",
                "webhooks.rs",
            ],
            &["lib.rs"],
        ],
    ),
    (
        "crates/ofauth-cli",
        &[
            &["exit.rs", "name.rs", "terminal"],
            &["failure"],
            &["files", "progress", "threads.rs"],
            &["interrupt.rs", "output"],
            &["args"],
            &["config", "help.rs", "state"],
            &["app.rs", "completion"],
            &["context.rs"],
            &["commands"],
            &["main.rs"],
        ],
    ),
];

/// The imports of the crate in `folder`.
pub(super) fn imports(folder: &str) -> Imports {
    let start = format!("{folder}/src/");
    let mut paths = Vec::new();
    files(&root().join(&start), &mut paths);
    let name =
        |path: &Path| path.strip_prefix(root().join(&start)).unwrap().to_string_lossy().replace('\\', "/");
    let sources: BTreeMap<String, String> = paths
        .iter()
        .map(|path| (name(path), path))
        .filter(|(name, _)| name.ends_with(".rs"))
        .map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(!sources.is_empty(), "{folder} has no sources");
    Imports::read(&sources)
}

#[test]
fn imports_keep_to_the_layers() {
    let mut found = Vec::new();
    for (folder, order) in LAYERS {
        let imports = imports(folder);
        found.extend(imports.circles().into_iter().map(|circle| format!("{folder}: a circle {circle}")));
        found.extend(imports.against(order).into_iter().map(|import| format!("{folder}: {import}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Imports of made-up sources: files with their texts.
fn of(files: &[(&str, &str)]) -> Imports {
    Imports::read(&files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
}

#[test]
fn every_way_to_import_is_seen() {
    let target =
        [("lib.rs", "mod a; mod b;"), ("b/mod.rs", "pub mod c; pub fn f() {}"), ("b/c.rs", "pub struct C;")];
    for (text, file) in [
        ("use crate::b::c::C;", "b/c.rs"),
        ("use super::b::c;", "b/c.rs"),
        ("use crate::{b::{c::C as D}};", "b/c.rs"),
        ("fn g() { crate::b::f() }", "b/mod.rs"),
        ("type T = Vec<crate::b::c::C>;", "b/c.rs"),
        ("fn g() { println!(\"{}\", super::b::f()) }", "b/mod.rs"),
        ("mod inner { use super::super::b::f; }", "b/mod.rs"),
        ("#[cfg(not(test))] use crate::b::f;", "b/mod.rs"),
    ] {
        let imports = of(&[&target[..], &[("a.rs", text)]].concat());
        assert!(imports.0["a.rs"].contains(file), "{text}: {:?}", imports.0);
    }
    for text in [
        "#[cfg(test)] use crate::b::f;",
        "#[cfg(test)] mod tests { use crate::b::f; }",
        "use std::b::c;",
        "fn g() { quote!(crate::b::f()) }",
    ] {
        let imports = of(&[&target[..], &[("a.rs", text)]].concat());
        assert!(imports.0["a.rs"].is_empty(), "{text}: {:?}", imports.0);
    }
    let declared = of(&[("lib.rs", "mod a; #[cfg(any(fuzzing, test))] mod t;"), ("a.rs", ""), ("t.rs", "")]);
    assert!(declared.0.contains_key("a.rs") && !declared.0.contains_key("t.rs"));
    assert!(declared.0["lib.rs"].is_empty(), "to declare is not to use");
}

#[test]
fn circles_and_steps_upward_are_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::x::X;"),
        ("b/mod.rs", "pub mod x; pub mod y;"),
        ("b/x.rs", "use super::y::Y;"),
        ("b/y.rs", "use super::x::X;"),
        ("c.rs", "use crate::d::D;"),
        ("d.rs", "use crate::c::C;"),
    ];
    assert!(of(&files).circles().is_empty(), "a few files in a circle are a matter of taste");
    assert_eq!(of(&files).against(&[&["b"], &["a.rs"], &["d.rs"], &["c.rs", "lib.rs"]]), ["d.rs uses c.rs"]);
    assert_eq!(
        of(&files).against(&[&["b", "a.rs", "c.rs"], &["lib.rs"]]),
        ["c.rs uses d.rs", "d.rs is in no layer"]
    );
    let with = |file, text| of(&[&files[..], &[(file, text)]].concat()).circles();
    assert_eq!(with("b/y.rs", "use crate::a::A;"), ["in \"\": a.rs, b"], "a file and a folder beside it");
    assert_eq!(with("b/x.rs", "use super::y::Y; use crate::c::C;"), [] as [String; 0]);
    assert_eq!(with("d.rs", "use crate::{a::A, c::C}; use crate::b::x;"), [] as [String; 0]);
    let ring = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::X;"),
        ("b.rs", "use crate::c::X;"),
        ("c.rs", "use crate::d::X;"),
        ("d.rs", "use crate::a::X;"),
    ];
    assert_eq!(of(&ring).circles(), ["in \"\": a.rs, b.rs, c.rs, d.rs"]);
}
