//! Whatever is sent as the argument of whichever event, the server says that it is wrong, and goes on for all.

use futures_util::SinkExt;
use pushtalk_e2ee::pid;
use pushtalk_protocol::event;
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Rude, Secrets, client, next, server};
use crate::client::ServerEvent;

/// Every event of a client, each with an argument that is well-formed.
fn events() -> Vec<(&'static str, Map<String, Value>)> {
    let (b8, b16, b32, b64) = ("A".repeat(11), "A".repeat(22), "A".repeat(43), "A".repeat(86));
    let statement = "A".repeat(400);
    let all = [
        (event::HELLO, json!({"version": 1})),
        (
            event::CREATE,
            json!({"room_id": b16, "host_pub": b32, "epoch": 0, "join_pub": b32, "member_pub": b32,
                "seat_pub": b32, "host_sig": b64, "join_sig": b64}),
        ),
        (event::JOIN, json!({"room_id": b16, "epoch": 0, "member_pub": b32, "seat_pub": b32, "sig": b64})),
        (event::RESUME, json!({"room_id": b16, "pid": b16, "sig": b64})),
        (event::ROTATE, json!({"statement": statement})),
        (event::LEAVE, json!({})),
        (event::RELAY, json!({"to": b16, "data": "AAAA"})),
        (event::LOBBY_OPEN, json!({"nameplate": "ZZZ", "data": "AAAA"})),
        (event::LOBBY_MESSAGE, json!({"lobby": b8, "data": "AAAA"})),
        (event::LOBBY_CLOSE, json!({"lobby": b8})),
    ];
    all.into_iter().map(|(name, argument)| (name, argument.as_object().expect("an object").clone())).collect()
}

/// What is no object at all, as it stands in the packet after the event's name.
fn no_objects(good: &Map<String, Value>) -> Vec<String> {
    let values: Vec<_> = good.values().collect();
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let maps = format!("{}1{}", "{\"a\":".repeat(2000), "}".repeat(2000));
    let mut wrong: Vec<_> =
        ["", ",null", ",true", ",7", ",-1.5", ",1e999", ",\"x\"", ",[]", ",[[]]", ",[{}]"]
            .map(str::to_owned)
            .into();
    wrong.extend([deep, maps, json!("A".repeat(28_000)).to_string()].map(|text| format!(",{text}")));
    // The fields one after the other, the object in a list, and its text.
    for value in [json!(values), json!([good]), json!(json!(good).to_string())] {
        wrong.push(format!(",{value}"));
    }
    wrong
}

/// Objects with one thing wrong.
fn wrong_objects(good: &Map<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    let with = |name: &str, value: Value| {
        let mut argument = good.clone();
        argument.insert(name.to_owned(), value);
        json!(argument).to_string()
    };
    for (name, extra) in [("more", json!(1)), ("_placeholder", json!(true)), ("", json!(null))] {
        wrong.push(with(name, extra));
    }
    for (name, value) in good {
        let mut without = good.clone();
        without.remove(name);
        wrong.push(json!(without).to_string());
        let everything =
            [json!(null), json!(true), json!(-1), json!(1.5), json!([]), json!({}), json!([value])];
        let texts =
            [json!(7), json!("A"), json!("a b"), json!("=="), json!("\u{0}"), json!("A".repeat(28_000))];
        let numbers = [json!("1"), json!(""), json!(u64::MAX)];
        wrong.extend(everything.map(|value| with(name, value)));
        if value.is_string() {
            wrong.extend(texts.map(|value| with(name, value)));
        } else {
            wrong.extend(numbers.map(|value| with(name, value)));
        }
        wrong.push(with(name, json!({ name.as_str(): value })));
        wrong.push(with(name, json!({"_placeholder": true, "num": 0})));
        // A field twice, the second time another.
        let twice = json!(good).to_string();
        let open = twice.strip_suffix('}').expect("an object");
        wrong.push(format!("{open},\"{name}\":null}}"));
    }
    wrong.into_iter().map(|text| format!(",{text}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_argument_of_any_event_is_refused_and_hurts_nobody() {
    let server = server().await;
    let secrets = Secrets::new();
    let ((host, mut host_events), (guest, _events)) = (client(&server).await, client(&server).await);
    let (host_pub, _) = secrets.create(&host).await;
    secrets.join(&guest).await;
    assert!(matches!(next(&mut host_events).await, ServerEvent::MemberJoined(_)));
    let mut rude = Rude::new(&server).await;
    let mut at = 0_u8;
    for (name, good) in events() {
        // Refused for what it asks, not for how: so it is the change that is refused below.
        rude.say(format!("421[\"{name}\",{}]", json!(good))).await;
        let answer = rude.hear().await;
        let well_formed = match name {
            event::HELLO => answer.contains("challenge"),
            // No statement can be well-formed by its letters alone.
            event::ROTATE => answer.contains("bad_request"),
            _ => answer.contains("not_available"),
        };
        assert!(well_formed, "{name}: {answer}");
        for argument in no_objects(&good).iter().chain(&wrong_objects(&good)) {
            let start: String = argument.chars().take(100).collect();
            rude.say(format!("422[\"{name}\"{argument}]")).await;
            let answer = rude.hear().await;
            // A version that is too large is another version.
            let other = name == event::HELLO && answer == "432[{\"error\":\"other_version\",\"version\":1}]";
            assert!(other || answer == "432[{\"error\":\"bad_request\"}]", "{name}{start}: {answer}");
        }
        // A binary one, alone and as a field.
        let mut fields: Vec<_> = good.keys().map(|field| format!("{{\"{field}\":X}}")).collect();
        fields.push("X".to_owned());
        for field in fields {
            let argument = field.replace('X', "{\"_placeholder\":true,\"num\":0}");
            rude.say(format!("451-3[\"{name}\",{argument}]")).await;
            rude.0.send(Message::binary(vec![7; 100])).await.unwrap();
            assert_eq!(rude.hear().await, "433[{\"error\":\"bad_request\"}]", "{name}{field}, binary");
        }
        // All the while, others talk.
        at += 1;
        guest.relay(pid(&host_pub), &[at; 100]).unwrap();
        let relayed = next(&mut host_events).await;
        assert!(matches!(relayed, ServerEvent::Relayed { data, .. } if data[..] == [at; 100]), "{name}");
    }
    for name in ["no such event", "", "connect", "disconnect", "member left", "room closed"] {
        rude.say(format!("424[\"{name}\",{{}}]")).await;
        assert_eq!(rude.hear().await, "434[{\"error\":\"bad_request\"}]", "{name}");
    }
    rude.say("425[\"hello\",{\"version\":2,\"new\":true}]").await;
    assert_eq!(rude.hear().await, "435[{\"error\":\"other_version\",\"version\":1}]");
    rude.say("426[\"hello\",{\"version\":1}]").await;
    assert!(rude.hear().await.starts_with("436[{\"version\":1,\"challenge\":"));
    for client in [guest, host] {
        client.close().await;
    }
    drop(rude);
    server.empty().await;
}
