//! The sealed session of a pair: Noise KKpsk0, then messages that are numbered and taken strictly in order.
//!
//! Section 5 of the protocol. What is sealed here is bare Noise; version, kind and number around it are the caller's.

use pushtalk_protocol::{Epoch, MemberPublic, Pid, RoomId, VERSION, Writer};
use rand::CryptoRng;
use snow::{Builder, HandshakeState, StatelessTransportState};
use zeroize::Zeroizing;

use crate::aead::TAG;
use crate::derive::draw;
use crate::noise::Resolver;
use crate::{MemberKey, PairPsk, SessionError, pid};

const NOISE: &str = "Noise_KKpsk0_25519_AESGCM_SHA512";
/// e, and the sealed counter.
const FIRST: usize = 32 + 8 + TAG;
/// e, and nothing sealed.
const SECOND: usize = 32 + TAG;
/// Noise revision 34, section 3: longest message.
const LONGEST: usize = 65_535;

/// Which two members, in which room and epoch. All of it goes into the handshake.
#[derive(Clone, Copy)]
pub struct PairContext {
    /// The room.
    pub room_id: RoomId,
    /// Its epoch.
    pub epoch: Epoch,
    /// We.
    pub me: Pid,
    /// The other one.
    pub peer: Pid,
}

impl PairContext {
    /// The one with the smaller pid begins, so that two never begin at once.
    pub fn is_initiator(&self) -> bool {
        self.me < self.peer
    }

    /// "PushTalk1" ‖ 1 ‖ room_id ‖ e ‖ pid_i ‖ pid_r.
    fn prologue(&self) -> Vec<u8> {
        let (first, second) = if self.is_initiator() { (self.me, self.peer) } else { (self.peer, self.me) };
        Writer::new()
            .raw(b"PushTalk1")
            .u8(VERSION)
            .raw(self.room_id.as_bytes())
            .u32(self.epoch.0)
            .raw(first.as_bytes())
            .raw(second.as_bytes())
            .finish()
    }

    fn handshake(
        &self,
        me: &MemberKey,
        peer: &MemberPublic,
        psk: &PairPsk,
        rng: &mut impl CryptoRng,
    ) -> Result<HandshakeState, SessionError> {
        if self.me != pid(&me.public()) || self.peer != pid(peer) {
            return Err(SessionError::Refused);
        }
        let prologue = self.prologue();
        let builder = Builder::with_resolver(NOISE.parse()?, Box::new(Resolver::new(draw(rng))))
            .local_private_key(me.private())?
            .remote_public_key(peer.as_bytes())?
            .psk(0, psk.expose())?
            .prologue(&prologue)?;
        Ok(if self.is_initiator() { builder.build_initiator()? } else { builder.build_responder()? })
    }
}

/// A handshake whose first message is sent.
pub struct Initiation {
    handshake: HandshakeState,
}

impl Initiation {
    /// Begins. `counter` is above all that this side used with that member before; it is all that the first message
    /// carries, because that message has no forward secrecy. Draws one ephemeral key from `rng`.
    ///
    /// # Errors
    /// `Role` when the other side begins, `Refused` when a key does not belong to its pid.
    pub fn start(
        context: PairContext,
        me: &MemberKey,
        peer: &MemberPublic,
        psk: &PairPsk,
        counter: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), SessionError> {
        if !context.is_initiator() {
            return Err(SessionError::Role);
        }
        let mut handshake = context.handshake(me, peer, psk, rng)?;
        let mut message = vec![0; FIRST];
        handshake.write_message(&counter.to_be_bytes(), &mut message)?;
        forget_psk(&mut handshake)?;
        Ok((Self { handshake }, message))
    }

    /// Takes the answer.
    ///
    /// # Errors
    /// `Refused`: it is not that member's answer to this very message.
    pub fn finish(mut self, message: &[u8]) -> Result<Session, SessionError> {
        if message.len() != SECOND {
            return Err(SessionError::Refused);
        }
        self.handshake.read_message(message, &mut [])?;
        Session::new(self.handshake)
    }
}

