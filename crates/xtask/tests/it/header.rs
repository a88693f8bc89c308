//! The C header: what programs rely on in it, and that no function is left out of it.

use std::fs;
use std::path::PathBuf;

use xtask::header::surface::{in_words, surface};
use xtask::header::{self, Declaration, Function, Parameter, declarations, functions};
use xtask::source;

/// The header as its sources say it must be.
fn present() -> String {
    header::artefact(&source::root().unwrap()).unwrap().text
}

/// The listing of a header.
fn listing(header: &str) -> String {
    surface(header).unwrap().join("\n")
}

#[test]
fn each_change_of_the_c_api_is_named_with_what_it_means() {
    let header = "#define OFAUTH_OK 0\n\
        #define OFAUTH_ABI_VERSION 0\n\
        typedef struct point { int32_t x; int32_t y; } point;\n\
        typedef int (*callback)(void *user_data, const point *at);\n\
        int32_t first(const char *text, size_t size);\n\
        void second(void);\n";
    let old = listing(header);
    assert_eq!(in_words(&old, &old), None);

    let broken = [
        ("void second(void);", "", "lost: function second"),
        ("second(void)", "third(void)", "lost: function second"),
        ("void second", "int32_t second", "changed: function second"),
        ("size_t size", "uint32_t size", "changed: function first"),
        ("const char *text", "char *text", "changed: function first"),
        ("text, size_t size", "text", "changed: function first"),
        ("second(void)", "second(int32_t new_one)", "changed: function second"),
        ("OFAUTH_OK 0", "OFAUTH_OK 1", "changed: constant OFAUTH_OK"),
        ("#define OFAUTH_OK 0\n", "", "lost: constant OFAUTH_OK"),
        ("int32_t y; ", "", "lost: type point field 01"),
        ("int32_t x; ", "int32_t w; int32_t x; ", "changed: type point field 00"),
        ("const point *at", "const point *at, int32_t more", "changed: type callback"),
    ];
    for (from, to, named) in broken {
        let message = in_words(&old, &listing(&header.replacen(from, to, 1))).unwrap();
        assert!(message.contains(named), "{named}: {message}");
        assert!(message.contains("this breaks users"), "{message}");
        assert!(message.contains("Raise OFAUTH_ABI_VERSION"), "{message}");
    }

    let new = header.replace("void second(void);", "").replace("ABI_VERSION 0", "ABI_VERSION 1");
    let message = in_words(&old, &listing(&new)).unwrap();
    assert!(message.contains("lost: function second") && message.contains("has another value already"));

    let added = [("void second", "void third(void); void second"), ("int32_t y; ", "int32_t y; int32_t z; ")];
    for (from, to) in added {
        let message = in_words(&old, &listing(&header.replacen(from, to, 1))).unwrap();
        assert!(message.contains("breaks nobody") && !message.contains("lost"), "{message}");
    }

    let renamed = in_words(&old, &listing(&header.replace("size_t size", "size_t length"))).unwrap();
    assert!(renamed.contains("other names") && !renamed.contains("this breaks users"), "{renamed}");
}

#[test]
fn the_real_header_loses_nothing_in_silence() {
    let header = present();
    let old = listing(&header);
    let all = functions(&header);
    assert!(all.len() > 50, "{} functions", all.len());
    for Function { name, .. } in &all {
        let other = header.replace(&format!("{name}("), &format!("{name}_again("));
        let message = in_words(&old, &listing(&other)).unwrap();
        assert!(message.contains(&format!("lost: function {name}\n")), "{message}");
    }
}

#[test]
fn no_number_means_two_things() {
    let all = declarations(&present()).unwrap();
    for group in [&["OFAUTH_OK", "OFAUTH_ERR_"][..], &["OFAUTH_PHASE_"], &["OFAUTH_LOG_"]] {
        let mut numbers: Vec<&str> = Vec::new();
        for declaration in &all {
            if let Declaration::Constant { name, value } = declaration
                && group.iter().any(|start| name.starts_with(start))
            {
                assert!(!numbers.contains(&value.as_str()), "{name} has the number of another one: {value}");
                numbers.push(value);
            }
        }
        assert!(numbers.len() > 2, "{group:?}");
    }
}

