//! Every place that takes a file for the one of an earlier run: the record of a batch, `--skip-existing`, and the journal.
//! Size and time are not all: another file may have them, or the file after an edit.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ofauth_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Home, run, sandbox, sha256};

const SIZE: usize = 200_000;

type Change = fn(&Path);

/// What happens to a file, and whether it is the same afterwards.
const CHANGES: [(&str, Change, bool); 5] = [
    ("nothing", |_| {}, true),
    ("another mode", |path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o400)).unwrap(), true),
    ("a copy in its place", |path| replace(path, &std::fs::read(path).unwrap()), true),
    ("another file in its place", |path| replace(path, &[7; SIZE]), false),
    (
        "an edit, and the time put back",
        |path| {
            let time = path.metadata().unwrap().modified().unwrap();
            std::fs::write(path, [8; SIZE]).unwrap();
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        },
        false,
    ),
];

fn replace(path: &Path, with: &[u8]) {
    let time = path.metadata().unwrap().modified().unwrap();
    let new = path.with_extension("new");
    std::fs::write(&new, with).unwrap();
    File::options().write(true).open(&new).unwrap().set_modified(time).unwrap();
    std::fs::rename(new, path).unwrap();
}

type Place = (&'static str, i32, &'static [&'static str], &'static str, &'static str);

/// Where a file is known from, how the first command ends, its second file and its fault, and what is said of a file that
/// is the same.
const PLACES: [Place; 3] = [
    (
        "the record of a batch",
        5,
        &["b.jpg"],
        r#"[{"on": {"operation": "upload", "filename": "b.jpg"}, "fault": {"kind": "status", "status": 415}}]"#,
        "a.jpg: uploaded by an earlier run",
    ),
    ("--skip-existing", 0, &["--skip-existing"], "[]", "a.jpg: skipped"),
    (
        "the journal",
        4,
        &[],
        r#"[{"on": {"operation": "upload_part", "part": 3}, "fault": {"kind": "status", "status": 403}}]"#,
        "a.jpg: resumed",
    ),
];

#[tokio::test]
async fn the_content_that_is_there_is_the_one_that_the_reference_has() {
    for (place, code, more, faults, said) in PLACES {
        for (change, make, is_same) in CHANGES {
            let what = format!("{place}, {change}");
            let home = Home::new();
            let path = home.file("a.jpg", [&[0xff, 0xd8, 0xff, 0xe0][..], &[1; SIZE - 4]].concat());
            home.file("b.jpg", [0xff, 0xd8, 0xff, 0xe0]);
            let server = sandbox(serde_json::from_str(faults).unwrap()).await;
            let upload = || {
                let mut command = home.against(&server);
                command.args(["upload", "-c1", "--content-type", "image/jpeg", "a.jpg"]).args(more);
                command
            };
            run(&mut upload()).await.ends_with(code);
            make(&path);
            let again = run(&mut upload()).await.ends_with(0);
            assert_eq!(again.err.contains(said), is_same, "{what}: {again:?}");
            let first = again.out.lines().next().unwrap();
            assert_eq!(content_of(&server, first), Some(sha256(&std::fs::read(&path).unwrap())), "{what}");
        }
    }
}

/// The hash of what the server has under a reference or a media id.
fn content_of(server: &Sandbox, printed: &str) -> Option<String> {
    let uploads = server.uploads();
    let is_it = |upload: &&ofauth_sandbox::UploadRecord| {
        upload.media_upload_id == printed || upload.media_id.is_some_and(|id| id.to_string() == printed)
    };
    uploads.iter().find(is_it).and_then(|upload| upload.sha256.clone())
}

/// What a file of another size or time is, nobody has to read.
#[tokio::test]
async fn another_time_is_another_file() {
    let home = Home::new();
    let path = home.file("a.jpg", [0xff, 0xd8, 0xff, 0xe0]);
    let server = sandbox(json!([])).await;
    let mut upload = home.against(&server);
    run(upload.args(["upload", "--skip-existing", "a.jpg"])).await.ends_with(0);
    File::options().write(true).open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let again = run(&mut upload).await.ends_with(0);
    assert!(!again.err.contains("skipped"), "{again:?}");
    assert_eq!(server.uploads().len(), 2);
}
