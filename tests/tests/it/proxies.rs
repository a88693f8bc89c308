//! Through an HTTP proxy, and past it where the server is on this machine. What goes wrong is in `proxy_faults`.

use ofauth_tests::guide::{Site, holds};
use ofauth_tests::server::Handling;
use ofauth_tests::{Exchange, Guide, Listen, Next, Server};
use tokio::net::TcpStream;

use crate::support::{KEY, KIB, builder_for, data, parts, query, single, trap, video, within};

/// A name that only the proxy knows.
pub(crate) const HOST: &str = "api.ofauth.test";

/// A proxy that leads every host to one address.
pub(crate) struct Proxy(pub(crate) std::net::SocketAddr);

impl ofauth_tests::server::Handler for Proxy {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        Box::pin(async move {
            let to = TcpStream::connect(self.0).await?;
            if exchange.head.method == "CONNECT" {
                exchange.write(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
                exchange.tunnel(to).await?;
                return Ok(Next::Drop);
            }
            // Handed on as it came, the absolute target turned into a path; one request a connection.
            let head = exchange.head.clone();
            let path =
                head.target.strip_prefix(&format!("http://{HOST}:8080")).unwrap_or("not absolute").to_owned();
            let mut text = format!("{} {path} HTTP/1.1\r\n", head.method);
            for (name, value) in &head.headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            let mut to = to;
            tokio::io::AsyncWriteExt::write_all(&mut to, format!("{text}\r\n").as_bytes()).await?;
            exchange.tunnel(to).await?;
            Ok(Next::Drop)
        })
    }
}

pub(crate) fn at(scheme: &str, port: u16, guide: Guide) -> Guide {
    let origin = format!("{scheme}://{HOST}:{port}");
    guide.edit_plan(move |plan, _| {
        let there = |value: &mut serde_json::Value| {
            if let Some(url) = value.as_str() {
                *value = format!("{origin}{}", &url[url.find("/v2").unwrap()..]).into();
            }
        };
        there(&mut plan["completeUrl"]);
        plan["parts"].as_array_mut().unwrap().iter_mut().for_each(|part| there(&mut part["uploadUrl"]));
    })
}

async fn through(site: &Site, proxy: &Server, client: ofauth::ClientBuilder) {
    let client = client.proxy(format!("http://us%40er:pass@{}", proxy.address())).build().unwrap();
    let data = data(300 * KIB);
    within(20, video(&client, &data)).await.unwrap();
    let session = site.sessions().pop().unwrap();
    assert!(holds(&session, &data) && session.completed == 1);
    assert!(proxy.connections() >= 2);
    for request in proxy.requests() {
        // us@er:pass
        assert_eq!(
            request.header("proxy-authorization"),
            Some("Basic dXNAZXI6cGFzcw=="),
            "{}",
            request.line()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_go_to_the_proxy_with_their_whole_url() {
    for guide in [single(), parts(64 * KIB)] {
        // One request a connection: this proxy does not look into what it hands on.
        let guide = at("http", 8080, guide).edit_answer(|_, answer| answer.header("Connection", "close"));
        let site = guide.start().await;
        let proxy = Server::start(Proxy(site.address())).await;
        through(&site, &proxy, builder_for(&format!("http://{HOST}:8080")).allow_plain_http(true)).await;
        for request in proxy.requests() {
            let target = request.head.as_ref().unwrap().target.clone();
            assert!(target.starts_with(&format!("http://{HOST}:8080/v2/access/uploads/")), "{target}");
            assert_eq!(request.header("host"), Some(format!("{HOST}:8080").as_str()));
            assert_eq!(request.header("apikey"), Some(KEY));
            if request.line().starts_with("PUT") {
                assert!(target.ends_with(&query()), "{target}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_goes_through_a_tunnel_that_sees_no_key() {
    for (port, guide) in [(8443, single()), (443, parts(64 * KIB))] {
        let site = at("https", port, guide).listen(Listen::default().tls(&[HOST])).await;
        let proxy = Server::start(Proxy(site.address())).await;
        let client = builder_for(&format!("https://{HOST}:{port}")).ca_pem(site.ca_pem().unwrap());
        through(&site, &proxy, client).await;
        for request in proxy.requests() {
            let head = request.head.as_ref().unwrap();
            assert_eq!(
                (head.method.as_str(), head.target.as_str()),
                ("CONNECT", format!("{HOST}:{port}").as_str())
            );
            assert_eq!(request.header("apikey"), None);
        }
    }
}

#[tokio::test]
async fn a_server_on_this_machine_is_reached_past_the_proxy() {
    let trap = trap().await;
    let site = parts(64 * KIB).start().await;
    let port = site.address().port();
    for host in ["127.0.0.1", "localhost"] {
        // The plan names 127.0.0.1, whatever the base URL says.
        let client = builder_for(&format!("http://{host}:{port}"));
        let client = client.allow_origin(site.origin()).proxy(trap.origin()).build().unwrap();
        within(10, video(&client, &data(200 * KIB))).await.unwrap();
    }
    assert_eq!(trap.connections(), 0);
}
