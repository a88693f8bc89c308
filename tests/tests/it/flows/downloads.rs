//! Downloads from a media host that cuts, refuses, redirects, lies and changes its mind: the file is whole or not there.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ofauth::{Cancel, Error, ErrorKind, blocking};
use ofauth_tests::exchange::Head;
use ofauth_tests::{Answer, Listen};
use serde_json::json;

use super::By;
use super::media_host::{MEDIA, Play, Site};
use crate::support::{KIB, Together, builder, check, client, data, trap, within};

fn content() -> Bytes {
    data(300 * KIB)
}

/// What is in a directory but the downloaded file.
fn beside(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> =
        names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name != "clip.mp4").collect();
    names.sort();
    names
}

/// How a download is to end: with requests for the rest from these bytes, or with an error that says something.
enum Wanted {
    Whole(&'static [u64]),
    Fails(ErrorKind, &'static str),
}

#[tokio::test]
async fn whatever_the_host_does_the_file_is_whole_or_not_there() {
    use Play::*;
    use Wanted::*;
    const CUT: u64 = 100 * KIB;
    let cut = || Cut(CUT as usize);
    let all: Vec<(&str, bool, Vec<Play>, Wanted)> = vec![
        ("served", true, vec![], Whole(&[0])),
        ("cut once", true, vec![cut()], Whole(&[0, CUT])),
        ("cut twice", true, vec![cut(), cut()], Whole(&[0, CUT, 2 * CUT])),
        ("cut before the first byte", true, vec![Cut(0)], Whole(&[0, 0])),
        ("cut without a mark", false, vec![cut()], Whole(&[0, 0])),
        ("whole where the rest was asked for", true, vec![cut(), TheWhole], Whole(&[0, CUT])),
        ("chunked", true, vec![Chunked], Whole(&[0])),
        ("chunked and cut", false, vec![Chunked, Status(500)], Whole(&[0])),
        ("failed twice", true, vec![Status(500), Status(503)], Whole(&[0, 0, 0])),
        ("cut, then failed", true, vec![cut(), Status(502)], Whole(&[0, CUT, CUT])),
        ("expired address", true, vec![Status(403)], Whole(&[0, 0])),
        ("expired in the middle", true, vec![cut(), Status(410), Status(401)], Whole(&[0, CUT, CUT, CUT])),
        ("the wrong rest", true, vec![cut(), WrongRest], Whole(&[0, CUT, 0])),
        ("refused rest", true, vec![cut(), Status(416)], Whole(&[0, CUT, 0])),
        ("cut, then an odd answer", true, vec![cut(), OtherSize], Whole(&[0, CUT, CUT])),
        ("always expired", true, vec![Status(403); 9], Fails(ErrorKind::Rejected, "refuses the addresses")),
        ("another size", true, vec![OtherSize], Fails(ErrorKind::InvalidAnswer, "307201")),
        ("too long", true, vec![Longer], Fails(ErrorKind::InvalidAnswer, "more than the 307200 bytes")),
        ("compressed", true, vec![Coded], Fails(ErrorKind::InvalidAnswer, "compressed")),
        ("no content", true, vec![Status(204)], Fails(ErrorKind::InvalidAnswer, "204")),
        (
            "redirect to nowhere",
            true,
            vec![Redirect("http://[".into())],
            Fails(ErrorKind::Redirect, "nowhere"),
        ),
    ];
    let mut together = Together::default();
    for (name, etags, script, wanted) in all {
        together.add(name, async move {
            let site = Site::start(content(), script, etags, "stored").await;
            let dir = tempfile::tempdir().unwrap();
            let target = dir.path().join("clip.mp4");
            let ended = within(60, client(&site.api).download(MEDIA, "source", &target)).await;
            match (ended, wanted) {
                (Ok(file), Whole(asked)) => {
                    assert_eq!(std::fs::read(&target).unwrap(), content());
                    assert_eq!((file.bytes, file.resumed, site.asked().as_slice()), (300 * KIB, 0, asked));
                    assert_eq!(file.content_type.as_deref(), Some("video/mp4"));
                    assert_eq!(beside(dir.path()), [] as [&str; 0]);
                }
                (Err(error), Fails(kind, said)) => {
                    let shown = check(&error, kind);
                    assert!(shown.contains(said), "{shown}");
                    assert!(!target.exists());
                }
                (ended, _) => panic!("{ended:?}"),
            }
            assert!(!site.saw_key(), "the media host is not trusted");
        });
    }
    together.run(120).await;
}

#[tokio::test]
async fn an_interrupted_download_goes_on_in_another_process_and_never_mixes_two_contents() {
    let drip = || vec![Play::Drip(20 * 1024, Duration::from_millis(120))];
    let as_long = Bytes::from(vec![7; 300 * KIB as usize]);
    for (name, other, goes_on) in [
        ("the same", None, true),
        ("another content", Some(data(200 * KIB)), false),
        ("another content that is as long", Some(as_long), false),
    ] {
        let site = Site::start(content(), drip(), true, "stored").await;
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("clip.mp4");
        let (send, mut received) = tokio::sync::watch::channel(0);
        let download = client(&site.api)
            .download(MEDIA, "source", &target)
            .on_progress(move |progress| _ = send.send(progress.received));
        // As if killed: the future is dropped in the middle, once a note says that something is there.
        let run = tokio::spawn(download.send());
        within(30, received.wait_for(|received| *received > 150 * KIB)).await.unwrap();
        run.abort();
        _ = run.await;
        let note = || std::fs::read_to_string(dir.path().join("clip.mp4.ofauth-part.json"));
        assert!(note().unwrap().contains("\"safe\":"), "{name}");
        assert!(!target.exists());
        if let Some(other) = &other {
            *site.host.content.lock().unwrap() = other.clone();
        }
        let file = within(30, client(&site.api).download(MEDIA, "source", &target)).await.unwrap();
        let wanted = other.clone().unwrap_or_else(content);
        assert_eq!(std::fs::read(&target).unwrap(), wanted, "{name}");
        let asked = *site.asked().last().unwrap();
        assert_eq!(file.resumed > 0, goes_on, "{name}: {file:?}");
        assert_eq!(asked > 0, wanted.len() as u64 == 300 * KIB, "{name}: the mark decides");
        assert_eq!(beside(dir.path()), [] as [&str; 0]);
    }
}

#[tokio::test]
async fn a_content_that_changes_during_the_download_is_taken_whole() {
    // As many bytes, so that only the mark tells them apart.
    let other = Bytes::from(vec![7; 300 * KIB as usize]);
    let site =
        Site::start(content(), vec![Play::Cut(1000), Play::Changed(other.clone())], true, "stored").await;
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    within(30, client(&site.api).download(MEDIA, "source", &target)).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), other);
    assert_eq!(site.asked(), [0, 1000]);
}

