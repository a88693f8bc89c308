//! Opening a source before its upload is sent: names, streams, and open files.

use std::io::Cursor;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ofauth::{Cancel, Client, ErrorKind, Notice, OpenUpload, Source, UploadOptions};
use ofauth_tests::Step;
use ofauth_tests::guide::holds;
use tokio::io::AsyncWriteExt as _;

use crate::support::{KIB, builder, check, client, data, parts, single, within};

/// A stream that gives bytes and then an error.
fn torn_after(bytes: &'static [u8]) -> impl tokio::io::AsyncRead + Send + 'static {
    let (mut ours, theirs) = tokio::io::duplex(4);
    tokio::spawn(async move {
        let _ = ours.write_all(bytes).await;
    });
    with_an_error_behind(theirs)
}

/// The stream, and behind its end an error.
fn with_an_error_behind(stream: tokio::io::DuplexStream) -> impl tokio::io::AsyncRead + Send + 'static {
    use tokio::io::AsyncReadExt as _;
    struct Torn;
    impl tokio::io::AsyncRead for Torn {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Err(std::io::Error::other("the cable was pulled")))
        }
    }
    stream.chain(Torn)
}

async fn open(client: &Client, source: Source) -> ofauth::Result<OpenUpload> {
    within(10, client.upload(source).open()).await
}

#[tokio::test]
async fn what_has_no_name_asks_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = || {
        tempfile::tempfile_in(dir.path()).inspect(|file| file.write_all_at(b"GIF89a", 0).unwrap()).unwrap()
    };
    let site = single().start().await;
    let client = client(&site);
    let sources = [
        ("bytes", Source::from(vec![1, 2])),
        ("bytes", Source::from(bytes::Bytes::from_static(b"x"))),
        ("file", Source::from(file())),
        ("reader", Source::reader(file())),
        ("stream", Source::spooled(&b"GIF89a"[..], dir.path(), 9)),
    ];
    for (kind, source) in sources {
        let shown = check(&open(&client, source.clone()).await.unwrap_err(), ErrorKind::InvalidArgument);
        assert!(shown.contains(kind) && shown.contains("`.filename`"), "{shown}");
        let named = open(&client, source.clone().filename("a.gif")).await.unwrap();
        assert_eq!((named.filename(), named.content_type()), ("a.gif", "image/gif"));
        // The option counts for more than the source's own name.
        let options = UploadOptions::default().filename("b.png").content_type("image/png");
        let renamed = client.upload(source.filename("a.gif")).options(&options).open().await.unwrap();
        assert_eq!((renamed.filename(), renamed.content_type()), ("b.png", "image/png"));
    }
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn an_upload_goes_on_from_the_file_that_it_opened() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("clip.mp4"), dir.path().join("other.mp4"));
    let content = data(200 * KIB);
    let write = || std::fs::write(&path, &content).unwrap();
    let site = parts(64 * KIB).start().await;
    let client = client(&site);
    write();
    let upload = client.upload_path(&path).open().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    within(10, upload.send()).await.unwrap();
    assert!(holds(&site.sessions()[0], &content), "it was not opened again by its name");
    // What is at that name meanwhile is noticed.
    write();
    let upload = client.upload_path(&path).open().await.unwrap();
    std::fs::write(&other, &content).unwrap();
    std::fs::rename(&other, &path).unwrap();
    check(&within(10, upload.send()).await.unwrap_err(), ErrorKind::SourceChanged);
    // A file that the caller opened is watched, too, but not its name.
    let file = std::fs::File::open(&path).unwrap();
    let upload = client.upload(Source::from(file).filename("x.mp4")).open().await.unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(5).unwrap();
    check(&within(10, upload.send()).await.unwrap_err(), ErrorKind::SourceChanged);
    let directory = std::fs::File::open(dir.path()).unwrap();
    let shown = check(&open(&client, directory.into()).await.unwrap_err(), ErrorKind::Source);
    assert!(shown.contains("a directory"), "{shown}");
}

