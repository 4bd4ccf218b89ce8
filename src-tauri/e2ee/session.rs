//! The sealed session of a pair: messages that are numbered, and taken strictly in order.
//!
//! Section 5 of the protocol. The number is the Noise nonce; it travels beside the message, in the clear. The keys are
//! changed for those of a later handshake one direction after the other, each at a message that both sides know.

use snow::{HandshakeState, StatelessTransportState};
use zeroize::Zeroizing;

use crate::SessionError;
use crate::aead::TAG;

/// Noise revision 34, section 3: longest message.
const LONGEST: usize = 65_535;

/// What two members say to each other. Each direction has its own key and its own numbers.
pub struct Session {
    noise: StatelessTransportState,
    switch: Option<Switch>,
    next_to_send: u64,
    next_to_open: u64,
    handshake_hash: [u8; 64],
}

/// On the way to the keys of a later handshake.
struct Switch {
    noise: StatelessTransportState,
    sends: bool,
    opens: bool,
}

impl Session {
    pub(crate) fn new(handshake: HandshakeState) -> Result<Self, SessionError> {
        let handshake_hash = handshake.get_handshake_hash().try_into().map_err(|_| SessionError::Refused)?;
        let noise = handshake.into_stateless_transport_mode()?;
        Ok(Self { noise, switch: None, next_to_send: 0, next_to_open: 0, handshake_hash })
    }

    /// Seals the next message; gives its number and 16 bytes more than there were.
    ///
    /// # Errors
    /// `TooLong` above 65,519 bytes, `Exhausted` after 2^64 - 1 messages.
    pub fn seal(&mut self, plaintext: &[u8]) -> Result<(u64, Vec<u8>), SessionError> {
        if plaintext.len() > LONGEST - TAG {
            return Err(SessionError::TooLong);
        }
        let n = self.next_to_send;
        let next = n.checked_add(1).ok_or(SessionError::Exhausted)?;
        let mut message = vec![0; plaintext.len() + TAG];
        self.sending().write_message(n, plaintext, &mut message)?;
        self.next_to_send = next;
        Ok((n, message))
    }

    /// Opens message number `n`.
    ///
    /// # Errors
    /// `OutOfOrder` when another one is next, `Refused` when it is not authentic, `Exhausted` at the last number.
    /// Nothing has changed then.
    pub fn open(&mut self, n: u64, ciphertext: &[u8]) -> Result<Vec<u8>, SessionError> {
        let expected = self.next_to_open;
        if n != expected {
            return Err(SessionError::OutOfOrder { expected });
        }
        let next = n.checked_add(1).ok_or(SessionError::Exhausted)?;
        let length = ciphertext.len().checked_sub(TAG).ok_or(SessionError::Refused)?;
        if ciphertext.len() > LONGEST {
            return Err(SessionError::Refused);
        }
        let mut plaintext = Zeroizing::new(vec![0; length]);
        self.opening().read_message(n, ciphertext, &mut plaintext)?;
        self.next_to_open = next;
        Ok(std::mem::take(&mut *plaintext))
    }

    /// The number of the message that is next to be opened.
    pub fn expected(&self) -> u64 {
        self.next_to_open
    }

    /// REKEY (Noise section 4.2) of what we seal: right after a message that carried a key. The numbers go on.
    pub fn rekey_sending(&mut self) {
        self.sending().rekey_outgoing();
    }

    /// REKEY of what we open: right after a message that carried a key.
    pub fn rekey_receiving(&mut self) {
        self.opening().rekey_incoming();
    }

    /// Takes the keys of a later handshake of the same pair, for `switch_sending` and `switch_opening`. Numbers and
    /// `handshake_hash` stay those of this session.
    ///
    /// # Errors
    /// `Switch` when a change is under way, or when `next` is not a session of this side with this member. Nothing has
    /// changed then: both sides still understand each other, and `next` is wiped.
    pub fn begin_switch(&mut self, next: Session) -> Result<(), SessionError> {
        let same = next.noise.get_remote_static() == self.noise.get_remote_static()
            && next.noise.is_initiator() == self.noise.is_initiator();
        if self.is_switching() || next.is_switching() || !same {
            return Err(SessionError::Switch);
        }
        self.switch = Some(Switch { noise: next.noise, sends: false, opens: false });
        Ok(())
    }

    /// Seals with the new keys from the next message on. Does nothing when no change is under way.
    pub fn switch_sending(&mut self) {
        if let Some(switch) = self.switch.as_mut().filter(|switch| !switch.sends) {
            switch.sends = true;
            // It cannot be dropped alone, so it is overwritten with what no message was sealed with.
            self.noise.rekey_outgoing();
            self.end_switch();
        }
    }

    /// Opens with the new keys from the next message on. Does nothing when no change is under way.
    pub fn switch_opening(&mut self) {
        if let Some(switch) = self.switch.as_mut().filter(|switch| !switch.opens) {
            switch.opens = true;
            self.noise.rekey_incoming();
            self.end_switch();
        }
    }

