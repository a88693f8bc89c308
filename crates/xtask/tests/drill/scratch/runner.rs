//! Included at the end of the program's main.rs: the server, the calls one after the other, and what they told.

use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// A call under way.
pub type Calling = Pin<Box<dyn Future<Output = Told> + Send>>;

/// Longer than any call takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a call told.
pub struct Told {
    returns: Value,
    reads: Vec<String>,
    error: Option<String>,
}

impl Told {
    pub fn answer(returns: serde_json::Result<Value>, reads: Vec<String>) -> Self {
        match returns {
            Ok(returns) => Self { returns, reads, error: None },
            Err(error) => Self { returns: Value::Null, reads, error: Some(error.to_string()) },
        }
    }

    pub fn error(error: &Error) -> Self {
        Self { returns: Value::Null, reads: Vec::new(), error: Some(format!("{error:?} {error}")) }
    }
}

/// What carries the calls.
pub fn transport() -> transport::SharedTransport {
    let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
    Arc::new(transport::Direct::new(http, "key").unwrap().with_connection("conn").unwrap())
}

/// What the server answers next, and what it was asked.
#[derive(Default)]
struct Exchange {
    answer: Value,
    asked: Value,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::args().nth(1).expect("the file with the answers");
    let answers: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let exchange = Arc::new(Mutex::new(Exchange::default()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = Arc::clone(&exchange);
    std::thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), &served)));
    for (name, call) in cases::all() {
        let answer = answers.iter().find(|answer| answer["case"] == name).unwrap();
        *exchange.lock().unwrap() = Exchange { answer: answer["answer"].clone(), asked: json!({}) };
        let told = match tokio::spawn(call(url.clone())).await {
            Ok(told) => told,
            Err(error) => Told { returns: Value::Null, reads: Vec::new(), error: Some(error.to_string()) },
        };
        let mut line = exchange.lock().unwrap().asked.clone();
        line["case"] = json!(name);
        line["returns"] = told.returns;
        line["reads"] = json!(told.reads);
        line["error"] = json!(told.error);
        println!("{line}");
    }
}

/// Reads one request, notes it, answers it and hangs up.
fn serve(stream: TcpStream, exchange: &Mutex<Exchange>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut headers = json!({});
    for (name, value) in lines.iter().skip(1).filter_map(|line| line.split_once(": ")) {
        headers[name.to_ascii_lowercase()] = json!(value);
    }
    let length = headers["content-length"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0_u64);
    let mut body = Vec::new();
    let _ = reader.by_ref().take(length).read_to_end(&mut body);
    let request = lines[0].trim_end_matches(" HTTP/1.1");
    let answer = {
        let mut exchange = exchange.lock().unwrap();
        exchange.asked = json!({"request": request, "headers": headers, "body": String::from_utf8_lossy(&body)});
        exchange.answer.clone()
    };
    let status = answer["status"].as_u64().unwrap_or(200);
    let kind = answer["type"].as_str().unwrap_or("application/json");
    let body = match (&answer["body"], answer["text"].as_str()) {
        (_, Some(text)) => text.to_owned(),
        (Value::Null, None) => String::new(),
        (body, None) => body.to_string(),
    };
    let kind = if body.is_empty() { String::new() } else { format!("content-type: {kind}\r\n") };
    let _ = write!(
        reader.get_mut(),
        "HTTP/1.1 {status} Some\r\n{kind}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}
