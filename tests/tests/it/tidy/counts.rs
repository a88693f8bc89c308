//! The documents say how many operations there are. The table knows.

use super::read;

#[test]
fn the_documents_count_the_operations_of_the_table() {
    let all = ofauth::operations().len();
    for (file, text) in [
        ("openapi/README.md", format!("It holds {all} operations.")),
        ("DESIGN.md", format!("The API has {all} documented operations.")),
        ("DESIGN.md", format!("cannot use {all} typed\n")),
        ("docs/guarantees.md", format!("| {all}, and the proxy call |")),
        ("CHANGELOG.md", format!("{all} operations as typed calls")),
    ] {
        assert!(read(file).contains(&text), "{file} does not say {text:?}");
    }
}

#[test]
fn the_document_is_as_trustworthy_as_its_page_says() {
    let page = read("openapi/README.md");
    let count = |row: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("| {row} | ")));
        let number = line.and_then(|line| line.split(' ').next());
        number.unwrap_or_else(|| panic!("no row {row}")).parse::<usize>().unwrap()
    };
    let operations = ofauth::operations();
    let unconfirmed = operations.iter().filter(|operation| operation.unconfirmed).count();
    assert_eq!(count("unconfirmed"), unconfirmed);
    assert_eq!(count("confirmed") + count("from types") + unconfirmed, operations.len());
}
