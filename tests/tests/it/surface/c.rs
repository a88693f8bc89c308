//! The C header: what programs rely on in it.

use xtask::header::surface::{in_words, surface};
use xtask::{header, source};

#[test]
fn the_c_api_is_the_one_that_was_accepted() {
    let header = header::artefact(&source::root().unwrap()).unwrap().text;
    ofauth_surface::check_in_words("c", surface(&header).unwrap(), in_words);
}