/// Answers a first message: gives the session, the counter to remember, and the answer. The session takes the place of
/// an older one only when its first message opens; until then anybody may have repeated this.
///
/// # Errors
/// `Role` when we are to begin, `Replayed` for a counter not above `last_counter`, `Refused` for anything else.
pub fn respond(
    context: PairContext,
    me: &MemberKey,
    peer: &MemberPublic,
    psk: &PairPsk,
    message: &[u8],
    last_counter: Option<u64>,
    rng: &mut impl CryptoRng,
) -> Result<(Session, u64, Vec<u8>), SessionError> {
    if context.is_initiator() {
        return Err(SessionError::Role);
    }
    if message.len() != FIRST {
        return Err(SessionError::Refused);
    }
    let mut handshake = context.handshake(me, peer, psk, rng)?;
    let mut counter = [0; 8];
    handshake.read_message(message, &mut counter)?;
    forget_psk(&mut handshake)?;
    let counter = u64::from_be_bytes(counter);
    if last_counter.is_some_and(|last| counter <= last) {
        return Err(SessionError::Replayed);
    }
    let mut answer = vec![0; SECOND];
    handshake.write_message(&[], &mut answer)?;
    Ok((Session::new(handshake)?, counter, answer))
}

/// The psk is mixed in by the first message; `snow` would keep it, and never wipe it.
fn forget_psk(handshake: &mut HandshakeState) -> Result<(), SessionError> {
    Ok(handshake.set_psk(0, &[0; 32])?)
}

/// What two members say to each other. Each direction has its own key and its own numbers.
pub struct Session {
    noise: StatelessTransportState,
    next_to_send: u64,
    next_to_open: u64,
    handshake_hash: [u8; 64],
}

impl Session {
    fn new(handshake: HandshakeState) -> Result<Self, SessionError> {
        let handshake_hash = handshake.get_handshake_hash().try_into().map_err(|_| SessionError::Refused)?;
        let noise = handshake.into_stateless_transport_mode()?;
        Ok(Self { noise, next_to_send: 0, next_to_open: 0, handshake_hash })
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
        self.noise.write_message(n, plaintext, &mut message)?;
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
        self.noise.read_message(n, ciphertext, &mut plaintext)?;
        self.next_to_open = next;
        Ok(std::mem::take(&mut *plaintext))
    }

    /// The number of the message that is next to be opened.
    pub fn expected(&self) -> u64 {
        self.next_to_open
    }

    /// REKEY (Noise section 4.2) of what we seal: right after a message that carried a key. The numbers go on.
    pub fn rekey_sending(&mut self) {
        self.noise.rekey_outgoing();
    }

    /// REKEY of what we open: right after a message that carried a key.
    pub fn rekey_receiving(&mut self) {
        self.noise.rekey_incoming();
    }

