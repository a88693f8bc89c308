//! `ofauth api --paginate`: lists in pages, served well and badly.

use ofauth_tests::lists::{FLAT, LISTS, List, Row, TABLE, Trouble};
use ofauth_tests::{Answer, Guide, Play, Server};
use serde_json::Value;
use tokio::process::Command;

use crate::support::{CANARY, CONNECTION, Home, run};

/// The command that walks a list of this server.
fn paginate(home: &Home, server: &Server, list: &List) -> Command {
    let mut command = home.bare();
    command.env("OFAUTH_BASE_URL", server.origin());
    command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_CONNECTION_ID", CONNECTION);
    command.args(["api", list.operation, "--paginate"]);
    let params: Value = serde_json::from_str(list.params).unwrap();
    for (name, value) in params.as_object().unwrap() {
        command.args(["--param", &format!("{name}={value}")]);
    }
    command
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn all(count: usize) -> Vec<String> {
    (0..count).map(List::id).collect()
}

#[tokio::test]
async fn every_style_is_printed_item_by_item() {
    let home = Home::new();
    for list in LISTS {
        for row @ Row { trouble, count, says } in TABLE.iter().filter(|row| list.can(row.trouble)) {
            let server = list.serve(*count, *trouble).await;
            let ended = run(&mut paginate(&home, &server, list)).await;
            let found = ids(&ended.json());
            match says {
                None => {
                    ended.ends_with(0);
                    assert_eq!(found, all(*count), "{}, {row:?}", list.operation);
                }
                Some(says) => {
                    ended.ends_with(1).says(&[says, "go on behind the printed items with --resume"]);
                    assert!(all(*count).starts_with(&found), "{}, {row:?}", list.operation);
                }
            }
        }
    }
}

#[tokio::test]
async fn memory_does_not_grow_with_the_list() {
    let home = Home::new();
    for list in LISTS {
        let peak = |count| list.peak_of_walk(count, |server| paginate(&home, server, list));
        let (short, long) = (peak(250).await, peak(10_000).await);
        assert!(long < short + FLAT, "{}: 250 items {short} KiB, 10 000 items {long} KiB", list.operation);
    }
}

#[tokio::test]
async fn a_part_of_a_list_says_where_it_goes_on() {
    let home = Home::new();
    for list in LISTS {
        let server = list.serve(257, Trouble::None).await;
        let begin = run(paginate(&home, &server, list).args(["--max", "33", "--slurp"])).await.ends_with(0);
        let items: Vec<Value> = serde_json::from_str(&begin.out).unwrap();
        let token = begin.err.trim().rsplit(' ').next().unwrap();
        let rest = run(paginate(&home, &server, list).args(["--resume", token])).await.ends_with(0);
        assert_eq!([ids(&items), ids(&rest.json())].concat(), all(257), "{}", list.operation);
        assert_eq!(rest.err, "");
    }
}

#[tokio::test]
async fn an_array_is_closed_only_if_it_is_whole() {
    let home = Home::new();
    let list = &LISTS[0];
    let whole = list.serve(45, Trouble::None).await;
    let ended = run(paginate(&home, &whole, list).arg("--slurp")).await.ends_with(0);
    assert_eq!(ids(&serde_json::from_str::<Vec<Value>>(&ended.out).unwrap()), all(45));
    let empty = list.serve(0, Trouble::None).await;
    let ended = run(paginate(&home, &empty, list).arg("--slurp")).await.ends_with(0);
    assert_eq!(ended.out, "[]\n");
    let stuck = list.serve(45, Trouble::Stuck).await;
    let ended = run(paginate(&home, &stuck, list).arg("--slurp")).await.ends_with(1);
    assert!(ended.out.starts_with('[') && serde_json::from_str::<Value>(&ended.out).is_err());
    // Nothing was printed, so there is nothing to go on behind.
    let refused = Guide::single(CANARY)
        .script(|_| Play::Answer(Answer::problem(403, "not for you", "FORBIDDEN", "req_1")))
        .start()
        .await;
    let ended = run(&mut paginate(&home, &refused, list)).await;
    assert!(ended.out.is_empty() && !ended.err.contains("--resume"), "{}", ended.err);
}

#[tokio::test]
async fn what_is_json_and_no_value_is_printed_as_it_came() {
    let home = Home::new();
    let body = "{\"list\": [{\"id\": 1},\n {\"id\": 2, \"text\":\n \"x \\ud83d\"}, {\"id\": 3, \"x\": 1e400}, {\"id\": 4}], \"hasMore\": false}";
    let odd = Guide::single(CANARY)
        .script(move |_| Play::Answer(Answer::with_body(200, "application/json", body)))
        .start()
        .await;
    let lines = run(&mut paginate(&home, &odd, &LISTS[0])).await.ends_with(0).out;
    let expected =
        ["{\"id\":1}", "{\"id\": 2, \"text\":  \"x \\ud83d\"}", "{\"id\": 3, \"x\": 1e400}", "{\"id\":4}"];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    let array = run(paginate(&home, &odd, &LISTS[0]).arg("--slurp")).await.ends_with(0).out;
    assert!(array.starts_with("[{\"id\":1}\n,{\"id\": 2,") && array.ends_with("]\n"), "{array}");
}

#[tokio::test]
async fn what_is_no_walk_is_refused() {
    let home = Home::new();
    for (args, says) in [
        (&["get_post", "--paginate", "--param", "postId=1"][..], "does not hand out a list in pages"),
        (&["proxy_request", "--paginate", "--param", "method=GET", "--param", "path=x"], "has no pages"),
        (&["list_posts", "--max", "1"], "--paginate"),
        (&["list_posts", "--slurp"], "--paginate"),
        (&["list_posts", "--resume", "list_posts@"], "--paginate"),
        (&["list_posts", "--paginate", "--resume", "7"], "no resume token"),
        (&["list_posts", "--paginate", "--param", "limit=1000"], "use 1 to 10"),
        (&["list_posts", "--paginate", "--max", "-1"], "--max"),
    ] {
        // Nobody listens there: what is sent ends otherwise.
        let mut command = home.bare();
        command.env("OFAUTH_BASE_URL", "http://127.0.0.1:1").env("OFAUTH_API_KEY", CANARY);
        command.env("OFAUTH_CONNECTION_ID", CONNECTION).arg("api").args(args);
        run(&mut command).await.ends_with(2).says(&[says]);
    }
}
