//! Verifying a member: a short code that both people see, and that nobody in between can make the same.
//!
//! Section 8 of the protocol. Who begins commits to a random number before it learns the other's, so a machine in the
//! middle has one guess in 2^42 for each time that people compare, and can work out nothing in advance.

use curve25519_dalek::digest::Digest;
use pushtalk_protocol::{Pid, RoomId};
use rand::CryptoRng;
use sha2::Sha512;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::derive::{Prk, Secret, draw};

/// What the code says to be the same on both sides.
#[derive(Clone, Copy)]
pub struct SasContext {
    /// `Session::handshake_hash` of the pair.
    pub handshake_hash: [u8; 64],
    /// The room.
    pub room_id: RoomId,
    /// Who commits.
    pub a: Pid,
    /// Who answers.
    pub b: Pid,
}

/// What is shown to both people.
#[derive(Clone, PartialEq, Eq)]
pub struct SasCode {
    /// Places in the table of emoji, each below 64.
    pub emoji: [u8; 7],
    /// The same bits for those who prefer numbers, but the last three: each from 1000 to 9191.
    pub numbers: [u16; 3],
}

/// The side that begins: it has committed to its number and waits for the other's.
pub struct SasCommitter {
    nonce: Secret<32>,
}

impl SasCommitter {
    /// Gives H("PushTalk1 sas" ‖ 0 ‖ nA), to be sent.
    pub fn start(rng: &mut impl CryptoRng) -> (Self, [u8; 64]) {
        let nonce = draw(rng);
        let commit = commitment(&nonce);
        (Self { nonce }, commit)
    }

    /// Takes the other's number; gives nA, to be sent, and the code, to be shown. Only once: who could ask again would
    /// choose among codes.
    pub fn reveal(self, nonce_b: [u8; 32], context: &SasContext) -> ([u8; 32], SasCode) {
        (**self.nonce, SasCode::new(context, &self.nonce, &nonce_b))
    }
}

/// The side that answers: it has the commitment and has sent its number.
pub struct SasResponder {
    commit: [u8; 64],
    nonce: Secret<32>,
}

impl SasResponder {
    /// Takes the commitment; gives nB, to be sent.
    pub fn answer(rng: &mut impl CryptoRng, commit: [u8; 64]) -> (Self, [u8; 32]) {
        let nonce = draw(rng);
        let sent = **nonce;
        (Self { commit, nonce }, sent)
    }

    /// Takes the number that was committed to; gives the code, to be shown.
    ///
    /// # Errors
    /// It is another number: the pair is at an end, and nothing is to be shown.
    pub fn check(self, nonce_a: [u8; 32], context: &SasContext) -> Result<SasCode, CryptoError> {
        if bool::from(commitment(&nonce_a).ct_eq(&self.commit)) {
            Ok(SasCode::new(context, &nonce_a, &self.nonce))
        } else {
            Err(CryptoError)
        }
    }
}

impl SasCode {
    /// HKDF-Expand(HKDF-Extract("PushTalk1 sas", handshake hash ‖ nA ‖ nB), "code" ‖ 0 ‖ room_id ‖ pid_A ‖ pid_B, 6): seven
    /// times six bits, from the first one on; the numbers are three times thirteen of the same.
    fn new(context: &SasContext, nonce_a: &[u8; 32], nonce_b: &[u8; 32]) -> Self {
        let SasContext { handshake_hash, room_id, a, b } = context;
        let mut secret = Box::new(Zeroizing::new([0; 128]));
        secret[..64].copy_from_slice(handshake_hash);
        secret[64..96].copy_from_slice(nonce_a);
        secret[96..].copy_from_slice(nonce_b);
        let bytes = Prk::extract(b"PushTalk1 sas", &**secret).expand::<6>(&[
            b"code",
            &[0],
            room_id.as_bytes(),
            a.as_bytes(),
            b.as_bytes(),
        ]);
        let bits = bytes.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        Self {
            emoji: std::array::from_fn(|i| (bits >> (42 - 6 * i)) as u8 & 63),
            numbers: std::array::from_fn(|i| 1000 + ((bits >> (35 - 13 * i)) as u16 & 8191)),
        }
    }
}

fn commitment(nonce: &[u8; 32]) -> [u8; 64] {
    Sha512::new().chain_update(b"PushTalk1 sas").chain_update([0]).chain_update(nonce).finalize().into()
}
