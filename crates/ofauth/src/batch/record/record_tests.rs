//! Tests of the record: what is found, what is forgotten, what two batches at once see, and what a kill leaves.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;

use proptest::prelude::*;

use super::line::tests_support::{about, uploaded};
use super::*;
use crate::upload::Source;
use crate::upload::source::opened::Opened;

/// A source of these bytes in memory.
fn source(bytes: &'static [u8]) -> Opened {
    Source::bytes(bytes).filename("a.mp4").open().unwrap()
}

fn open(home: &Path, name: Option<&str>) -> BatchRecord {
    BatchRecord::open(&Journal::new(home), name).unwrap()
}

fn add(record: &BatchRecord, place: &str, bytes: &'static [u8], id: &str) {
    record.add(about(place), source(bytes).content.identity(), &uploaded(id, &[bytes])).unwrap();
}

fn find(record: &BatchRecord, place: &str, bytes: &'static [u8]) -> Option<String> {
    let found = record.find(&about(place), &*source(bytes).content, &CancellationToken::new()).unwrap()?;
    assert_eq!(found.resumed(), bytes.len() as u64);
    Some(found.media_upload_id().to_owned())
}

fn files(home: &Path) -> usize {
    home.join(DIRECTORY).read_dir().unwrap().count()
}

#[test]
fn what_is_found_is_the_same_upload_of_the_same_content() {
    for name in [None, Some("mine")] {
        let home = tempfile::tempdir().unwrap();
        let record = open(home.path(), name);
        add(&record, "bytes:a.mp4", b"one", "upload:1");
        add(&record, "bytes:a.mp4", b"two", "upload:2");
        add(&record, "bytes:b.mp4", b"one", "upload:3");
        drop(record);
        let record = open(home.path(), name);
        assert_eq!(find(&record, "bytes:a.mp4", b"one").unwrap(), "upload:1", "of the same name and size");
        assert_eq!(find(&record, "bytes:a.mp4", b"two").unwrap(), "upload:2");
        assert_eq!(find(&record, "bytes:b.mp4", b"one").unwrap(), "upload:3");
        for (place, bytes) in [("bytes:a.mp4", &b"six"[..]), ("bytes:a.mp4", b"more"), ("/a.mp4", b"one")] {
            assert_eq!(find(&record, place, bytes), None, "{place}");
        }
        let other = About { connection: "conn_2".into(), ..about("bytes:a.mp4") };
        assert!(record.find(&other, &*source(b"one").content, &CancellationToken::new()).unwrap().is_none());
    }
}

#[test]
fn a_batch_that_is_done_leaves_nothing_of_its_own_and_all_of_others() {
    let home = tempfile::tempdir().unwrap();
    let dead = open(home.path(), None);
    add(&dead, "a", b"1", "upload:a");
    add(&dead, "b", b"1", "upload:b");
    drop(dead);
    let batch = open(home.path(), None);
    assert_eq!(find(&batch, "a", b"1").unwrap(), "upload:a");
    add(&batch, "c", b"1", "upload:c");
    batch.settle().unwrap();
    drop(batch);
    let next = open(home.path(), None);
    assert_eq!(["a", "b", "c"].map(|place| find(&next, place, b"1")), [None, Some("upload:b".into()), None]);
    next.settle().unwrap();
    drop(next);
    assert!(find(&open(home.path(), None), "b", b"1").is_none());
    assert_eq!(files(home.path()), 0, "nothing is left of any");
}

