//! Long polling, as a page behind a proxy that knows no WebSocket does it.

use std::time::Duration;

use pushtalk_e2ee::{MemberKey, pid, room_id};
use pushtalk_protocol::{Epoch, HelloAck, Join, Joined, event};
use rand::rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::bench::{PATIENCE, SEAT, Secrets, Server, client, easy, limited, next, tls};
use crate::client::ServerEvent;
use crate::limits::{Limits, Rate};

pub(crate) const PATH: &str = "/socket.io/?EIO=4&transport=polling";

/// One request, on a connection of its own: the whole answer.
pub(crate) async fn request(server: &Server, line: &str, headers: &str, body: &str) -> String {
    let mut tls = tls(server).await;
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}",
        server.address
    );
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes without saying so has said all that it wants to say.
    drop(timeout(PATIENCE, tls.read_to_end(&mut answer)).await.expect("an answer in time"));
    String::from_utf8(answer).unwrap()
}

/// A session.
struct Poller<'a> {
    server: &'a Server,
    target: String,
    heard: Vec<String>,
}

impl<'a> Poller<'a> {
    /// The whole answer where there is no session.
    async fn begin(server: &'a Server) -> Result<Self, String> {
        let opened = request(server, &format!("GET {PATH}"), "", "").await;
        let Some((_, packet)) = opened.split_once("\r\n\r\n0") else { return Err(opened) };
        let open: Value = serde_json::from_str(packet).unwrap();
        let target = format!("{PATH}&sid={}", open["sid"].as_str().unwrap());
        Ok(Self { server, target, heard: Vec::new() })
    }

    async fn new(server: &'a Server) -> Self {
        let mut poller = Self::begin(server).await.unwrap();
        poller.say("40").await;
        assert!(poller.hear().await.starts_with("40"));
        poller
    }

    async fn say(&self, packets: &str) -> String {
        request(self.server, &format!("POST {}", self.target), "", packets).await
    }

    /// One poll; the body of the answer when there is a session.
    async fn poll(&self) -> Option<String> {
        let answer = request(self.server, &format!("GET {}", self.target), "", "").await;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
    }

    /// The next thing that is said, but for pings, which are answered.
    async fn hear(&mut self) -> String {
        loop {
            if self.heard.is_empty() {
                let body = self.poll().await.expect("a session");
                self.heard = body.split('\u{1e}').map(str::to_owned).collect();
            }
            match self.heard.remove(0).as_str() {
                "2" => drop(self.say("3").await),
                packet => return packet.to_owned(),
            }
        }
    }

    async fn ask<T: DeserializeOwned>(&mut self, name: &str, argument: impl Serialize) -> T {
        self.say(&format!("421{}", json!([name, argument]))).await;
        let answer = self.hear().await;
        let [answer] = serde_json::from_str::<[Value; 1]>(answer.strip_prefix("431").unwrap()).unwrap();
        serde_json::from_value(answer).unwrap()
    }

    async fn join(&mut self, secrets: &Secrets) -> Joined {
        let hello: HelloAck = self.ask(event::HELLO, json!({"version": 1})).await;
        let member_pub = MemberKey::generate(&mut rng()).public();
        let (room_id, epoch) = (room_id(&secrets.host.public()), Epoch::default());
        let identity = pushtalk_e2ee::ServerIdentity::Certificate(self.server.hash);
        let key = secrets.secret.join_key(room_id, epoch);
        let sig = key.sign_join(&hello.challenge, room_id, epoch, pid(&member_pub), &identity);
        self.ask(event::JOIN, Join { room_id, epoch, member_pub, seat_pub: SEAT, sig }).await
    }
}

fn impatient() -> Limits {
    Limits { ping: Duration::from_millis(300), seat: Duration::from_millis(1), ..easy() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_polls_is_a_member_like_any_other_until_it_polls_no_more() {
    let server = limited(impatient()).await;
    let (host, mut events) = client(&server).await;
    let secrets = Secrets::new();
    let (host_pub, _) = secrets.create(&host).await;
    let mut poller = Poller::new(&server).await;
    assert_eq!(poller.join(&secrets).await.members, [host_pub]);
    let ServerEvent::MemberJoined(joined) = next(&mut events).await else { panic!() };
    let peer = pid(&joined.member_pub);
    for n in 0..20_u8 {
        host.relay(peer, &[n; 30]).unwrap();
    }
    for n in 0..20_u8 {
        let data = crate::text64::encode(&[n; 30]);
        let heard = poller.hear().await;
        assert!(heard.starts_with("42[\"relay\"") && heard.contains(&data), "{heard}");
    }
    poller.say(&format!("42{}", json!([event::RELAY, {"to": pid(&host_pub), "data": "AAAA"}]))).await;
    let ServerEvent::Relayed { from, data } = next(&mut events).await else { panic!() };
    assert_eq!((from, &data[..]), (peer, &[0; 3][..]));
    // It closes no connection, for it has none.
    let ServerEvent::MemberLeft(left) = next(&mut events).await else { panic!() };
    assert_eq!(left.pid, peer);
    assert_eq!(poller.poll().await, None);
    host.close().await;
    server.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_polled_counts_as_a_connection_also_while_there_is_none() {
    let server = limited(Limits { connections_from_near: 3, ..impatient() }).await;
    let begun = (Poller::begin(&server).await, Poller::begin(&server).await);
    assert!(begun.0.is_ok() && begun.1.is_ok());
    let refused = Poller::begin(&server).await.err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 30"), "{refused}");
    // They end, for nobody asks for them, and there is place again.
    let again = async { while Poller::begin(&server).await.is_err() {} };
    timeout(PATIENCE, again).await.expect("a place in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_says_far_too_much_in_one_request_is_ended() {
    let server = limited(Limits { events: Rate::a_second(10, 1), ..impatient() }).await;
    let mut poller = Poller::new(&server).await;
    let hello: HelloAck = poller.ask(event::HELLO, json!({"version": 1})).await;
    assert_eq!(hello.version, 1);
    let flood = vec!["42[\"leave\",{}]"; 100].join("\u{1e}");
    poller.say(&flood).await;
    let ended = async {
        while let Some(body) = poller.poll().await {
            if body.split('\u{1e}').any(|packet| packet == "41") {
                return;
            }
            // It is not silent, so this is no reason to end it.
            poller.say("3").await;
        }
    };
    timeout(PATIENCE, ended).await.expect("an end in time");
    // Nor can it come back on the same session.
    poller.say("40").await;
    assert!(!poller.poll().await.is_some_and(|body| body.contains("40{")));
    server.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_begins_no_session() {
    let server = limited(impatient()).await;
    for headers in ["origin: https://example.org\r\n", "sec-fetch-site: cross-site\r\n"] {
        let answer = request(&server, &format!("GET {PATH}"), headers, "").await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    let own = request(&server, &format!("GET {PATH}"), "sec-fetch-site: same-origin\r\n", "").await;
    assert!(own.starts_with("HTTP/1.1 200"), "{own}");
}
