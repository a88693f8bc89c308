//! Uploads all files of a directory in a process of its own, so that it can be killed.
//!
//! `batch-child BASE_URL KEY JOURNAL DIRECTORY` prints the name and the reference of each file, and a full stop that says that
//! the line is whole.

// A tool of tests: where it is wrong, a test has to fail.
#![allow(clippy::unwrap_used)]

use std::path::Path;

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().unwrap();
    let client = ofauth::Client::builder().base_url(next()).api_key(next()).connection_id("conn_child");
    let client = ofauth::blocking::Client::new(client.journal_dir(next())).unwrap();
    let mut paths: Vec<_> = std::fs::read_dir(next()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let options = ofauth::UploadOptions::default().hold_result();
    let mut batch = client.upload_all(paths).options(&options).files(3);
    for file in &mut batch {
        let name = Path::new(&file.name).file_name().unwrap().to_str().unwrap().to_owned();
        println!("{name} {}.", file.result.unwrap().media_upload_id());
    }
    batch.settle().unwrap();
}
