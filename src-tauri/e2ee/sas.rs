//! Verifying a member: a short code that both people see, and that nobody in between can make the same.
//!
//! Section 10 of the protocol. Who begins commits to a random number before it learns the other's, so a machine in the
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::derive::tests::hex;

    fn context() -> SasContext {
        SasContext {
            handshake_hash: [1; 64],
            room_id: RoomId::new([4; 16]),
            a: Pid::new([5; 16]),
            b: Pid::new([6; 16]),
        }
    }

    #[test]
    fn both_sides_of_one_handshake_see_the_same() {
        for seed in 0..50 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let (a, commit) = SasCommitter::start(rng);
            let (b, nonce_b) = SasResponder::answer(rng, commit);
            let (nonce_a, seen_a) = a.reveal(nonce_b, &context());
            let seen_b = b.check(nonce_a, &context()).ok().unwrap();
            assert!(seen_a == seen_b);
        }
    }

    #[test]
    fn code_and_commitment_are_those_of_the_protocol() {
        // Worked out with another program.
        let code = SasCode::new(&context(), &[2; 32], &[3; 32]);
        assert_eq!(code.emoji, [22, 51, 56, 63, 31, 52, 38]);
        assert_eq!(code.numbers, [3919, 7397, 9100]);
        let commit = "
            ef3ac5d7406fbbe92f6478e1246d4e2c5516ce90b2ba42a92b62a76610e2a5c2
            8058360f51c9624b0afc6a8341a9d10ef8676a7fbd907f62287d364bc782274e";
        assert_eq!(commitment(&[2; 32])[..], hex(commit));
    }

    #[test]
    fn a_number_that_was_not_committed_to_shows_no_code() {
        let rng = &mut StdRng::seed_from_u64(1);
        let (a, commit) = SasCommitter::start(rng);
        let (b, nonce_b) = SasResponder::answer(rng, commit);
        let (mut nonce_a, _) = a.reveal(nonce_b, &context());
        nonce_a[31] ^= 1;
        assert!(b.check(nonce_a, &context()).is_err());
    }

    #[test]
    fn a_machine_in_the_middle_makes_both_see_something_else() {
        // It runs both exchanges, with a handshake hash of its own on either side, and passes on all it can.
        for seed in 0..50 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let towards_b = SasContext { handshake_hash: [2; 64], ..context() };
            let (a, commit) = SasCommitter::start(rng);
            let (b, nonce_b) = SasResponder::answer(rng, commit);
            let (nonce_a, seen_a) = a.reveal(nonce_b, &context());
            let seen_b = b.check(nonce_a, &towards_b).ok().unwrap();
            assert!(seen_a != seen_b && seen_a.numbers != seen_b.numbers);
        }
    }

    #[test]
    fn the_code_depends_on_all_that_it_is_about() {
        let base = SasCode::new(&context(), &[2; 32], &[3; 32]);
        let SasContext { a, b, .. } = context();
        for other in [
            SasContext { handshake_hash: [9; 64], ..context() },
            SasContext { room_id: RoomId::new([9; 16]), ..context() },
            SasContext { a: Pid::new([9; 16]), ..context() },
            SasContext { b: Pid::new([9; 16]), ..context() },
            SasContext { a: b, b: a, ..context() },
        ] {
            assert!(SasCode::new(&other, &[2; 32], &[3; 32]) != base);
        }
        assert!(SasCode::new(&context(), &[9; 32], &[3; 32]) != base);
        assert!(SasCode::new(&context(), &[2; 32], &[9; 32]) != base);
        assert!(SasCode::new(&context(), &[3; 32], &[2; 32]) != base);
    }

    proptest! {
        #[test]
        fn emoji_are_in_the_table_and_numbers_are_of_the_same_bits(nonce_a: [u8; 32], nonce_b: [u8; 32]) {
            let code = SasCode::new(&context(), &nonce_a, &nonce_b);
            prop_assert!(code.emoji.iter().all(|e| usize::from(*e) < pushtalk_protocol::EMOJI.len()));
            prop_assert!(code.numbers.iter().all(|n| (1000..=9191).contains(n)));
            let emoji = code.emoji.iter().fold(0u64, |bits, e| bits << 6 | u64::from(*e));
            let numbers = code.numbers.iter().fold(0u64, |bits, n| bits << 13 | u64::from(n - 1000));
            prop_assert_eq!(emoji >> 3, numbers);
        }
    }
}