#[tokio::test]
async fn redirects_stay_with_their_origin_or_with_those_that_are_allowed_and_the_key_stays_at_home() {
    let trap = trap().await;
    let site =
        Site::start(content(), vec![Play::Redirect(format!("{}/x", trap.origin()))], true, "stored").await;
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let error = within(30, client(&site.api).download(MEDIA, "source", &target)).await.unwrap_err();
    let shown = check(&error, ErrorKind::Redirect);
    assert!(shown.contains(trap.origin()) && shown.contains("allow that origin"), "{shown}");
    assert_eq!(trap.connections(), 0, "it was not followed");

    // Within the origin, and around and around.
    let site = Site::start(content(), vec![Play::Redirect("/elsewhere".into())], true, "stored").await;
    within(30, client(&site.api).download(MEDIA, "source", &target)).await.unwrap();
    let site = Site::start(content(), vec![Play::Redirect("/round".into()); 9], true, "stored").await;
    let download = client(&site.api).download(MEDIA, "source", &target).overwrite(true);
    let shown = check(&within(30, download).await.unwrap_err(), ErrorKind::Redirect);
    assert!(shown.contains("in a row"), "{shown}");

    // From the media host, which is trusted here and sees the key, to another origin, which does not.
    let second = Site::start(content(), vec![], true, "stored").await;
    let to = format!("{}/there", second.media.origin());
    let first = Site::start(content(), vec![Play::Redirect(to)], true, "stored").await;
    let allowed = builder(&first.api)
        .allow_origin(first.media.origin())
        .allow_origin(second.media.origin())
        .build()
        .unwrap();
    within(30, allowed.download(MEDIA, "source", &target).overwrite(true)).await.unwrap();
    assert!(
        first.saw_key() && !second.saw_key(),
        "the key goes to a trusted origin, and not along a redirect"
    );
    assert_eq!(std::fs::read(&target).unwrap(), content());
}

