//! STUN (RFC 8489): who asks is told from which address it is seen, so that members who are not on one network find a way to
//! each other. Binding requests only, without authentication; nothing is remembered but how often an address has asked.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Instant;

use stun_types::attribute::{Fingerprint, XorMappedAddress};
use stun_types::message::{BINDING, Message, MessageClass, MessageWriteVec};
use stun_types::prelude::{AttributeStaticType, MessageWrite, MessageWriteExt};
use tokio::net::UdpSocket;
use tokio::time::sleep;

use crate::bucket::{Bucket, Buckets, Rate};
use crate::gate::one_subscriber;

/// A request of this kind has 20 bytes and a few attributes.
const LONGEST: usize = 548;
/// Who comes into a room of twenty asks once for each member and each of its own addresses.
const OF_AN_ADDRESS: Rate = Rate::a_second(256, 32);
const OF_ALL: Rate = Rate::a_second(4096, 2048);
/// Addresses that are told apart.
const ASKERS: usize = 4096;

/// Answers until it is dropped.
pub(crate) async fn answer_all(socket: UdpSocket) {
    let (start, names) = (Instant::now(), RandomState::new());
    let mut all = Bucket::new(start.elapsed(), OF_ALL);
    let mut each = Buckets::new(Some(OF_AN_ADDRESS), ASKERS);
    let mut request = [0; LONGEST + 1];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut request) => received,
            () = due(start, each.poll_timeout()) => {
                each.handle_timeout(start.elapsed());
                continue;
            }
        };
        // Errors are of what was sent before: that nobody is there, for one.
        let Ok((length @ ..=LONGEST, from)) = received else { continue };
        let asker = names.hash_one(one_subscriber(from.ip()));
        let now = start.elapsed();
        if let Some(answer) = answer(&request[..length], from)
            && all.try_take(now)
            && each.try_take(now, asker)
        {
            // What cannot be sent now is asked for again.
            drop(socket.try_send_to(&answer, from));
        }
    }
}

async fn due(start: Instant, at: Option<std::time::Duration>) {
    match at {
        Some(at) => sleep(at.saturating_sub(start.elapsed())).await,
        None => std::future::pending().await,
    }
}

/// None for what is no binding request: nothing is said to who did not ask.
fn answer(request: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let asked = Message::from_bytes(request).ok()?;
    if !asked.has_class(MessageClass::Request) || !asked.has_method(BINDING) {
        return None;
    }
    // What has to be understood and is not (section 6.3.1).
    if let Some(refused) =
        Message::check_attribute_types(&asked, &[Fingerprint::TYPE], &[], MessageWriteVec::new())
    {
        return Some(refused.finish());
    }
    let seen = SocketAddr::new(from.ip().to_canonical(), from.port());
    let mut answer = Message::builder_success(&asked, MessageWriteVec::new());
    answer.add_attribute(&XorMappedAddress::new(seen, asked.transaction_id())).ok()?;
    if asked.has_attribute(Fingerprint::TYPE) {
        answer.add_fingerprint().ok()?;
    }
    Some(answer.finish())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use stun_types::attribute::{ErrorCode, Software, Username};
    use tokio::time::timeout;

    use super::*;

    fn seen(answer: &[u8]) -> SocketAddr {
        let answer = Message::from_bytes(answer).unwrap();
        assert!(answer.has_class(MessageClass::Success));
        answer.attribute::<XorMappedAddress>().unwrap().addr(answer.transaction_id())
    }

    #[test]
    fn who_asks_is_told_the_address_it_is_seen_at() {
        for from in ["203.0.113.7:40000", "[2001:db8::7]:40000"] {
            let from = from.parse().unwrap();
            let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
            let answer = answer(&request, from).unwrap();
            assert_eq!(seen(&answer), from);
            assert_eq!(answer[4..20], request[4..20], "magic cookie and transaction");
        }
        // A listener of both families sees IPv4 as IPv6.
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let mapped = answer(&request, "[::ffff:203.0.113.7]:40000".parse().unwrap()).unwrap();
        assert_eq!(seen(&mapped), "203.0.113.7:40000".parse().unwrap());
    }

    #[test]
    fn the_answer_has_a_fingerprint_where_the_request_has_one_and_is_never_much_longer() {
        let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
        request.add_attribute(&Software::new("somebody").unwrap()).unwrap();
        request.add_fingerprint().unwrap();
        let answer = answer(&request.finish(), "203.0.113.7:1".parse().unwrap()).unwrap();
        assert!(Message::from_bytes(&answer).unwrap().has_attribute(Fingerprint::TYPE));
        assert!(answer.len() <= 52);
    }

    #[test]
    fn what_is_no_binding_request_gets_no_answer_and_what_is_not_understood_is_told() {
        let from = "203.0.113.7:1".parse().unwrap();
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let response = answer(&request, from).unwrap();
        let indication = Message::builder_indication(BINDING, MessageWriteVec::new()).finish();
        // Two servers that answer each other's answers would do so for ever.
        for other in [&response[..], &indication, b"", b"GET / HTTP/1.1\r\n\r\n", &[0; 20], &request[..19]] {
            assert!(answer(other, from).is_none());
        }
        let mut strange = Message::builder_request(BINDING, MessageWriteVec::new());
        strange.add_attribute(&Username::new("somebody").unwrap()).unwrap();
        let refused = answer(&strange.finish(), from).unwrap();
        assert_eq!(Message::from_bytes(&refused).unwrap().attribute::<ErrorCode>().unwrap().code(), 420);
    }

    #[tokio::test]
    async fn who_asks_too_often_gets_no_answer_and_others_do() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let served = tokio::spawn(answer_all(server));
        let flood = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let (mut answers, mut block) = (0, [0; 100]);
        for _ in 0..600 {
            flood.send_to(&request, address).await.unwrap();
            answers += u32::from(timeout(Duration::from_millis(3), flood.recv(&mut block)).await.is_ok());
        }
        // So many at once, and as many more as the time has brought.
        assert!((256..400).contains(&answers), "{answers}");
        let other = UdpSocket::bind("127.0.0.2:0").await.unwrap();
        other.send_to(&request, address).await.unwrap();
        let length = timeout(Duration::from_secs(10), other.recv(&mut block)).await.unwrap().unwrap();
        assert_eq!(seen(&block[..length]), other.local_addr().unwrap());
        served.abort();
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_short_answer_or_none(bytes in prop::collection::vec(any::<u8>(), 0..LONGEST)) {
            let from = "203.0.113.7:1".parse().unwrap();
            prop_assert!(answer(&bytes, from).is_none_or(|answer| answer.len() <= 20 + 2 * LONGEST));
        }
    }
}