#[test]
fn batches_at_once_have_a_log_each_unless_they_share_a_name() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (open(home.path(), None), open(home.path(), None));
    add(&one, "a", b"1", "upload:a");
    add(&two, "b", b"1", "upload:b");
    assert_eq!([find(&one, "b", b"1"), find(&two, "a", b"1")], [None, None], "the other is alive");
    // Both end without being done, and two come after them, each with the files of one.
    drop((one, two));
    let (one, two) = (open(home.path(), None), open(home.path(), None));
    assert_eq!([find(&one, "a", b"1"), find(&two, "b", b"1")].map(Option::unwrap), ["upload:a", "upload:b"]);
    one.settle().unwrap();
    assert_eq!(find(&two, "b", b"1").unwrap(), "upload:b");
    two.settle().unwrap();
    drop((one, two));
    let (named, other) = (open(home.path(), Some("x")), open(home.path(), Some("y")));
    let busy = BatchRecord::open(&Journal::new(home.path()), Some("x")).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    drop((named, other));
    drop(open(home.path(), Some("x")));
    // What two had open neither removed: the next one does.
    drop(open(home.path(), None));
    assert_eq!(files(home.path()), 0);
}

#[test]
fn what_another_batch_is_done_with_and_has_removed_is_not_found_and_spoils_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dead = open(home.path(), None);
    add(&dead, "a", b"1", "upload:a");
    add(&dead, "b", b"1", "upload:b");
    drop(dead);
    let (one, two) = (open(home.path(), None), open(home.path(), None));
    for place in ["a", "b"] {
        find(&one, place, b"1").unwrap();
    }
    assert_eq!(find(&two, "a", b"1").unwrap(), "upload:a");
    one.settle().unwrap();
    drop(one);
    assert_eq!(files(home.path()), 1, "that of the other");
    assert_eq!(find(&two, "b", b"1"), None);
    two.settle().unwrap();
    drop(two);
    assert_eq!(files(home.path()), 0);
}

#[test]
fn what_could_not_be_forgotten_is_forgotten_the_next_time() {
    let home = tempfile::tempdir().unwrap();
    let dead = open(home.path(), None);
    add(&dead, "a", b"1", "upload:a");
    let path = dead.lock().own.path.clone();
    drop(dead);
    let batch = open(home.path(), None);
    assert_eq!(find(&batch, "a", b"1").unwrap(), "upload:a");
    // A directory takes no lines.
    let aside = home.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    std::fs::create_dir(&path).unwrap();
    batch.settle().unwrap_err();
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    batch.settle().unwrap();
    drop(batch);
    assert_eq!(find(&open(home.path(), None), "a", b"1"), None);
    assert_eq!(files(home.path()), 0);
}

