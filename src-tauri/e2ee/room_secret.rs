//! The room secret of one epoch, from which all that its members share is derived.

use pushtalk_protocol::{Epoch, LinkPassword, RoomId, SecretBytes, SpokenPassword};
use rand::CryptoRng;

use crate::JoinKey;
use crate::derive::{Prk, Secret, draw};

/// RS_e of section 2 of the protocol: 32 random bytes.
pub struct RoomSecret(SecretBytes<32>);

impl RoomSecret {
    /// A new one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::new(&draw(rng))
    }

    pub(crate) fn new(bytes: &[u8; 32]) -> Self {
        Self(SecretBytes::new(*bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// A second holder of the bytes, for the message that carries the secret to another member.
    pub fn to_secret(&self) -> SecretBytes<32> {
        SecretBytes::new(*self.expose())
    }

    /// What proves to the server that one may join.
    pub fn join_key(&self, room_id: RoomId, epoch: Epoch) -> JoinKey {
        JoinKey::from_seed(&self.derive(b"join auth", room_id, epoch))
    }

    /// What every handshake of a pair is mixed with.
    pub fn pair_psk(&self, room_id: RoomId, epoch: Epoch) -> PairPsk {
        PairPsk(self.derive(b"pair psk", room_id, epoch))
    }

    /// The password in links. Derived, so that every member can answer the door, and a new epoch ends it.
    pub fn link_password(&self, room_id: RoomId, epoch: Epoch) -> LinkPassword {
        LinkPassword::new(**self.derive(b"link password", room_id, epoch))
    }

    /// The password that is said aloud; derived like the link's. Thirty bits of a hash tell nothing about the secret.
    pub fn spoken_password(&self, room_id: RoomId, epoch: Epoch) -> SpokenPassword {
        SpokenPassword::from_bits(u32::from_be_bytes(**self.derive(b"spoken password", room_id, epoch)) >> 2)
    }

    /// HKDF-Expand(HKDF-Extract("PushTalk1 room secret", RS_e), label ‖ 0 ‖ room_id ‖ e, N).
    fn derive<const N: usize>(&self, label: &[u8], room_id: RoomId, epoch: Epoch) -> Secret<N> {
        Prk::extract(b"PushTalk1 room secret", self.expose()).expand(&[
            label,
            &[0],
            room_id.as_bytes(),
            &epoch.0.to_be_bytes(),
        ])
    }
}

impl From<SecretBytes<32>> for RoomSecret {
    fn from(bytes: SecretBytes<32>) -> Self {
        Self(bytes)
    }
}

/// The pre-shared key of the handshakes within one epoch: who was removed does not have the next one.
pub struct PairPsk(Secret<32>);

impl PairPsk {
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::tests::hex;

    #[test]
    fn all_is_derived_as_the_protocol_says() {
        // Worked out with another program's HMAC-SHA-512 and Ed25519.
        let secret = RoomSecret::new(&[1; 32]);
        let (room, epoch) = (RoomId::new([2; 16]), Epoch(3));
        let join_pub = "fc2424626b4f8b00ceea715229925b84d5ca4d95d8d4aa5dbb3a9931ca072938";
        assert_eq!(secret.join_key(room, epoch).public().as_bytes()[..], hex(join_pub));
        let psk = "5d8f16b24b1649a4b37d9c3f3fe4c92e2ffd041d9d42ade39ba3f49897d55053";
        assert_eq!(secret.pair_psk(room, epoch).expose()[..], hex(psk));
        assert_eq!(secret.link_password(room, epoch).expose()[..], hex("ebc6c5601bc403a50d96c57ce197c9d2"));
        assert_eq!(secret.spoken_password(room, epoch).expose(), b"ZETRWM");
    }

    #[test]
    fn a_secret_that_was_passed_on_is_known_by_its_public_half() {
        let secret = RoomSecret::new(&[1; 32]);
        let passed = RoomSecret::from(secret.to_secret());
        assert_eq!(secret.expose(), passed.expose());
        let (room, epoch) = (RoomId::new([2; 16]), Epoch(3));
        assert_eq!(secret.join_key(room, epoch).public(), passed.join_key(room, epoch).public());
        let other = RoomSecret::from(SecretBytes::new([2; 32]));
        assert_ne!(secret.join_key(room, epoch).public(), other.join_key(room, epoch).public());
    }

    #[test]
    fn another_room_epoch_or_secret_shares_nothing() {
        let all = |secret: &RoomSecret, room: u8, epoch| {
            let (room, epoch) = (RoomId::new([room; 16]), Epoch(epoch));
            (
                *secret.join_key(room, epoch).public().as_bytes(),
                *secret.pair_psk(room, epoch).expose(),
                *secret.link_password(room, epoch).expose(),
                *secret.spoken_password(room, epoch).expose(),
            )
        };
        let secret = RoomSecret::new(&[1; 32]);
        let base = all(&secret, 1, 1);
        assert_eq!(base, all(&RoomSecret::new(&[1; 32]), 1, 1));
        for other in [all(&secret, 2, 1), all(&secret, 1, 2), all(&RoomSecret::new(&[2; 32]), 1, 1)] {
            assert_ne!(base.0, other.0);
            assert_ne!(base.1, other.1);
            assert_ne!(base.2, other.2);
            assert_ne!(base.3, other.3);
        }
    }
}