#[tokio::test]
async fn a_target_that_is_there_is_not_touched_unless_it_may_be() {
    let site = Site::start(content(), vec![], true, "stored").await;
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    std::fs::write(&target, "mine").unwrap();
    let client = client(&site.api);
    let error = within(30, client.download(MEDIA, "source", &target)).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidArgument).contains("there already"));
    assert_eq!((std::fs::read(&target).unwrap(), site.api.connections()), (b"mine".to_vec(), 0));
    within(30, client.download(MEDIA, "source", &target).overwrite(true)).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), content());
    for path in [dir.path(), Path::new("..")] {
        let error = within(30, client.download(MEDIA, "source", path)).await.unwrap_err();
        check(&error, ErrorKind::InvalidArgument);
    }
    let nowhere = dir.path().join("missing/clip.mp4");
    check(&within(30, client.download(MEDIA, "source", nowhere)).await.unwrap_err(), ErrorKind::Source);
}

#[tokio::test]
async fn what_vault_plus_does_not_have_is_told_or_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let site = Site::start(content(), vec![], true, "pending").await;
    let client = client(&site.api);
    let fails = async |label: &str, said: &str| {
        let error: Error = within(30, client.download(MEDIA, label, &target)).await.unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(said), "{shown}");
    };
    fails("source", "is pending: wait until it is stored").await;
    fails("thumb", "was removed from Vault+").await;
    fails("4k", "no variant \"4k\" in Vault+: it has source, thumb").await;
    fails(" ", "label of the variant is empty").await;
    let site = Site::start(content(), vec![], true, "pending").await;
    within(60, self::client(&site.api).download(MEDIA, "source", &target).wait(true)).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), content());
}

#[tokio::test]
async fn what_only_a_cache_has_is_stored_first_whatever_the_host_does_at_first() {
    use Play::*;
    let elsewhere = || Redirect("/media/elsewhere".into());
    // The addresses that are asked, or an error.
    type Wanted = Result<&'static [&'static str], (ErrorKind, &'static str)>;
    let all: Vec<(&str, Vec<Play>, Wanted)> = vec![
        ("taken at once", vec![], Ok(&["0"])),
        ("see other", vec![Status(303)], Ok(&["0"])),
        ("failed twice", vec![Status(500), Status(503)], Ok(&["0", "1", "2"])),
        ("too often", vec![Status(429)], Ok(&["0", "1"])),
        ("expired addresses", vec![Status(403), Status(401)], Ok(&["0", "1", "2"])),
        ("asked by somebody else", vec![Status(409)], Ok(&["0", "1"])),
        ("no answer", vec![Silence], Ok(&["0", "1"])),
        ("taken, and the answer lost", vec![Cut(0)], Ok(&["0"])),
        ("redirect", vec![elsewhere()], Ok(&["0", "elsewhere"])),
        ("always expired", vec![Status(404); 9], Err((ErrorKind::Rejected, "also at new addresses"))),
        ("wants a key", vec![Status(401); 9], Err((ErrorKind::Unauthorized, "allow its origin"))),
        ("refused", vec![Status(422)], Err((ErrorKind::Rejected, "HTTP 422"))),
        ("redirect to nowhere", vec![Redirect("http://[".into())], Err((ErrorKind::Redirect, "nowhere"))),
    ];
    let mut together = Together::default();
    for (name, script, wanted) in all {
        together.add(name, async move {
            let site = Site::start(content(), script, true, "edge_only").await;
            let dir = tempfile::tempdir().unwrap();
            let target = dir.path().join("clip.mp4");
            let client = builder(&site.api).answer_timeout(Duration::from_millis(500)).build().unwrap();
            let ended = within(60, client.download(MEDIA, "source", &target).wait(true)).await;
            match (ended, wanted) {
                (Ok(_), Ok(asked)) => {
                    assert_eq!(std::fs::read(&target).unwrap(), content());
                    let asked: Vec<String> = asked.iter().map(|name| format!("/media/{name}")).collect();
                    assert_eq!(site.stores(), asked);
                }
                (Err(error), Err((kind, said))) => {
                    let shown = check(&error, kind);
                    assert!(shown.contains(said), "{shown}");
                    assert!(!target.exists());
                }
                (ended, _) => panic!("{ended:?}"),
            }
            assert!(!site.saw_key(), "the media host is not trusted");
        });
    }
    together.run(120).await;
}

