//! The argument of an event as a client sent it: an object that has the event's fields and no others, or a refusal.

use std::fmt;
use std::marker::PhantomData;

use pushtalk_protocol::{HelloRequest, RefusalCode, VERSION};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads the argument of any event but `hello`.
///
/// # Errors
/// `BadRequest` for whatever else it is.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, RefusalCode> {
    serde_json::from_str(json).map(|Object(argument)| argument).map_err(|_| RefusalCode::BadRequest)
}

/// Reads the argument of `hello`. The version is looked at first: what else another version says is not ours to judge.
///
/// # Errors
/// `OtherVersion`, or `BadRequest`.
pub fn read_hello(hello: Value) -> Result<HelloRequest, RefusalCode> {
    match hello.get("version").and_then(Value::as_u64) {
        Some(version) if version != u64::from(VERSION) => Err(RefusalCode::OtherVersion),
        _ => serde_json::from_value(hello).map_err(|_| RefusalCode::BadRequest),
    }
}

/// An object, where serde would also take the fields of a struct one after the other.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::{Empty, LobbyClose};

    use super::*;

    #[test]
    fn an_argument_is_an_object_of_exactly_the_fields() {
        assert!(read::<LobbyClose>(r#"{"lobby":"AQEBAQEBAQE"}"#).is_ok());
        assert_eq!(read::<Empty>("{}"), Ok(Empty {}));
        for other in [r#"["AQEBAQEBAQE"]"#, "{}", "null", "", "7", r#"{"lobby":"AQEBAQEBAQE","more":1}"#] {
            assert_eq!(read::<LobbyClose>(other).err(), Some(RefusalCode::BadRequest), "{other}");
        }
        assert_eq!(read::<Empty>("[]"), Err(RefusalCode::BadRequest));
    }

    #[test]
    fn another_version_is_told_whatever_else_it_says() {
        let hello = |json: &str| read_hello(serde_json::from_str(json).unwrap());
        assert_eq!(hello(r#"{"version":1}"#), Ok(HelloRequest { version: 1 }));
        assert_eq!(hello(r#"{"version":2,"more":[]}"#), Err(RefusalCode::OtherVersion));
        assert_eq!(hello(r#"{"version":1,"more":[]}"#), Err(RefusalCode::BadRequest));
        assert_eq!(hello(r#"{"version":"1"}"#), Err(RefusalCode::BadRequest));
    }
}
