use super::*;

#[test]
fn the_list_of_kinds_is_whole() {
    for (position, kind) in ErrorKind::ALL.iter().enumerate() {
        assert_eq!(*kind as usize, position);
    }
    // A kind that is appended must move this line, and then the list.
    assert_eq!(ErrorKind::ALL.len(), ErrorKind::Resources as usize + 1);
}

#[test]
fn the_type_decides_before_the_status() {
    for (status, api_type, kind) in [
        (500, Some("SESSION_EXPIRED"), ErrorKind::Unauthorized),
        (401, Some("NEW_NAME"), ErrorKind::Unauthorized),
        (503, None, ErrorKind::Server),
        (302, None, ErrorKind::Redirect),
        (418, None, ErrorKind::Rejected),
        (200, None, ErrorKind::Rejected),
        (200, Some("FORBIDDEN"), ErrorKind::Forbidden),
        (101, None, ErrorKind::InvalidAnswer),
        (304, None, ErrorKind::InvalidAnswer),
        (600, None, ErrorKind::Server),
        (999, Some("BAD_REQUEST"), ErrorKind::Rejected),
    ] {
        assert_eq!(ErrorKind::of_answer(status, api_type), kind, "{status} {api_type:?}");
    }
}

#[test]
fn an_error_is_one_pointer_and_shows_everything_on_readable() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    let error = Error::new(ErrorKind::Unauthorized, "the creator's session ended")
        .with_answer(
            401,
            Some("SESSION_EXPIRED".into()),
            Some("req_1".into()),
            Some("refresh_session".into()),
        )
        .with_part(3);
    assert_eq!(
        error.to_string(),
        "part 3: the creator's session ended (HTTP 401, SESSION_EXPIRED, action required: refresh_session, request req_1)"
    );
    assert_eq!(Error::new(ErrorKind::Network, "no route").to_string(), "no route");
    let odd = || Some("a\u{202e}b".to_owned());
    let error = Error::new(ErrorKind::Server, "no").with_answer(500, odd(), odd(), odd());
    assert_eq!(
        error.to_string(),
        "no (HTTP 500, a\u{FFFD}b, action required: a\u{FFFD}b, request a\u{FFFD}b)"
    );
    assert_eq!(Error::new(ErrorKind::Source, "a\nb\u{1b}[1m").to_string(), "a\u{FFFD}b\u{FFFD}[1m");
    assert_eq!(Error::new(ErrorKind::Source, "a\u{202e}b\u{2028}").to_string(), "a\u{FFFD}b\u{FFFD}");
}