#[tokio::test]
async fn a_download_can_be_given_up_and_silence_does_not_last() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let cancel = Cancel::new();
    let site =
        Site::start(content(), vec![Play::Drip(1000, Duration::from_millis(20))], true, "stored").await;
    let key = cancel.clone();
    let download = client(&site.api).download(MEDIA, "source", &target).cancel(&cancel);
    let download = download.on_progress(move |progress| {
        if progress.received > 20_000 {
            key.cancel()
        }
    });
    check(&within(30, download).await.unwrap_err(), ErrorKind::Cancelled);
    let kept = std::fs::metadata(dir.path().join("clip.mp4.ofauth-part")).unwrap().len();
    assert!(kept > 0, "what was there is kept");
    let file = within(30, client(&site.api).download(MEDIA, "source", &target)).await.unwrap();
    assert!(file.resumed > 0, "{file:?}");

    let site = Site::start(content(), vec![Play::Silence; 20], true, "stored").await;
    let download = client(&site.api).download(MEDIA, "source", &target).overwrite(true);
    let error = within(30, download.timeout(Duration::from_millis(300))).await.unwrap_err();
    check(&error, ErrorKind::Timeout);
    let impatient = builder(&site.api).answer_timeout(Duration::from_millis(50)).build().unwrap();
    let error = within(60, impatient.download(MEDIA, "source", &target).overwrite(true)).await.unwrap_err();
    let shown = check(&error, ErrorKind::Timeout);
    assert!(shown.contains("do it again to go on") && shown.contains(MEDIA), "{shown}");
}

#[tokio::test]
async fn two_downloads_to_one_target_do_not_meet() {
    let slow = vec![Play::Drip(1000, Duration::from_millis(20)); 2];
    let site = Site::start(content(), slow, true, "stored").await;
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let client = client(&site.api);
    let (send, mut received) = tokio::sync::watch::channel(0);
    let first = client.download(MEDIA, "source", &target);
    let first = tokio::spawn(first.on_progress(move |progress| _ = send.send(progress.received)).send());
    within(30, received.wait_for(|received| *received > 0)).await.unwrap();
    let error = within(30, client.download(MEDIA, "source", &target)).await.unwrap_err();
    assert!(check(&error, ErrorKind::Busy).contains("another download"));
    first.abort();
}

#[test]
fn a_download_blocks() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(Site::start(content(), vec![Play::Cut(1000)], true, "stored"));
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let client = blocking::Client::new(builder(&site.api)).unwrap();
    let download = client.download(MEDIA, "source", &target).on_progress(move |progress| {
        assert_eq!((progress.total.unwrap_or(300 * KIB), progress.resumed), (300 * KIB, 0));
        sink.lock().unwrap().push(progress.received);
    });
    assert_eq!(download.send().unwrap().bytes, 300 * KIB);
    let told = told.lock().unwrap();
    assert!(told.is_sorted() && told.last() == Some(&(300 * KIB)), "{told:?}");
    let _entered = runtime.enter();
    drop(site);
}

#[tokio::test]
async fn a_host_without_encryption_is_not_read_from_a_server_with_it() {
    let site = Site::start(content(), vec![], true, "stored").await;
    let to = site.media.origin().to_owned();
    let tls = Listen::default()
        .tls(&["127.0.0.1"])
        .start(By(move |_: &Head, _: &[u8]| {
            let variant = json!({"status": "stored", "url": format!("{to}/x")});
            Some(Answer::json(200, &json!({"id": MEDIA, "media": {"source": variant}})))
        }))
        .await;
    let dir = tempfile::tempdir().unwrap();
    let download = client(&tls).download(MEDIA, "source", dir.path().join("clip.mp4"));
    let shown = check(&within(30, download).await.unwrap_err(), ErrorKind::UntrustedOrigin);
    assert!(shown.contains("without encryption"), "{shown}");
    assert_eq!(site.media.connections(), 0);
}
