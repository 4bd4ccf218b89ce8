//! Identifiers and public keys: plain bytes of a fixed length that print as `…`, so that no log can hold one.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Takes the bytes as they are.
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self)
            }
        }

        /// In JSON: base64url without padding, nothing else.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = [u8; $len];

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} bytes in base64url", $len)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        let mut bytes = [0; $len];
                        match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
                            Ok($len) => Ok(bytes),
                            _ => Err(E::custom(concat!("not a ", stringify!($name)))),
                        }
                    }
                }
                deserializer.deserialize_str(Text).map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

bytes!(
    /// Names a room and commits to its host key: the first half of H("PushTalk1 room" ‖ 0 ‖ host_pub), cut to 16 bytes.
    RoomId,
    16
);
bytes!(
    /// Names a member within one room: H("PushTalk1 pid" ‖ 0 ‖ member_pub), cut to 16 bytes.
    Pid,
    16
);
bytes!(
    /// Ed25519 public key of the host: of who made the room, or of a member to whom it was handed over.
    HostPublic,
    32
);
bytes!(
    /// Ed25519 public key with which a member comes back to its seat at the server.
    SeatPublic,
    32
);
bytes!(
    /// X25519 public key of a member, made for one room.
    MemberPublic,
    32
);
bytes!(
    /// Ed25519 public key with which the server checks who may join; all that it holds of the room secret.
    JoinPublic,
    32
);
bytes!(
    /// Ed25519 signature.
    Signature,
    64
);
bytes!(
    /// Random bytes that the server gives to each connection, to be signed.
    Challenge,
    32
);
bytes!(
    /// SHA-256 of a server's certificate (DER).
    CertificateHash,
    32
);
bytes!(
    /// Names one conversation between a joiner and the member that answers it; chosen by the server.
    LobbyId,
    8
);

/// Counts removals, locks and changes of the host; the first is 0.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Epoch(pub u32);