#[test]
fn what_cannot_be_read_is_an_error_and_not_a_file_to_upload_again() {
    let home = tempfile::tempdir().unwrap();
    let dead = open(home.path(), None);
    add(&dead, "a", b"1", "upload:a");
    let path = dead.lock().own.path.clone();
    drop(dead);
    let batch = open(home.path(), None);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let error = batch.find(&about("a"), &*source(b"1").content, &CancellationToken::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(find(&batch, "b", b"1"), None);
}

/// In a child, whose limit would not do for a tenth of them.
#[cfg(target_os = "linux")]
#[test]
fn any_number_of_logs_takes_no_descriptors() {
    use std::process::Command;
    const LOGS: usize = 300;
    const HOME: &str = "OFAUTH_TEST_HOME_OF_LOGS";
    if let Some(home) = std::env::var_os(HOME) {
        let record = open(Path::new(&home), None);
        for number in 0..LOGS {
            assert_eq!(find(&record, &number.to_string(), b"1").unwrap(), format!("upload:{number}"));
        }
        return record.settle().unwrap();
    }
    let home = tempfile::tempdir().unwrap();
    for number in 0..LOGS {
        // As a batch leaves it that was killed.
        let path = home.path().join(DIRECTORY).join(format!("{SHARED}{number}.jsonl"));
        create_directory(path.parent().unwrap()).unwrap();
        let mut log = Log::open(path).unwrap().unwrap();
        let about = about(&number.to_string());
        let upload = uploaded(&format!("upload:{number}"), &[b"1"]);
        log.add(key(&about), &UploadLine::new(about.clone(), source(b"1").content.identity(), &upload))
            .unwrap();
    }
    let module = module_path!().strip_prefix("ofauth::").unwrap();
    let name = format!("{module}::any_number_of_logs_takes_no_descriptors");
    let mut child = Command::new("/bin/sh");
    child.args(["-c", "ulimit -n 24; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let ended = child.args(["--exact", &name]).env(HOME, home.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(files(home.path()), 0, "all was found, and forgotten");
}

/// A batch that was killed while it was done, at every point between its last line and its end.
#[test]
fn a_batch_that_was_killed_when_it_was_done_is_done() {
    for step in 0..3 {
        let home = tempfile::tempdir().unwrap();
        let dead = open(home.path(), None);
        add(&dead, "a", b"1", "upload:a");
        add(&dead, "b", b"1", "upload:b");
        drop(dead);
        let batch = open(home.path(), None);
        find(&batch, "a", b"1").unwrap();
        add(&batch, "c", b"1", "upload:c");
        {
            let mut state = batch.lock();
            let all = settled(&[state.earlier[0].taken().unwrap()]);
            // Without its last line it is not done.
            let written = if step == 0 { &all[..all.len() - 1] } else { &all[..] };
            state.own.write(written).unwrap();
            if step == 2 {
                state.earlier[0].forget_taken().unwrap();
            }
        }
        drop(batch);
        for _ in 0..2 {
            let next = open(home.path(), None);
            let found = ["a", "b", "c"].map(|place| find(&next, place, b"1").is_some());
            assert_eq!(found, if step == 0 { [true; 3] } else { [false, true, false] }, "step {step}");
        }
    }
}

#[test]
fn a_batch_that_wrote_on_when_it_could_not_forget_was_not_done() {
    let home = tempfile::tempdir().unwrap();
    let batch = open(home.path(), None);
    add(&batch, "a", b"1", "upload:a");
    batch.lock().own.write(&settled(&[])).unwrap();
    add(&batch, "b", b"1", "upload:b");
    drop(batch);
    let next = open(home.path(), None);
    assert_eq!(["a", "b"].map(|place| find(&next, place, b"1").is_some()), [true; 2]);
}

#[test]
fn what_a_crash_has_torn_hides_nothing_else() {
    for name in [None, Some("mine")] {
        let home = tempfile::tempdir().unwrap();
        let record = open(home.path(), name);
        add(&record, "a", b"1", "upload:a");
        let path = record.lock().own.path.clone();
        drop(record);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"not json\n{\"about\":{\"base_url\":\"to");
        std::fs::write(&path, bytes).unwrap();
        let record = open(home.path(), name);
        add(&record, "b", b"1", "upload:b");
        drop(record);
        let record = open(home.path(), name);
        assert_eq!(["a", "b"].map(|place| find(&record, place, b"1").unwrap()), ["upload:a", "upload:b"]);
    }
}

#[test]
fn what_is_written_meanwhile_does_not_hide_what_is_there() {
    let home = tempfile::tempdir().unwrap();
    let record = open(home.path(), Some("mine"));
    add(&record, "a", b"1", "upload:a");
    std::thread::scope(|scope| {
        let adding = scope.spawn(|| (0..200).for_each(|_| add(&record, "b", b"1", &"x".repeat(20_000))));
        while !adding.is_finished() {
            assert_eq!(find(&record, "a", b"1").unwrap(), "upload:a");
        }
        adding.join().unwrap();
    });
}

#[test]
fn nothing_is_written_once_the_batch_is_dropped() {
    let home = tempfile::tempdir().unwrap();
    let record = open(home.path(), None);
    add(&record, "a", b"1", "upload:a");
    assert!(record.close_at_once());
    let late = record.add(about("b"), FileIdentity::of_size(1), &uploaded("upload:b", &[b"1"]));
    assert!(late.is_err());
    assert_eq!(find(&open(home.path(), None), "a", b"1").unwrap(), "upload:a", "the next one has it at once");
}

/// What was written once is read by every later version, or refused by name and left as it is.
#[test]
fn samples_are_read_or_refused_by_their_version() {
    let sample = |name: &str| std::fs::read(Path::new("../../tests/data/state").join(name)).unwrap();
    let whole = sample("batch-record-2");
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(DIRECTORY)).unwrap();
    let named = path_of(&home.path().join(DIRECTORY), "mine");
    let shared = home.path().join(DIRECTORY).join("shared-0.jsonl");
    let put = |bytes: &[u8]| [&named, &shared].map(|path| std::fs::write(path, bytes).unwrap());
    for name in [None, Some("mine")] {
        put(&whole);
        let found = [b"one", b"two"].map(|bytes| find(&open(home.path(), name), "bytes:a.mp4", bytes));
        assert_eq!(found, [None, Some("upload:2".into())], "the first one is forgotten");
        for cut in [0, 3, 7, 8] {
            put(&whole[..cut]);
            let record = open(home.path(), name);
            assert_eq!(find(&record, "bytes:a.mp4", b"two"), None);
            add(&record, "a", b"1", "upload:a");
            drop(record);
            let record = open(home.path(), name);
            assert_eq!(find(&record, "a", b"1").unwrap(), "upload:a");
            record.settle().unwrap();
        }
        let other = |version: u8| [&whole[..7], &[version], &whole[8..]].concat();
        for (bytes, why) in [
            (sample("resume-record-1"), "written in format version 1, and this software reads version 2"),
            (other(b'3'), "written in format version 3, and this software reads version 2"),
            (whole[9..].to_vec(), "damaged, or not a file of ofauth"),
            (b"note".to_vec(), "damaged, or not a file of ofauth"),
        ] {
            put(&bytes);
            let error = BatchRecord::open(&Journal::new(home.path()), name).unwrap_err();
            let path = if name.is_some() { &named } else { &shared };
            let text = error.to_string();
            assert!(text.contains(why) && text.contains(&path.display().to_string()), "{text}");
            assert_eq!((std::fs::read(path).unwrap(), error.kind()), (bytes, ErrorKind::Journal));
        }
    }
}

/// What a batch does to its record.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Add(u8),
    Find(u8),
    /// It is done, and another one begins.
    Settle,
    /// It is killed, and another one begins.
    Kill,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (0_u8..8).prop_map(Deed::Add),
        4 => (0_u8..8).prop_map(Deed::Find),
        1 => Just(Deed::Settle),
        2 => Just(Deed::Kill),
    ];
    prop::collection::vec(deed, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Against a table: what is found is what was added last, by batches that were not done with it.
    #[test]
    fn a_record_is_a_table_of_what_batches_were_not_done_with(deeds in deeds(), is_named in any::<bool>()) {
        let home = tempfile::tempdir().unwrap();
        let name = is_named.then_some("mine");
        let mut record = open(home.path(), name);
        // The reference of each file, and whether the present batch has to do with it.
        let mut table: BTreeMap<u8, (String, bool)> = BTreeMap::new();
        for (number, deed) in deeds.into_iter().enumerate() {
            match deed {
                // A file that the record has is not uploaded.
                Deed::Add(file) => {
                    if let Entry::Vacant(entry) = table.entry(file) {
                        let id = format!("upload:{number}");
                        add(&record, &file.to_string(), b"1", &id);
                        entry.insert((id, true));
                    }
                }
                Deed::Find(file) => {
                    let found = find(&record, &file.to_string(), b"1");
                    let entry = table.get_mut(&file);
                    prop_assert_eq!(found.as_ref(), entry.as_ref().map(|entry| &entry.0));
                    if let Some(entry) = entry {
                        entry.1 = true;
                    }
                }
                Deed::Settle => {
                    record.settle().unwrap();
                    table.retain(|_, (_, is_its)| !*is_its && !is_named);
                    drop(record);
                    record = open(home.path(), name);
                }
                Deed::Kill => {
                    drop(record);
                    record = open(home.path(), name);
                    table.values_mut().for_each(|entry| entry.1 = false);
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let record = open(home.path(), None);
    add(&record, "a", b"1", "upload:a");
    let file = File::open(&record.lock().own.path).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
