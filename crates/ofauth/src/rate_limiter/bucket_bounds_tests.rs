//! Where the rules of a bucket begin and end to hold.

use crate::rate_limiter::bucket::*;

const SILENT: RateLimitHeaders =
    RateLimitHeaders { limit: None, remaining: None, reset: None, retry_after: None };

fn at(millis: u64) -> Moment {
    Moment::after_epoch(Duration::from_millis(millis))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn stated(per_minute: u32, burst: u32) -> Bucket {
    Bucket::new(RateLimit::new(per_minute, burst), at(0))
}

/// A bucket of a service that has said how much is left and no more.
fn shown(remaining: u64) -> Bucket {
    let mut bucket = Bucket::new(None, at(0));
    ask(&mut bucket, 0, 0, Token::Taken, left(remaining));
    bucket
}

fn left(remaining: u64) -> RateLimitHeaders {
    RateLimitHeaders { remaining: Some(remaining), ..SILENT }
}

fn retry_after(asked: u64) -> RateLimitHeaders {
    RateLimitHeaders { retry_after: Some(seconds(asked)), ..SILENT }
}

/// One request, in milliseconds from when to when.
fn ask(bucket: &mut Bucket, from: u64, to: u64, token: Token, said: RateLimitHeaders) {
    bucket.grant(at(from));
    end(bucket, from, to, token, said);
}

fn end(bucket: &mut Bucket, from: u64, to: u64, token: Token, said: RateLimitHeaders) {
    bucket.take_in(Observation { sent: at(from), believed: true, token, headers: said }, at(to));
}

/// How many requests may be sent at once.
fn at_once(bucket: &Bucket, millis: u64) -> u64 {
    (1..10_000).find(|wanted| !bucket.clone().time_for(*wanted, at(millis)).is_zero()).unwrap() - 1
}

/// Seconds from one request to the next in the long run.
fn pause(bucket: &Bucket, millis: u64) -> f64 {
    let time_for = |requests| bucket.clone().time_for(requests, at(millis)).as_secs_f64();
    (time_for(20_000) - time_for(10_000)) / 10_000.0
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.01
}

#[test]
fn a_request_without_an_answer_is_under_way_for_a_quarter_of_an_hour() {
    let mut bucket = stated(60, 5);
    bucket.grant(at(0));
    for (millis, expected) in [(0, 4), (60_000, 4), (899_999, 4), (900_000, 5), (2_000_000, 5)] {
        assert_eq!(at_once(&bucket, millis), expected, "after {millis} ms");
    }
}

#[test]
fn a_request_of_the_future_has_arrived() {
    let mut bucket = stated(60, 5);
    bucket.grant(at(1_000_000));
    bucket.advance(at(1_000));
    assert_eq!(at_once(&bucket, 1_000), 4);
    assert_eq!(at_once(&bucket, 3_000), 5);
}

#[test]
fn only_what_another_process_may_have_written_is_believed() {
    type Change<'a> = &'a dyn Fn(&mut Bucket);
    let now = at(1_000_000_000);
    let just = now.plus(seconds(5));
    let late = just.plus(Duration::from_micros(1));
    let day = seconds(86_400);
    let almost = day.checked_sub(Duration::from_micros(1)).unwrap();
    let half_an_hour = seconds(1_800);
    let cases: [(&str, bool, Change<'_>); 26] = [
        ("nothing special", true, &|_| {}),
        ("no limit", false, &|bucket| bucket.level = None),
        ("the deepest debt", true, &|bucket| bucket.level = Some(-1024.0)),
        ("a deeper debt", false, &|bucket| bucket.level = Some(-1025.0)),
        ("the highest level", true, &|bucket| bucket.level = Some(1e9)),
        ("a higher level", false, &|bucket| bucket.level = Some(1e9 + 1.0)),
        ("a level that is no number", false, &|bucket| bucket.level = Some(f64::NAN)),
        ("the largest bucket", true, &|bucket| bucket.most = 1e9),
        ("a larger bucket", false, &|bucket| bucket.most = 1e9 + 1.0),
        ("less than an empty bucket", false, &|bucket| bucket.most = -1.0),
        ("a clock that is a little ahead", true, &|bucket| bucket.at = just),
        ("a clock that is far ahead", false, &|bucket| bucket.at = late),
        ("of almost a day ago", true, &|bucket| bucket.at = now.minus(almost)),
        ("of a day ago", false, &|bucket| bucket.at = now.minus(day)),
        ("forgotten just now", true, &|bucket| bucket.forgotten = just),
        ("forgotten in the future", false, &|bucket| bucket.forgotten = late),
        ("refused just now", true, &|bucket| bucket.refused = just),
        ("refused in the future", false, &|bucket| bucket.refused = late),
        ("as many under way as are recorded", true, &|bucket| bucket.under_way = vec![just; 1024]),
        ("more under way than are recorded", false, &|bucket| bucket.under_way = vec![now; 1025]),
        ("sent in the future", false, &|bucket| bucket.under_way.push(late)),
        ("as many answered as are recorded", true, &|bucket| bucket.taken = vec![just; 1024].into()),
        ("more answered than are recorded", false, &|bucket| bucket.taken = vec![now; 1025].into()),
        ("answered in the future", false, &|bucket| bucket.taken.push_back(late)),
        ("held for half an hour", true, &|bucket| bucket.hold = Some(just.plus(half_an_hour))),
        ("held for longer", false, &|bucket| bucket.hold = Some(late.plus(half_an_hour))),
    ];
    for (what, expected, change) in cases {
        let mut bucket = Bucket::new(RateLimit::new(60, 5), now);
        change(&mut bucket);
        assert_eq!(bucket.is_sound(now), expected, "{what}");
    }
    let mut bucket = Bucket::new(RateLimit::new(60, 5), now);
    bucket.rate.trust = 2.0;
    assert!(!bucket.is_sound(now), "a rate that is not to be had");
}

#[test]
fn what_was_sent_alone_is_taken_off_what_another_process_knows() {
    let cases = [
        // (level and size that the other knows, own level, sent alone, expected)
        (50.0, 90.0, None, 3, 47.0),
        (50.0, 90.0, Some(80.0), 3, 47.0),
        (50.0, 90.0, Some(40.0), 3, 40.0),
        (2.0, 2.0, None, 1_000, 0.0),
        (50.0, 1e9, None, 5_000, -1024.0),
    ];
    for (level, most, own, alone, expected) in cases {
        let mut bucket = Bucket { level: Some(level), most, ..Bucket::new(None, at(0)) };
        bucket.join(&Bucket { level: own, ..Bucket::new(None, at(0)) }, alone, at(0));
        assert_eq!(bucket.level, Some(expected), "{level} of {most}, {own:?}, {alone}");
    }
}

#[test]
fn processes_join_the_longer_of_their_holds() {
    let refused = |asked| {
        let mut bucket = Bucket::new(None, at(0));
        ask(&mut bucket, 0, 0, Token::Refused, retry_after(asked));
        bucket
    };
    for (one, other, held, closed) in
        [(1, 7, 7, false), (7, 1, 7, false), (1, 3_600, 1_800, true), (3_600, 1, 1_800, true)]
    {
        let mut bucket = refused(one);
        bucket.join(&refused(other), 0, at(0));
        assert_eq!(bucket.held(at(0)), seconds(held), "{one} and {other}");
        assert_eq!(bucket.is_closed(), closed, "{one} and {other}");
    }
}

#[test]
fn what_did_not_leave_is_given_back_once() {
    let mut bucket = stated(1, 5);
    for millis in 0..3 {
        bucket.grant(at(millis));
    }
    for _ in 0..2 {
        bucket.take_in(Observation::unanswered(at(1), Token::Unused), at(3));
        assert_eq!(at_once(&bucket, 3), 3);
    }
}

#[test]
fn what_the_service_may_not_have_counted_is_taken_off_what_it_says() {
    let level = |token: Token, said, under_way: u64, overlapping: u64, earlier: u64| {
        let mut bucket = Bucket::new(None, at(0));
        for millis in 0..under_way {
            bucket.grant(at(millis));
        }
        for millis in 100..100 + earlier {
            ask(&mut bucket, millis, millis, Token::Unknown, SILENT);
        }
        (0..overlapping).for_each(|_| _ = bucket.grant(at(150)));
        bucket.grant(at(200));
        for millis in 200..200 + overlapping {
            end(&mut bucket, 150, millis, Token::Unknown, SILENT);
            // One that counts as arrived already.
            end(&mut bucket, 140, millis, Token::Unknown, SILENT);
        }
        end(&mut bucket, 200, 300, token, said);
        bucket.level.unwrap()
    };
    for (under_way, overlapping, earlier, missing) in
        [(0, 0, 0, 0.0), (2, 0, 0, 2.0), (2, 3, 0, 5.0), (2, 3, 4, 5.0), (2, 0, 4, 2.0), (0, 3, 4, 3.0)]
    {
        let case = format!("{under_way}, {overlapping}, {earlier}");
        assert_eq!(level(Token::Taken, left(10), under_way, overlapping, earlier), 10.0 - missing, "{case}");
        assert_eq!(level(Token::Refused, SILENT, under_way, overlapping, earlier), -missing, "{case}");
    }
}

#[test]
fn what_flowed_in_on_the_way_contradicts_nothing() {
    // The answer takes so many milliseconds, in which 5 tokens a second may flow in. 19 are believed to be left.
    for (takes, said, expected, why) in [
        (0, 19, 19.0, "as believed"),
        (0, 18, 19.0, "one was spent beside it"),
        (0, 17, 17.0, "somebody else took tokens"),
        (200, 17, 19.0, "one flowed in"),
        (200, 16, 16.0, "one flowed in, and somebody else took tokens"),
        (300, 16, 18.5, "half a token is a rounding"),
        (0, 0, 0.0, "somebody else took them all"),
        (0, 25, 25.0, "somebody else was taken for us"),
    ] {
        let mut bucket = shown(20);
        ask(&mut bucket, 10_000, 10_000 + takes, Token::Taken, left(said));
        assert_eq!(bucket.level, Some(expected), "{why}");
    }
}

#[test]
fn the_first_answers_raise_the_level_like_later_ones() {
    let mut bucket = Bucket::new(None, at(0));
    bucket.grant(at(0));
    ask(&mut bucket, 0, 0, Token::Taken, left(20));
    assert_eq!(bucket.level, Some(20.0 - 1.0), "less the one under way");
    end(&mut bucket, 0, 0, Token::Taken, left(30));
    assert_eq!(bucket.level, Some(30.0 - 1.0), "less the one answered meanwhile");
}

#[test]
fn a_stated_limit_is_lowered_by_the_service_and_never_raised() {
    for (said, expected) in [(80, 2), (2, 2), (1, 2), (0, 0)] {
        let mut bucket = stated(1, 5);
        for (millis, said) in [(0, SILENT), (1, SILENT), (2, left(said))] {
            ask(&mut bucket, millis, millis, Token::Taken, said);
        }
        assert_eq!(at_once(&bucket, 3), expected, "{said}");
    }
}

#[test]
fn a_stated_limit_counts_answers_without_numbers() {
    let mut bucket = stated(1, 5);
    for (millis, said) in [(0, left(80)), (1, SILENT), (2, SILENT)] {
        ask(&mut bucket, millis, millis, Token::Taken, said);
    }
    assert_eq!(at_once(&bucket, 3), 2);
}

#[test]
fn an_answer_that_overlaps_with_more_than_is_recorded_does_not_raise_the_level() {
    for (others, expected) in [(1_024, 8_000.0 - 1_024.0), (1_025, 5_000.0 - 1_026.0)] {
        let mut bucket = shown(5_000);
        bucket.grant(at(1));
        for millis in 0..others {
            ask(&mut bucket, 2 + millis, 2 + millis, Token::Unknown, SILENT);
        }
        assert_eq!(bucket.taken.len(), 1_024);
        let mut later = bucket.clone();
        end(&mut bucket, 1, 5_000, Token::Taken, left(8_000));
        assert_eq!(bucket.level, Some(expected), "{others}");
        assert!(bucket.taken.is_empty(), "nothing under way overlaps with them");
        ask(&mut later, 5_000, 5_000, Token::Taken, left(8_000));
        assert_eq!(later.level, Some(8_000.0 - 1.0), "sent after all that");
    }
}

#[test]
fn holds_grow_with_each_refusal_in_a_row() {
    let reset = |reset| RateLimitHeaders { reset: Some(seconds(reset)), ..SILENT };
    let cases = [
        (SILENT, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]),
        (retry_after(0), [1, 1, 1, 1, 500, 1_000, 2_000, 4_000]),
        (retry_after(3), [3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 4_000]),
        (reset(0), [500, 500, 500, 500, 500, 500, 500, 500]),
        (reset(3), [500, 1_000, 2_000, 3_000, 3_000, 3_000, 3_000, 3_000]),
    ];
    for (said, holds) in cases {
        let mut bucket = Bucket::new(None, at(0));
        let mut now = 0;
        for hold in holds {
            ask(&mut bucket, now, now + 10, Token::Refused, said);
            assert_eq!(bucket.held(at(now + 10)), Duration::from_millis(hold), "{said:?}");
            now += 10 + hold;
            assert!(bucket.held(at(now)).is_zero());
        }
    }
}

#[test]
fn what_was_under_way_at_a_refusal_neither_lengthens_nor_ends_the_holds() {
    let mut bucket = Bucket::new(None, at(0));
    let mut refused = |from, to, hold| {
        end(&mut bucket, from, to, Token::Refused, SILENT);
        assert_eq!(bucket.held(at(to)), Duration::from_millis(hold), "{from} to {to}");
    };
    refused(0, 10, 500);
    refused(1, 20, 500);
    refused(600, 610, 1_000);
    end(&mut bucket, 605, 2_000, Token::Taken, SILENT);
    ask(&mut bucket, 3_000, 3_010, Token::Refused, SILENT);
    assert_eq!(bucket.held(at(3_010)), seconds(2));
    ask(&mut bucket, 6_000, 6_010, Token::Taken, SILENT);
    ask(&mut bucket, 6_020, 6_030, Token::Refused, SILENT);
    assert_eq!(bucket.held(at(6_030)), Duration::from_millis(500), "one was accepted");
}

#[test]
fn a_bucket_closes_for_more_than_half_an_hour_of_refusals() {
    let cases: [(&[Option<u64>], bool); 7] = [
        (&[Some(1_800)], false),
        (&[Some(1_801)], true),
        (&[Some(86_400)], true),
        (&[Some(900), Some(900)], false),
        (&[Some(900), Some(901)], true),
        (&[Some(900), None, Some(1_000)], false),
        (&[Some(1_800), Some(1)], true),
    ];
    for (asked, closed) in cases {
        let (mut bucket, mut now) = (Bucket::new(None, at(0)), 0);
        for asked in asked {
            let (token, said) =
                asked.map_or((Token::Taken, SILENT), |asked| (Token::Refused, retry_after(asked)));
            ask(&mut bucket, now, now, token, said);
            let hold = asked.unwrap_or_default().min(1_800);
            assert_eq!(bucket.held(at(now)), seconds(hold), "{asked:?}");
            now += hold * 1_000 + 1;
        }
        bucket.advance(at(now - 2));
        assert_eq!(bucket.is_closed(), closed, "{asked:?}");
        bucket.advance(at(now));
        assert!(!bucket.is_closed(), "{asked:?}: the hold is over");
    }
}

#[test]
fn a_refusal_slows_the_pace_if_it_surprises() {
    for (believed, listed, expected) in
        [(true, true, 2.0), (false, true, 1.0), (true, false, 1.0), (false, false, 1.0)]
    {
        let mut bucket = stated(60, 5);
        if listed {
            bucket.grant(at(0));
            bucket.grant(at(0));
        }
        for _both_at_once in 0..2 {
            let ended = Observation { sent: at(0), believed, token: Token::Refused, headers: SILENT };
            bucket.take_in(ended, at(10));
        }
        assert!(is_near(pause(&bucket, 10), expected), "{believed}, {listed}: {bucket:?}");
    }
}

#[test]
fn of_refusals_in_a_row_only_the_first_slows_the_probed_pace() {
    let mut bucket = Bucket::new(None, at(0));
    for (millis, token, expected) in [
        (0, Token::Refused, 0.5),
        (1_000, Token::Refused, 0.5),
        (5_000, Token::Taken, 0.5),
        (5_010, Token::Refused, 0.5 / 0.7),
        (9_000, Token::Refused, 0.5 / 0.7),
    ] {
        ask(&mut bucket, millis, millis + 1, token, SILENT);
        assert!(is_near(pause(&bucket, millis + 1), expected), "{millis}: {bucket:?}");
    }
}

#[test]
fn a_bucket_of_which_nothing_was_seen_holds_ten() {
    for (seen, expected) in [(None, 10), (Some(0), 10), (Some(1), 1), (Some(90), 90)] {
        let mut bucket = Bucket::new(None, at(0));
        if let Some(seen) = seen {
            ask(&mut bucket, 0, 0, Token::Uncertain, left(seen));
        }
        ask(&mut bucket, 1, 1, Token::Refused, SILENT);
        assert_eq!(at_once(&bucket, 3_600_000), expected, "{seen:?}");
    }
}

#[test]
fn an_answer_without_numbers_is_free_unless_such_a_one_was_refused() {
    let cases: [(&[(Token, RateLimitHeaders)], f64); 4] = [
        (&[], 20.0),
        (&[(Token::Refused, SILENT)], 20.0),
        (&[(Token::Taken, left(20)), (Token::Refused, left(0))], 20.0),
        (&[(Token::Taken, left(20)), (Token::Refused, SILENT)], 19.0),
    ];
    for (before, expected) in cases {
        let (mut bucket, mut now) = (Bucket::new(None, at(0)), 0);
        for (token, said) in before.iter().copied().chain([(Token::Taken, left(20)), (Token::Taken, SILENT)])
        {
            ask(&mut bucket, now, now, token, said);
            now += 10_000;
        }
        assert_eq!(bucket.level, Some(expected), "{before:?}");
    }
}

#[test]
fn a_refused_request_took_no_token() {
    let mut bucket = stated(1, 5);
    for _ in 0..8 {
        ask(&mut bucket, 0, 0, Token::Unknown, SILENT);
    }
    bucket.grant(at(1));
    assert!(is_near(bucket.level.unwrap(), -4.0));
    end(&mut bucket, 1, 1, Token::Refused, SILENT);
    assert!(is_near(bucket.level.unwrap(), -3.0));
}

#[test]
fn a_service_that_says_when_to_come_back_has_a_token_then() {
    for (said, expected, why) in [
        (retry_after(7), 7.0, "it said when, and not how many are left"),
        (RateLimitHeaders { remaining: Some(0), ..retry_after(7) }, 10.5, "it said how many are left"),
        (left(0), 10.5, "it did not say when"),
        (SILENT, 10.5, "it said nothing"),
    ] {
        let mut bucket = stated(120, 5);
        for _ in 0..25 {
            ask(&mut bucket, 0, 0, Token::Unknown, SILENT);
        }
        bucket.grant(at(1));
        let ended = Observation { sent: at(1), believed: false, token: Token::Refused, headers: said };
        bucket.take_in(ended, at(1));
        let [one, fifteen] = [1, 15].map(|requests| bucket.time_for(requests, at(1)).as_secs_f64());
        assert!(is_near(one, expected) && is_near(fifteen, expected + 7.0), "{why}: {one}, {fifteen}");
    }
}

#[test]
fn without_a_rate_one_request_goes_to_see() {
    for (reset, expected) in [(None, 1), (Some(0), 1), (Some(30), 31), (Some(5_000_000), 1_800)] {
        let mut bucket = Bucket::new(None, at(0));
        let said = RateLimitHeaders { reset: reset.map(seconds), ..left(0) };
        ask(&mut bucket, 0, 0, Token::Taken, said);
        assert_eq!(bucket.wait(at(0)), seconds(expected), "{reset:?}");
        bucket.grant(at(expected * 1_000));
        assert_eq!(bucket.wait(at(expected * 1_000)), seconds(10), "the next one if that gets no answer");
    }
}

#[test]
fn no_time_is_told_that_is_longer_than_a_year() {
    let mut bucket = stated(1, 1);
    let day = seconds(86_400);
    for (requests, expected) in [(0, Duration::ZERO), (1, Duration::ZERO), (u64::MAX, 365 * day)] {
        assert_eq!(bucket.time_for(requests, at(0)), expected, "{requests}");
    }
    // 364 days, a token a minute.
    let told = bucket.time_for(364 * 24 * 60 + 1, at(0));
    assert!(told >= 364 * day && told < 364 * day + seconds(1), "{told:?}");
}
