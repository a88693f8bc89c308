//! What C programs include that is generated from the header: a call of every function with any parameter spoilt, and
//! the table of statuses.

use std::fmt::Write as _;

use xtask::header::{self, Function, Parameter as Argument};

use crate::operations::OPERATIONS;
use crate::run::root;
use crate::tree::Tree;

/// Parameters that may be NULL, beside `err`, `user_data` and `destroy`.
const NULLABLE: &[(&str, &str)] = &[
    ("ofauth_config_set_log", "callback"),
    ("ofauth_upload_set_notice", "callback"),
    ("ofauth_upload_set_progress", "callback"),
    ("ofauth_upload_set_cancel", "cancel"),
    ("ofauth_batch_set_cancel", "cancel"),
    ("ofauth_batch_set_notice", "callback"),
    ("ofauth_batch_set_progress", "callback"),
    ("ofauth_batch_set_record", "record"),
    ("ofauth_download_set_cancel", "cancel"),
    ("ofauth_download_set_progress", "callback"),
    ("ofauth_link_start", "options_json"),
    ("ofauth_wait_set_cancel", "cancel"),
    ("ofauth_wait_set_notice", "callback"),
    ("ofauth_wait_set_tick", "tick"),
    ("ofauth_request_set_cancel", "cancel"),
    ("ofauth_request_set_tick", "tick"),
    ("ofauth_request_set_params", "json"),
    ("ofauth_request_set_json", "json"),
    ("ofauth_upload_set_vault_upload", "mode"),
    ("ofauth_upload_set_vault_upload", "user_id"),
    ("ofauth_pages_new", "params_json"),
    ("ofauth_pages_set_cancel", "cancel"),
    ("ofauth_pages_set_resume", "token"),
    ("ofauth_client_budget", "connection_id"),
    ("ofauth_client_budget", "limit"),
    ("ofauth_client_budget", "left"),
    ("ofauth_client_budget", "next_ms"),
    ("ofauth_call", "params_json"),
    ("ofauth_call", "body_json"),
    ("ofauth_call_bytes", "params_json"),
    ("ofauth_webhook_sign", "id"),
];

/// Functions that may wait for minutes, which are given a client that has no time.
const HASTY: &[&str] = &["ofauth_wait_ready", "ofauth_wait_stored", "ofauth_link_wait"];

/// The statuses of calls with nothing spoilt that do not succeed: there is no such session to take the bytes, no such
/// journal, the upload that is passed everywhere has more than options, and a header with a number for a name signs nothing.
const USUAL: &[(&str, &str)] = &[
    ("ofauth_call_bytes", "OFAUTH_ERR_REJECTED"),
    ("ofauth_wait_ready", "OFAUTH_ERR_TIMEOUT"),
    ("ofauth_wait_stored", "OFAUTH_ERR_TIMEOUT"),
    ("ofauth_link_wait", "OFAUTH_ERR_TIMEOUT"),
    ("ofauth_add_to_vault_list", "OFAUTH_ERR_REJECTED"),
    ("ofauth_remove_from_vault_list", "OFAUTH_ERR_INVALID_ARGUMENT"),
    ("ofauth_copy_vault_list", "OFAUTH_ERR_REJECTED"),
    ("ofauth_download_run", "OFAUTH_ERR_SOURCE"),
    ("ofauth_journal_forget", "OFAUTH_ERR_INVALID_ARGUMENT"),
    ("ofauth_batch_set_options", "OFAUTH_ERR_INVALID_ARGUMENT"),
    ("ofauth_webhook_verify", "OFAUTH_ERR_WEBHOOK_MISSING"),
];