#[test]
fn prototypes_are_read_whatever_their_lines() {
    let header = "/* a; comment(here) */\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\
        const char *const *many(struct client *client,\n    const uint8_t * data , size_t size);\n\
        #ifdef __cplusplus\n} /* extern \"C\" */\n#endif\nbool none(void);\n";
    let parameter = |of: &str, name: &str| Parameter { r#type: of.to_owned(), name: name.to_owned() };
    let many = Function {
        name: "many".to_owned(),
        result: "const char *const *".to_owned(),
        parameters: vec![
            parameter("client *", "client"),
            parameter("const uint8_t *", "data"),
            parameter("size_t", "size"),
        ],
    };
    let none = Function { name: "none".to_owned(), result: "bool".to_owned(), parameters: Vec::new() };
    assert_eq!(functions(header), [many, none]);
    for wrong in ["int f(int a[2]);", "int f(int (*g)(void));", "nonsense;", "int f(int);", "typedef int;"] {
        assert!(declarations(wrong).is_err(), "{wrong}");
    }
}

/// A crate of two modules in a folder of its own.
fn small_crate(name: &str, second: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("xtask-header-{name}-{}", std::process::id()));
    fs::create_dir_all(folder.join("deep")).unwrap();
    fs::write(folder.join("lib.rs"), "//! A library.\nmod zebra;\nmod deep;\n#[cfg(test)]\nmod gone;\n")
        .unwrap();
    let zebra = "//! Zebras\n//!\n//! They come first.\n\n/// How many.\npub const ZEBRAS: u32 = 2;\n\
        /// Makes [`ZEBRAS`].\n#[unsafe(no_mangle)]\npub extern \"C\" fn zebra_make() -> u32 { ZEBRAS }\n";
    fs::write(folder.join("zebra.rs"), zebra).unwrap();
    fs::write(folder.join("deep/mod.rs"), second).unwrap();
    folder
}

#[test]
fn a_header_follows_the_modules() {
    let ant = "//! Ants\n/// A nest.\npub struct nest { ants: Vec<u8> }\n\
        /// Frees it.\n///\n/// Or not.\n///\n/// ```c\n/// ant_free(nest);\n/// ```\n#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn ant_free(nest: *mut nest) {}\n";
    let folder = small_crate("order", ant);
    let text = header::text(
        &folder.join("lib.rs"),
        &["zebra", "deep"],
        "About.\n\n    int main(void);\n",
        "1.20.3-rc.4",
    )
    .unwrap();
    fs::remove_dir_all(folder).unwrap();
    assert!(text.lines().take(5).any(|line| line.contains("@generated")));
    let order = [
        " * About.\n *\n *     int main(void);\n */",
        "#ifndef OFAUTH_H\n#define OFAUTH_H",
        "#define OFAUTH_VERSION \"1.20.3-rc.4\"",
        "#define OFAUTH_VERSION_MAJOR 1\n#define OFAUTH_VERSION_MINOR 20\n#define OFAUTH_VERSION_PATCH 3\n",
        "extern \"C\" {",
        "/** A nest. */\ntypedef struct nest nest;",
        "/* -- Zebras ---",
        "/**\n * @defgroup ofauth_zebra Zebras\n *\n * They come first.\n * @{\n */",
        "/** How many. */\n#define ZEBRAS 2",
        "/** Makes `ZEBRAS`. */\nOFAUTH_API\nuint32_t zebra_make(void);",
        "/** @} */",
        "/* -- Ants ---",
        "/**\n * Frees it.\n *\n * Or not.\n *\n *     ant_free(nest);\n */\nOFAUTH_API\nvoid ant_free(nest *nest);",
        "} /* extern \"C\" */",
        "#endif /* OFAUTH_H */",
    ];
    let mut rest = text.as_str();
    for piece in order {
        let (_, after) = rest.split_once(piece).unwrap_or_else(|| panic!("{piece:?} is not in\n{rest}"));
        rest = after;
    }
}

#[test]
fn what_c_could_not_have_is_an_error() {
    let hidden = "//! Ants\n#[unsafe(no_mangle)]\npub extern \"C\" fn ant_tuple(ant: (u8, u8)) {}\n";
    let folder = small_crate("hidden", hidden);
    let wrong = header::text(&folder.join("lib.rs"), &["zebra", "deep"], "", "0.1.0").unwrap_err();
    fs::remove_dir_all(folder).unwrap();
    assert!(format!("{wrong:#}").contains("ant_tuple"), "{wrong:#}");

    let folder = small_crate("placeless", hidden);
    let wrong = header::text(&folder.join("lib.rs"), &["zebra"], "", "0.1.0").unwrap_err();
    fs::remove_dir_all(folder).unwrap();
    assert!(wrong.to_string().contains("the module `deep` exports something"), "{wrong:#}");

    let folder = small_crate("intro", "//! Ants\n");
    let wrong = header::text(&folder.join("lib.rs"), &["zebra"], "One.\n/* two */\n", "0.1.0").unwrap_err();
    fs::remove_dir_all(folder).unwrap();
    assert!(wrong.to_string().starts_with("crates/ofauth-ffi/header-intro.txt:2:"), "{wrong}");
}
