//! Socket.IO packets inside Engine.IO messages, as a client reads and writes them; the parser is socketioxide's own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use socketioxide_core::packet::{Packet, PacketData};
use socketioxide_core::parser::{Parse, ParseConfig, ParserState};
use socketioxide_core::{Str, Value};
use socketioxide_parser_common::CommonParser;

/// Namespace `/`, the only one.
const NAMESPACE: &str = "/";

/// One message from the server, as far as a client cares.
pub(crate) enum Incoming {
    /// Engine.IO `open`, with its times in milliseconds.
    Open { ping_interval: u64, ping_timeout: u64 },
    /// Engine.IO `ping`.
    Ping,
    /// We are in the namespace.
    Connected,
    /// The server has closed the namespace or the connection.
    Closed,
    /// An event.
    Event { name: String, argument: serde_json::Value },
    /// An acknowledgement.
    Ack { id: i64, argument: serde_json::Value },
    /// Something else, which is passed over.
    Other,
}

/// Engine.IO `pong`.
pub(crate) const PONG: &str = "3";
/// Socket.IO `connect` to the namespace.
pub(crate) const CONNECT: &str = "40";

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handshake {
    ping_interval: u64,
    ping_timeout: u64,
}

/// An event; with `id`, an acknowledgement is asked for.
pub(crate) fn event<T: Serialize>(name: &str, argument: &T, id: Option<i64>) -> Option<String> {
    let value = CommonParser.encode_value(argument, Some(name)).ok()?;
    let mut packet = Packet::event(NAMESPACE, value);
    if let Some(id) = id {
        packet.inner.set_ack_id(id);
    }
    match CommonParser.encode(packet) {
        Value::Str(text, None) => Some(format!("4{text}")),
        _ => None,
    }
}

/// Reads one text message; nothing that a server sends ends in a panic.
pub(crate) fn read(text: &str) -> Incoming {
    let mut chars = text.chars();
    match chars.next() {
        Some('0') => match serde_json::from_str::<Handshake>(chars.as_str()) {
            Ok(Handshake { ping_interval, ping_timeout }) => Incoming::Open { ping_interval, ping_timeout },
            Err(_) => Incoming::Other,
        },
        Some('1') => Incoming::Closed,
        Some('2') => Incoming::Ping,
        Some('4') => packet(chars.as_str()),
        _ => Incoming::Other,
    }
}

fn packet(text: &str) -> Incoming {
    // Each packet stands alone: binary attachments are not used, so a state that waits for them is never kept.
    let (config, state) = (ParseConfig::default(), ParserState::default());
    let Ok(packet) = CommonParser.decode_str(&config, &state, Str::from(text.to_owned())) else {
        return Incoming::Other;
    };
    match packet.inner {
        PacketData::Connect(_) => Incoming::Connected,
        PacketData::Disconnect | PacketData::ConnectError(_) => Incoming::Closed,
        PacketData::Event(mut value, _) => {
            let Ok(name) = CommonParser.read_event(&value).map(str::to_owned) else { return Incoming::Other };
            match decode(&mut value, true) {
                Some(argument) => Incoming::Event { name, argument },
                None => Incoming::Other,
            }
        }
        PacketData::EventAck(mut value, id) => match decode(&mut value, false) {
            Some(argument) => Incoming::Ack { id, argument },
            None => Incoming::Other,
        },
        PacketData::BinaryEvent(..) | PacketData::BinaryAck(..) => Incoming::Other,
    }
}

fn decode<T: DeserializeOwned>(value: &mut Value, with_event: bool) -> Option<T> {
    CommonParser.decode_value(value, with_event).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushtalk_protocol::HelloRequest;

    use super::*;

    #[test]
    fn events_acknowledgements_and_pings_are_read() {
        let Incoming::Event { name, argument } = read(r#"42["relay",{"from":"x","data":"y"}]"#) else {
            panic!()
        };
        assert_eq!((name.as_str(), &argument["data"]), ("relay", &"y".into()));
        let Incoming::Ack { id, argument } = read(r#"437[{"error":"not_available"}]"#) else { panic!() };
        assert_eq!((id, &argument["error"]), (7, &"not_available".into()));
        assert!(matches!(read("2"), Incoming::Ping));
        assert!(matches!(read(r#"40{"sid":"abcdefgh12345678"}"#), Incoming::Connected));
        let open = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100}"#;
        assert!(matches!(read(open), Incoming::Open { ping_interval: 25_000, ping_timeout: 20_000 }));
    }

    #[test]
    fn an_event_is_written_as_socket_io_wants_it() {
        let hello = HelloRequest { version: 1 };
        assert_eq!(event("hello", &hello, Some(3)).unwrap(), r#"423["hello",{"version":1}]"#);
        assert_eq!(event("hello", &hello, None).unwrap(), r#"42["hello",{"version":1}]"#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_passed_over(text in "\\PC{0,80}", kind in "[0-6][0-6]?[0-9-]{0,3}") {
            read(&text);
            read(&format!("{kind}{text}"));
            read(&format!("4{kind}[\"relay\",{text}]"));
        }
    }
}