/// Texts that are right, as C expressions, by function and parameter; an empty function stands for all.
const TEXTS: &[(&str, &str, &str)] = &[
    ("ofauth_config_set_proxy", "url", r#""http://127.0.0.1:3128""#),
    ("ofauth_call", "operation_id", r#""create_post""#),
    ("ofauth_call_bytes", "operation_id", r#""upload_single""#),
    ("ofauth_call_bytes", "params_json", r#""{\"mediaUploadId\": \"upload:none\"}""#),
    // Other cases go on with this client.
    ("ofauth_client_set_api_key", "api_key", r#"needed("OFAUTH_API_KEY")"#),
    ("ofauth_link_return_parse", "url", r#""/linked?status=success&connection_id=conn_1""#),
    ("", "list_id", r#""4000000001""#),
    ("", "from_id", r#""4000000001""#),
    ("", "to_id", r#""4000000002""#),
    ("", "media_id", r#""4492994399""#),
    ("", "label", r#""source""#),
    ("", "options_json", r#""{\"clientReferenceId\": \"creator-17\"}""#),
    ("", "session_json", "SESSION"),
    (
        "ofauth_update_account_settings",
        "patch_json",
        r#""{\"vaultPlus\": {\"autoEnableForNewConnections\": true}}""#,
    ),
    ("", "patch_json", r#""{\"vaultPlus\": {\"enabled\": true}}""#),
    ("", "api_key", r#""sk_test_key""#),
    ("", "url", r#""http://127.0.0.1:9""#),
    ("", "connection_id", r#""conn_test""#),
    ("", "pem", "shared.pem"),
    ("", "text", r#""tests/1.0""#),
    ("", "origin", r#""http://127.0.0.1:9""#),
    ("", "path", r#"needed("OFAUTH_CLIP")"#),
    ("", "dir", r#""no-such-directory""#),
    ("", "id", r#""0123456789abcdef""#),
    ("", "filename", r#""clip.mp4""#),
    ("", "content_type", r#""video/mp4""#),
    ("", "mode", r#""message""#),
    ("", "user_id", r#""42""#),
    ("", "etag", r#""\"an-etag\"""#),
    ("", "params_json", r#""{}""#),
    ("", "body_json", r#""{\"text\": \"Hello\"}""#),
    ("", "operation_id", r#""whoami""#),
    ("", "json", r#""{}""#),
    ("", "name", r#""Content-Type""#),
    ("", "scheme", r#""svix""#),
    ("", "secret", r#""whsec_c2VjcmV0""#),
    ("", "value", r#""a value""#),
    ("", "record", r#""a batch""#),
    ("", "token", r#""list_posts@""#),
];

/// Types of numbers, with their largest value.
const NUMBERS: &[(&str, &str)] = &[
    ("uint32_t", "UINT32_MAX"),
    ("int32_t", "INT32_MAX"),
    ("uint64_t", "UINT64_MAX"),
    ("size_t", "SIZE_MAX"),
    ("int", "INT32_MIN"),
    ("int64_t", "INT64_MAX"),
    ("ofauth_status", "INT32_MIN"),
];

/// Types of callbacks, and a harmless one of each.
const CALLBACKS: &[(&str, &str)] = &[
    ("ofauth_reader", "read_nothing"),
    ("ofauth_progress_callback", "ignore_progress"),
    ("ofauth_notice_callback", "ignore_notice"),
    ("ofauth_batch_progress_callback", "ignore_batch_progress"),
    ("ofauth_batch_notice_callback", "ignore_batch_notice"),
    ("ofauth_log_callback", "ignore_log"),
    ("ofauth_tick_callback", "ignore_tick"),
    ("ofauth_destroy", "ignore_destroy"),
];

/// The files that programs include, by name.
pub(crate) fn included(tree: &Tree) -> Vec<(&'static str, String)> {
    let text = std::fs::read_to_string(tree.header()).unwrap();
    vec![
        ("statuses.inc", statuses(&text)),
        ("operations.inc", OPERATIONS.clone()),
        ("parameters.inc", parameters(&functions(&text))),
    ]
}

/// The functions of a header.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    header::functions(text)
}

/// The names of the statuses that a header defines.
pub(crate) fn status_names(text: &str) -> Vec<&str> {
    let names =
        text.lines().filter_map(|line| line.trim().strip_prefix("#define ")?.split_whitespace().next());
    names.filter(|name| *name == "OFAUTH_OK" || name.starts_with("OFAUTH_ERR_")).collect()
}

/// The number of a status, as the header of the repository has it.
pub(crate) fn status_number(name: &str) -> i32 {
    let header = std::fs::read_to_string(root().join("include/ofauth.h")).unwrap();
    let line = header.lines().find_map(|line| line.strip_prefix(&format!("#define {name} "))).unwrap();
    line.parse().unwrap()
}

fn statuses(text: &str) -> String {
    status_names(text).iter().map(|name| format!("    {{{name}, \"{name}\"}},\n")).collect()
}

/// A text as a C literal.
pub(crate) fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `T` of `T *` or `const T *`, without `const`.
fn pointee(argument: &Argument) -> Option<&str> {
    argument.r#type.strip_suffix('*').map(|of| of.trim().trim_start_matches("const ").trim())
}

/// The letter of a parameter, as `parameters.h` explains.
fn letter(argument: &Argument) -> char {
    let known = |table: &[(&str, &str)]| table.iter().any(|(kind, _)| *kind == argument.r#type);
    match (argument.r#type.as_str(), argument.name.as_str()) {
        _ if known(NUMBERS) => 'n',
        _ if known(CALLBACKS) => 'c',
        ("const char *", _) => 's',
        ("const char *const *", _) => 'i',
        ("ofauth_error **", "err") => 'e',
        ("void *", "user_data") => 'u',
        ("const void *" | "const uint8_t *", _) => 'b',
        ("size_t *" | "uint64_t *", _) => 'z',
        (kind, _) if kind.starts_with("ofauth_") && kind.ends_with("**") => 'o',
        (kind, _) if kind.trim_start_matches("const ").starts_with("ofauth_") && kind.ends_with('*') => 'h',
        (kind, name) => panic!("teach this test what to pass for {kind} {name}"),
    }
}

fn is_nullable(function: &Function, argument: &Argument) -> bool {
    matches!(letter(argument), 'e' | 'u' | 'n')
        || argument.name == "destroy"
        || NULLABLE.contains(&(function.name.as_str(), argument.name.as_str()))
}

fn text_for(function: &Function, argument: &Argument) -> &'static str {
    let fits =
        |row: &&(&str, &str, &str)| (row.0.is_empty() || row.0 == function.name) && row.1 == argument.name;
    let row = TEXTS.iter().find(fits);
    row.unwrap_or_else(|| panic!("teach this test a right {} of {}", argument.name, function.name)).2
}

/// An object is made for the call if the function changes or frees it, except that a client is shared by calls.
fn needs_own(function: &Function, argument: &Argument) -> bool {
    let frees = function.name.ends_with("_free");
    !argument.r#type.starts_with("const ") && (frees || pointee(argument) != Some("ofauth_client"))
}

/// The declaration of the variable that is passed for a parameter.
fn declaration(function: &Function, index: usize, argument: &Argument) -> String {
    let find = |table: &[(&'static str, &'static str)]| {
        table.iter().find(|(kind, _)| *kind == argument.r#type).map(|(_, value)| *value).unwrap()
    };
    let kind = argument.r#type.as_str();
    match letter(argument) {
        'n' => format!("{kind} p{index} = ({kind})number_at(variant, 1, (uint64_t){});", find(NUMBERS)),
        'c' => format!("{kind} p{index} = is_null(variant, {index}) ? NULL : {};", find(CALLBACKS)),
        's' => format!("{kind}p{index} = text_at(variant, {index}, {});", text_for(function, argument)),
        'i' => format!("{kind}p{index} = texts_at(variant, {index});"),
        'u' => format!("int u{index} = 0;\n  {kind}p{index} = is_null(variant, {index}) ? NULL : &u{index};"),
        'b' => format!("{kind}p{index} = is_null(variant, {index}) ? NULL : \"x\";"),
        'z' => {
            let of = kind.trim_end_matches('*').trim();
            format!("{of} z{index} = 0;\n  {kind}p{index} = is_null(variant, {index}) ? NULL : &z{index};")
        }
        'e' => {
            format!("ofauth_error *e = POISON;\n  {kind}p{index} = is_null(variant, {index}) ? NULL : &e;")
        }
        'o' => {
            let of = kind.trim_end_matches('*').trim();
            format!("{of} *o = POISON;\n  {kind}p{index} = is_null(variant, {index}) ? NULL : &o;")
        }
        _ => {
            let of = pointee(argument).unwrap();
            let short = of.strip_prefix("ofauth_").unwrap();
            if needs_own(function, argument) {
                format!("{of} *p{index} = is_null(variant, {index}) ? NULL : fresh_{short}();")
            } else {
                let short = if HASTY.contains(&function.name.as_str()) { "hasty" } else { short };
                format!("{kind}p{index} = is_null(variant, {index}) ? NULL : shared.{short};")
            }
        }
    }
}

/// What is done with the result of a function that returns no status.
fn look(function: &Function, call: &str) -> String {
    match function.result.as_str() {
        "void" => format!("  {call};\n"),
        "const char *" => {
            format!("  const char *text = {call};\n  CHECK(text == NULL || strlen(text) < 100000);\n")
        }
        "const uint8_t *" => {
            format!("  const uint8_t *bytes = {call};\n  CHECK(bytes == NULL || bytes[0] != 1);\n")
        }
        object if object.starts_with("const ofauth_") => {
            format!("  {object}object = {call};\n  CHECK(object != POISON);\n")
        }
        "int" => format!("  CHECK(({call}) <= 1);\n"),
        "int64_t" => format!("  (void){call};\n"),
        _ => format!("  CHECK(({call}) < INT32_MAX);\n"),
    }
}

fn is_fallible(function: &Function) -> bool {
    function.result == "ofauth_status" && function.parameters.iter().any(|argument| letter(argument) == 'e')
}

fn case(function: &Function) -> String {
    let arguments = &function.parameters;
    let mut text = format!(
        "static void case_{}(const struct variant *variant, struct outcome *outcome) {{\n",
        function.name
    );
    if arguments.is_empty() {
        text.push_str("  (void)variant;\n");
    }
    for (index, argument) in arguments.iter().enumerate() {
        writeln!(text, "  {}", declaration(function, index, argument)).unwrap();
    }
    let passed: Vec<_> = (0..arguments.len()).map(|index| format!("p{index}")).collect();
    let call = format!("{}({})", function.name, passed.join(", "));
    if is_fallible(function) {
        writeln!(text, "  outcome->status = {call};").unwrap();
    } else {
        text.push_str("  (void)outcome;\n");
        text.push_str(&look(function, &call));
    }
    for (index, argument) in arguments.iter().enumerate() {
        let of = pointee(argument).unwrap_or_default();
        match letter(argument) {
            'e' => writeln!(
                text,
                "  outcome->takes_error = p{index} != NULL;\n  outcome->error = p{index} != NULL ? e : NULL;"
            ),
            'o' => {
                let of = of.trim_end_matches('*').trim();
                let free = format!("if (p{index} != NULL && o != POISON) {{\n    {of}_free(o);\n  }}");
                writeln!(text, "  outcome->takes_out = p{index} != NULL;\n  outcome->out = o;\n  {free}")
            }
            'h' if needs_own(function, argument) && !function.name.ends_with("_free") => {
                writeln!(text, "  {of}_free(p{index});")
            }
            _ => Ok(()),
        }
        .unwrap();
    }
    text.push_str("}\n\n");
    text
}

fn parameters(functions: &[Function]) -> String {
    let mut text: String = functions.iter().map(case).collect();
    text.push_str("static const struct function FUNCTIONS[] = {\n");
    for function in functions {
        let kinds: String = function.parameters.iter().map(letter).collect();
        let nullable = function.parameters.iter().map(|argument| is_nullable(function, argument));
        let nullable: String = nullable.map(|may| if may { '1' } else { '0' }).collect();
        let usual =
            USUAL.iter().find(|(name, _)| *name == function.name).map_or("OFAUTH_OK", |(_, usual)| usual);
        let (name, fallible) = (&function.name, u8::from(is_fallible(function)));
        writeln!(text, "    {{\"{name}\", case_{name}, \"{kinds}\", \"{nullable}\", {fallible}, {usual}}},")
            .unwrap();
    }
    text.push_str("};\n\n#define TAKING_A_CLIENT ");
    let of_client = |function: &&Function| {
        function.parameters.iter().any(|argument| pointee(argument) == Some("ofauth_client"))
    };
    let names: Vec<_> = functions.iter().filter(of_client).map(|function| literal(&function.name)).collect();
    writeln!(text, "{}", names.join(", ")).unwrap();
    text
}
