use super::*;

fn session() -> Session {
    let wish = Wish {
        mode: Mode::Hosted,
        redirect_url: Some("https://app.example/back".to_owned()),
        client_reference_id: Some("creator 1".to_owned()),
        connection_id: None,
        raw_session: false,
    };
    Session::new("cs_1".to_owned(), wish, 0, 1000)
}

fn with(email: &'static str, password: &'static str, code: &'static str) -> Attempt<'static> {
    Attempt { email, password, code }
}

const OTP: &str = "a@creator-otp.sandbox.com";
const PLAIN: &str = "a@creator.sandbox.com";

#[test]
fn attempts_lead_where_they_should() {
    let good = "good-password";
    let attempts: &[(&[Attempt<'_>], bool, &str)] = &[
        (&[with(PLAIN, good, "")], true, "initialized"),
        (&[with(PLAIN, "x", "")], false, "invalid_credentials"),
        (&[with(PLAIN, "x", ""), with(PLAIN, good, "")], true, "invalid_credentials"),
        (&[with(PLAIN, "x", ""); 5], false, "failed"),
        (&[with("locked@fan.sandbox.com", good, "")], false, "failed"),
        (&[with(OTP, good, "")], false, "awaiting_2fa"),
        (&[with(OTP, good, "123456")], true, "awaiting_2fa"),
        (&[with(OTP, good, ""), with("", "", "123456")], true, "awaiting_2fa"),
        (&[with(OTP, good, ""), with("", "", "1"), with("", "", "2")], false, "awaiting_2fa"),
        (&[with(OTP, good, "1"), with("", "", "2"), with("", "", "3")], false, "failed"),
        (&[with(OTP, good, "1"), with(OTP, good, "2"), with(OTP, good, "3")], false, "failed"),
    ];
    for (attempts, signed_in, status) in attempts {
        let mut session = session();
        let last = attempts.iter().fold(false, |_, attempt| session.sign_in(*attempt, 0));
        assert_eq!((last, session.status(0)), (*signed_in, *status), "{} attempts", attempts.len());
    }
}

#[test]
fn codes_are_sent_as_often_as_allowed() {
    let mut session = session();
    assert!(!session.send_code(1), "none is needed yet");
    session.sign_in(with(OTP, "good-password", ""), 1);
    let left = |session: &Session| session.two_factor_state()["phoneCode"]["requestAttemptsLeft"].clone();
    assert_eq!(left(&session), 2);
    assert!(session.send_code(2) && session.send_code(3) && !session.send_code(4));
    assert_eq!(left(&session), 0);
}

#[test]
fn a_session_completes_by_itself_after_some_looks() {
    let mut session = session();
    let mut looked = || {
        let completes = session.look(Some(3));
        (completes, session.status(0))
    };
    assert_eq!(looked(), (false, "initialized"));
    assert_eq!(looked(), (false, "pending"));
    assert_eq!(looked(), (true, "pending"));
    let mut session = self::session();
    assert!((0..100).all(|_| !session.look(None)));
    session.sign_in(with(OTP, "good-password", ""), 0);
    assert!(!session.look(Some(1)), "somebody signs in");
}

#[test]
fn a_session_ends_and_what_came_to_an_end_stays() {
    let mut session = session();
    assert_eq!((session.status(999), session.status(1000)), ("initialized", "not_found"));
    let back = session.return_url(1000).unwrap();
    assert!(back.contains("status=error") && back.contains("error_code=session_expired"), "{back}");
    session.end(Stage::Denied);
    assert_eq!(session.status(1000), "denied");
    assert!(!session.sign_in(with(PLAIN, "good-password", ""), 0));
    session.end(Stage::Completed("conn_1".to_owned()));
    assert_eq!(session.stage, Stage::Denied);
}