    /// True from `begin_switch` until both directions have the new keys.
    pub fn is_switching(&self) -> bool {
        self.switch.is_some()
    }

    fn end_switch(&mut self) {
        if let Some(switch) = self.switch.take_if(|switch| switch.sends && switch.opens) {
            self.noise = switch.noise;
        }
    }

    fn sending(&mut self) -> &mut StatelessTransportState {
        match &mut self.switch {
            Some(switch) if switch.sends => &mut switch.noise,
            _ => &mut self.noise,
        }
    }

    fn opening(&mut self) -> &mut StatelessTransportState {
        match &mut self.switch {
            Some(switch) if switch.opens => &mut switch.noise,
            _ => &mut self.noise,
        }
    }

    /// Names the first handshake of this session; the same on both sides, different for any two handshakes.
    pub fn handshake_hash(&self) -> [u8; 64] {
        self.handshake_hash
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::handshake::tests::World;

    #[test]
    fn two_members_understand_each_other() {
        let mut w = World::new();
        let (mut a, mut b) = w.pair(0, 1);
        assert_eq!(a.handshake_hash(), b.handshake_hash());
        for round in 0..3u64 {
            for (from, to) in [(true, "there"), (false, "back")] {
                let (from, other) = if from { (&mut a, &mut b) } else { (&mut b, &mut a) };
                let (n, sealed) = from.seal(to.as_bytes()).unwrap();
                assert_eq!((n, other.expected()), (round, round));
                assert_eq!(other.open(n, &sealed).unwrap(), to.as_bytes());
            }
        }
        let (a2, _) = w.pair(0, 1);
        assert_ne!(a.handshake_hash(), a2.handshake_hash());
    }

    #[test]
    fn messages_are_taken_in_order_and_once() {
        let (mut a, mut b) = World::new().pair(0, 1);
        let sealed: Vec<_> = (0..3u8).map(|i| a.seal(&[i]).unwrap()).collect();
        assert_eq!(b.open(1, &sealed[1].1), Err(SessionError::OutOfOrder { expected: 0 }));
        assert_eq!(b.open(0, &sealed[0].1).unwrap(), [0]);
        assert_eq!(b.open(0, &sealed[0].1), Err(SessionError::OutOfOrder { expected: 1 }));
        assert_eq!(b.open(1, &sealed[2].1), Err(SessionError::Refused));
        assert_eq!(b.open(1, &sealed[1].1).unwrap(), [1]);
        assert_eq!(b.open(2, &sealed[2].1).unwrap(), [2]);
        assert_eq!(b.expected(), 3);
    }

    #[test]
    fn a_rekeyed_direction_opens_only_what_was_sealed_since() {
        let (mut a, mut b) = World::new().pair(0, 1);
        let (n, sealed) = a.seal(b"key").unwrap();
        a.rekey_sending();
        assert_eq!(b.open(n, &sealed).unwrap(), b"key");
        let (n, sealed) = a.seal(b"after").unwrap();
        assert_eq!((n, b.open(n, &sealed)), (1, Err(SessionError::Refused)));
        b.rekey_receiving();
        assert_eq!(b.open(n, &sealed).unwrap(), b"after");
        let (n, sealed) = b.seal(b"the other direction").unwrap();
        assert_eq!(a.open(n, &sealed).unwrap(), b"the other direction");
    }

    fn say(from: &mut Session, to: &mut Session) {
        let (n, sealed) = from.seal(b"word").unwrap();
        assert_eq!(n, to.expected());
        assert_eq!(to.open(n, &sealed).unwrap(), b"word");
    }

    #[test]
    fn new_keys_are_moved_to_without_a_message_that_is_lost_or_counted_anew() {
        let mut w = World::new();
        let ((mut a, mut b), (next_a, next_b)) = (w.pair(0, 1), w.pair(0, 1));
        let hash = a.handshake_hash();
        say(&mut a, &mut b);
        // The second handshake message is the last that the responder seals with the keys before.
        b.begin_switch(next_b).unwrap();
        let (n, second) = b.seal(b"second").unwrap();
        b.switch_sending();
        let (n2, after) = b.seal(b"after").unwrap();
        assert_eq!(a.open(n, &second).unwrap(), b"second");
        assert_eq!(a.open(n2, &after), Err(SessionError::Refused));
        a.begin_switch(next_a).unwrap();
        a.switch_opening();
        assert_eq!(a.open(n2, &after).unwrap(), b"after");
        // `Done` is the last that the initiator does.
        say(&mut a, &mut b);
        let (n, done) = a.seal(b"done").unwrap();
        a.switch_sending();
        assert!(!a.is_switching() && b.is_switching());
        let (n2, after) = a.seal(b"after").unwrap();
        assert_eq!(b.open(n, &done).unwrap(), b"done");
        assert_eq!(b.open(n2, &after), Err(SessionError::Refused));
        b.switch_opening();
        assert_eq!(b.open(n2, &after).unwrap(), b"after");
        assert!(!b.is_switching());
        for _ in 0..3 {
            say(&mut a, &mut b);
            say(&mut b, &mut a);
        }
        assert_eq!((a.handshake_hash(), b.handshake_hash()), (hash, hash));
    }

    #[test]
    fn keys_that_carried_a_media_key_are_renewed_in_the_direction_that_carried_it() {
        let mut w = World::new();
        let ((mut a, mut b), (next_a, next_b)) = (w.pair(0, 1), w.pair(0, 1));
        a.begin_switch(next_a).unwrap();
        b.begin_switch(next_b).unwrap();
        // Before, between and after the two halves of a change.
        for half in 0..3 {
            a.rekey_sending();
            b.rekey_receiving();
            say(&mut a, &mut b);
            b.rekey_sending();
            a.rekey_receiving();
            say(&mut b, &mut a);
            if half == 0 {
                a.switch_sending();
                b.switch_opening();
            } else {
                a.switch_opening();
                b.switch_sending();
            }
        }
        assert!(!a.is_switching() && !b.is_switching());
    }

    #[test]
    fn a_change_of_keys_that_cannot_be_leaves_all_as_it_was() {
        let mut w = World::new();
        let (mut a, mut b) = w.pair(0, 1);
        // Without a change there is nothing to switch to.
        a.switch_sending();
        b.switch_opening();
        say(&mut a, &mut b);
        let ((to_c, from_c), (first_a, first_b), (second_a, _)) = (w.pair(0, 2), w.pair(0, 1), w.pair(0, 1));
        assert_eq!(a.begin_switch(to_c), Err(SessionError::Switch));
        assert_eq!(a.begin_switch(from_c), Err(SessionError::Switch));
        // The right pair, but the other end of it.
        assert_eq!(a.begin_switch(first_b), Err(SessionError::Switch));
        assert!(!a.is_switching());
        a.begin_switch(first_a).unwrap();
        assert_eq!(a.begin_switch(second_a), Err(SessionError::Switch));
        say(&mut a, &mut b);
        say(&mut b, &mut a);
    }

    #[test]
    fn what_was_said_before_a_change_of_keys_is_opened_by_nobody_after_it() {
        let mut w = World::new();
        let ((mut a, mut b), (next_a, next_b)) = (w.pair(0, 1), w.pair(0, 1));
        let (n, captured) = a.seal(b"before").unwrap();
        assert_eq!(b.open(n, &captured).unwrap(), b"before");
        b.begin_switch(next_b).unwrap();
        a.begin_switch(next_a).unwrap();
        b.switch_opening();
        a.switch_sending();
        // Half way both hold the old state still, but no longer the key of that direction.
        for held in [&b.noise, &b.switch.as_ref().unwrap().noise] {
            assert!(held.read_message(n, &captured, &mut [0; 6]).is_err());
        }
        let mut again = [0; 22];
        a.noise.write_message(n, b"before", &mut again).unwrap();
        assert_ne!(again[..], captured);
        b.switch_sending();
        assert!(b.switch.is_none());
        assert!(b.noise.read_message(n, &captured, &mut [0; 6]).is_err());
    }

    #[test]
    fn what_is_too_long_or_too_much_is_refused_before_it_is_sealed() {
        let (mut a, mut b) = World::new().pair(0, 1);
        assert_eq!(a.seal(&vec![0; LONGEST - TAG + 1]), Err(SessionError::TooLong));
        let (n, sealed) = a.seal(&vec![0; LONGEST - TAG]).unwrap();
        assert_eq!(b.open(n, &sealed).unwrap().len(), LONGEST - TAG);
        assert_eq!(b.open(1, &vec![0; LONGEST + 1]), Err(SessionError::Refused));
        a.next_to_send = u64::MAX;
        b.next_to_open = u64::MAX;
        assert_eq!(a.seal(b"one more"), Err(SessionError::Exhausted));
        assert_eq!(b.open(u64::MAX, &[0; 32]), Err(SessionError::Exhausted));
    }

    proptest! {
        #[test]
        fn a_message_that_was_changed_changes_nothing(
            plaintext in proptest::collection::vec(any::<u8>(), 0..100),
            at in any::<prop::sample::Index>(),
            flip in 1u8..,
        ) {
            let mut w = World::new();
            let (mut a, mut b) = w.pair(0, 1);
            let (_, mut c) = w.pair(0, 2);
            let (n, sealed) = a.seal(&plaintext).unwrap();
            let mut flipped = sealed.clone();
            flipped[at.index(sealed.len())] ^= flip;
            prop_assert_eq!(b.open(n, &flipped), Err(SessionError::Refused));
            prop_assert_eq!(b.open(n, &sealed[..at.index(sealed.len())]), Err(SessionError::Refused));
            prop_assert_eq!(c.open(n, &sealed), Err(SessionError::Refused));
            prop_assert_eq!(a.open(n, &sealed), Err(SessionError::Refused));
            prop_assert_eq!(b.open(n, &sealed).unwrap(), plaintext);
        }
    }
}