#[tokio::test]
async fn options_that_cannot_be_used_are_refused_before_the_source_is_touched() {
    let site = single().start().await;
    let client = client(&site);
    let options = UploadOptions::default;
    for wrong in [options().concurrency(0), options().concurrency(65), options().connection_id("")] {
        let error = client.upload_path("/missing").options(&wrong).open().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Config), "{error}");
    }
    let cancel = Cancel::new();
    cancel.cancel();
    check(&client.upload_path("/missing").cancel(&cancel).open().await.unwrap_err(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_stream_is_read_once_and_within_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let site = parts(256 * KIB).start().await;
    let client = client(&site);
    let content = data(700 * KIB + 3);
    let spooled = |limit| Source::spooled(Cursor::new(content.clone()), dir.path(), limit).filename("a.mp4");
    let source = spooled(700 * KIB + 3);
    for number in 0..2 {
        let uploaded = within(10, client.upload(source.clone())).await.unwrap();
        assert_eq!(uploaded.bytes(), 700 * KIB + 3);
        assert!(holds(&site.sessions()[number], &content), "the second upload reads the same file");
    }
    let shown = check(&open(&client, spooled(700 * KIB + 2)).await.unwrap_err(), ErrorKind::Source);
    assert!(shown.contains("limit of 716802 bytes"), "{shown}");
    let empty = Source::spooled(tokio::io::empty(), dir.path(), 5).filename("a.mp4");
    check(&open(&client, empty).await.unwrap_err(), ErrorKind::Source);
    let torn = Source::spooled(torn_after(b"GIF89a and more"), dir.path(), 100).filename("a.gif");
    let shown = check(&open(&client, torn.clone()).await.unwrap_err(), ErrorKind::Source);
    assert!(shown.contains("the cable was pulled"), "{shown}");
    let shown = check(&open(&client, torn).await.unwrap_err(), ErrorKind::Source);
    assert!(shown.contains("cannot be read again"), "{shown}");
    let nowhere = Source::spooled(tokio::io::empty(), dir.path().join("nowhere"), 5).filename("a.mp4");
    let shown = check(&open(&client, nowhere).await.unwrap_err(), ErrorKind::Source);
    assert!(shown.contains("nowhere"), "{shown}");
    assert_eq!(left(dir.path()), 0, "the file has no name");
}

#[tokio::test]
async fn a_stream_that_does_not_end_is_cancelled_and_said_not_to_be_resumable() {
    let dir = tempfile::tempdir().unwrap();
    let site = parts(64 * KIB).start().await;
    let journals = dir.path().join("journal");
    let client = builder(&site).journal_dir(&journals).build().unwrap();
    let (_held, endless) = tokio::io::duplex(1);
    let cancel = Cancel::new();
    let upload = client.upload(Source::spooled(endless, dir.path(), 5).filename("a.mp4")).cancel(&cancel);
    let (ended, ()) = tokio::join!(within(10, upload), async { cancel.cancel() });
    check(&ended.unwrap_err(), ErrorKind::Cancelled);
    assert!(site.requests().is_empty());

    let notices = Arc::<Mutex<Vec<Notice>>>::default();
    let heard = Arc::clone(&notices);
    let source = Source::spooled(Cursor::new(data(200 * KIB)), dir.path(), 1 << 20).filename("a.mp4");
    let upload = client.upload(source).on_notice(move |notice| heard.lock().unwrap().push(notice.clone()));
    within(10, upload).await.unwrap();
    assert_eq!(*notices.lock().unwrap(), [Notice::NotResumable]);
    assert_eq!((left(&journals), site.visits(Step::Complete)), (0, 1));
}

fn left(directory: &Path) -> usize {
    std::fs::read_dir(directory).map_or(0, |entries| {
        entries.filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_file()).count()
    })
}
