//! Receives webhooks with axum: the body as it came, an answer at once, and the work behind a queue.
//!
//! ```sh
//! OFAUTH_WEBHOOK_SECRET=whsec_... cargo run --package ofauth --example webhooks -- 127.0.0.1:3000
//! ```
//!
//! While the secret is rotated, OFAUTH_WEBHOOK_SECRET_BEFORE holds the one before.

use std::collections::{HashSet, VecDeque};
use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use ofauth::webhooks::{Event, Kind, Verifier};
use tokio::sync::mpsc::{self, Receiver, Sender};

/// How many events may wait for the work. A program that must not lose any keeps them in a database instead.
const QUEUE: usize = 1000;

struct Endpoint {
    verifier: Verifier,
    queue: Sender<Event>,
}

/// Answers within milliseconds: the service waits 10 s and then sends the event again, as it does after a 5xx.
async fn receive(
    State(endpoint): State<Arc<Endpoint>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    match endpoint.verifier.verify(&headers, &body, SystemTime::now()) {
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
        Ok(event) => match endpoint.queue.try_send(event) {
            Ok(()) => (StatusCode::NO_CONTENT, String::new()),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the queue is full".to_owned()),
        },
    }
}

/// Does the work, one event after another, and each once although the service may send it several times.
async fn work(mut queue: Receiver<Event>) {
    let (mut seen, mut order) = (HashSet::new(), VecDeque::new());
    while let Some(event) = queue.recv().await {
        let key = event.dedupe_key();
        if !seen.insert(key.clone()) {
            continue;
        }
        order.push_back(key);
        if order.len() > QUEUE {
            order.pop_front().inspect(|oldest| _ = seen.remove(oldest));
        }
        match &event.kind {
            Kind::ConnectionExpired(connection) => println!("link again: {:?}", connection.id),
            Kind::Realtime(realtime) => println!("{} in {:?}", realtime.name, realtime.connection.id),
            _ => println!("{}", event.name),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secrets = ["OFAUTH_WEBHOOK_SECRET", "OFAUTH_WEBHOOK_SECRET_BEFORE"].map(std::env::var);
    let verifier = Verifier::new(secrets.into_iter().flatten())?;
    let (queue, events) = mpsc::channel(QUEUE);
    tokio::spawn(work(events));
    let endpoint = Arc::new(Endpoint { verifier, queue });
    let routes = Router::new().route("/webhooks", post(receive)).with_state(endpoint);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}/webhooks", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}
