//! Uploads a file in a process of its own, so that its peak memory can be read.
//!
//! `upload-child BASE_URL KEY CONCURRENCY PATH` prints the upload reference and the peak of its resident memory in KiB.

// A tool of tests: where it is wrong, a test has to fail.
#![allow(clippy::unwrap_used)]

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().unwrap();
    let client = ofauth::Client::builder().base_url(next()).api_key(next()).connection_id("conn_child");
    let client = ofauth::blocking::Client::new(client.concurrency(next().parse().unwrap())).unwrap();
    let uploaded = client.upload_path(next()).send().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{} {}", uploaded.media_upload_id(), peak.trim().trim_end_matches(" kB"));
}