    /// Names this handshake; the same on both sides, different for any two handshakes.
    pub fn handshake_hash(&self) -> [u8; 64] {
        self.handshake_hash
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::RoomSecret;

    /// Members in the order of their pids: the first begins with all others.
    struct World {
        rng: StdRng,
        room: RoomId,
        epoch: Epoch,
        psk: PairPsk,
        members: Vec<MemberKey>,
    }

    impl World {
        fn new() -> Self {
            let mut rng = StdRng::seed_from_u64(11);
            let (room, epoch) = (RoomId::new([1; 16]), Epoch(3));
            let psk = RoomSecret::new(&[8; 32]).pair_psk(room, epoch);
            let mut members: Vec<_> = (0..3).map(|_| MemberKey::generate(&mut rng)).collect();
            members.sort_by_key(|m| pid(&m.public()));
            Self { rng, room, epoch, psk, members }
        }

        fn context(&self, me: usize, peer: usize) -> PairContext {
            let pid = |i: usize| pid(&self.members[i].public());
            PairContext { room_id: self.room, epoch: self.epoch, me: pid(me), peer: pid(peer) }
        }

        fn start(
            &mut self,
            me: usize,
            peer: usize,
            counter: u64,
        ) -> Result<(Initiation, Vec<u8>), SessionError> {
            let context = self.context(me, peer);
            let public = self.members[peer].public();
            Initiation::start(context, &self.members[me], &public, &self.psk, counter, &mut self.rng)
        }

        fn respond(
            &mut self,
            me: usize,
            peer: usize,
            message: &[u8],
            last: Option<u64>,
        ) -> Result<(Session, u64, Vec<u8>), SessionError> {
            let context = self.context(me, peer);
            let public = self.members[peer].public();
            respond(context, &self.members[me], &public, &self.psk, message, last, &mut self.rng)
        }

        fn pair(&mut self, a: usize, b: usize) -> (Session, Session) {
            let (initiation, message) = self.start(a, b, 1).ok().unwrap();
            let (session, _, answer) = self.respond(b, a, &message, None).ok().unwrap();
            (initiation.finish(&answer).ok().unwrap(), session)
        }
    }

    #[test]
    fn two_members_understand_each_other() {
        let mut w = World::new();
        let (initiation, message) = w.start(0, 1, 5).ok().unwrap();
        let (mut b, counter, answer) = w.respond(1, 0, &message, Some(4)).ok().unwrap();
        let mut a = initiation.finish(&answer).ok().unwrap();
        assert_eq!(counter, 5);
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
    fn a_repeated_handshake_is_refused() {
        let mut w = World::new();
        let (_, message) = w.start(0, 1, 5).ok().unwrap();
        for last in [5, 6, u64::MAX] {
            assert_eq!(w.respond(1, 0, &message, Some(last)).err(), Some(SessionError::Replayed));
        }
    }

    #[test]
    fn only_the_smaller_pid_begins() {
        let mut w = World::new();
        assert_eq!(w.start(1, 0, 1).err(), Some(SessionError::Role));
        let (_, message) = w.start(0, 1, 1).ok().unwrap();
        assert_eq!(w.respond(0, 1, &message, None).err(), Some(SessionError::Role));
    }

    #[test]
    fn a_handshake_for_one_member_is_nothing_to_another() {
        let mut w = World::new();
        let (_, for_b) = w.start(0, 1, 1).ok().unwrap();
        assert_eq!(w.respond(2, 0, &for_b, None).err(), Some(SessionError::Refused));
        let (from_a, _) = w.start(0, 2, 1).ok().unwrap();
        let (_, from_b) = w.start(1, 2, 1).ok().unwrap();
        let (_, _, to_b) = w.respond(2, 1, &from_b, None).ok().unwrap();
        assert_eq!(from_a.finish(&to_b).err(), Some(SessionError::Refused));
    }

    #[test]
    fn another_room_epoch_secret_or_key_ends_the_handshake() {
        type Change = fn(&mut World);
        let changes: [Change; 3] = [
            |w| w.room = RoomId::new([2; 16]),
            |w| w.epoch = Epoch(4),
            |w| w.psk = RoomSecret::new(&[9; 32]).pair_psk(w.room, w.epoch),
        ];
        for change in changes {
            let mut w = World::new();
            let (_, message) = w.start(0, 1, 1).ok().unwrap();
            change(&mut w);
            assert_eq!(w.respond(1, 0, &message, None).err(), Some(SessionError::Refused));
        }
        let mut w = World::new();
        let (context, public) = (w.context(0, 1), w.members[2].public());
        let started = Initiation::start(context, &w.members[0], &public, &w.psk, 1, &mut w.rng);
        assert_eq!(started.err(), Some(SessionError::Refused));
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
        fn a_changed_or_cut_handshake_message_is_refused(at in any::<prop::sample::Index>(), flip in 1u8..) {
            let mut w = World::new();
            let (initiation, message) = w.start(0, 1, 1).ok().unwrap();
            let (_, _, answer) = w.respond(1, 0, &message, None).ok().unwrap();
            let flipped = |message: &[u8]| {
                let mut m = message.to_vec();
                m[at.index(message.len())] ^= flip;
                m
            };
            prop_assert!(w.respond(1, 0, &flipped(&message), None).is_err());
            prop_assert!(w.respond(1, 0, &message[..at.index(message.len())], None).is_err());
            prop_assert!(w.respond(1, 0, &[&message[..], &[flip]].concat(), None).is_err());
            prop_assert!(initiation.finish(&flipped(&answer)).is_err());
            let (initiation, _) = w.start(0, 1, 1).ok().unwrap();
            prop_assert!(initiation.finish(&answer[..at.index(answer.len())]).is_err());
        }

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
