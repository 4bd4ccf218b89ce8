//! How two members come to a session: the two messages of Noise KKpsk0, bound to room, epoch and both pids.
//!
//! Section 5 of the protocol. The messages are bare Noise; version and kind in front of them are the caller's.

use pushtalk_protocol::{Epoch, MemberPublic, Pid, RoomId, VERSION, Writer};
use rand::CryptoRng;
use snow::{Builder, HandshakeState};

use crate::aead::TAG;
use crate::derive::draw;
use crate::noise::Resolver;
use crate::{MemberKey, PairPsk, Session, SessionError, pid};

const NOISE: &str = "Noise_KKpsk0_25519_AESGCM_SHA512";
/// e, and the sealed counter.
const FIRST: usize = 32 + 8 + TAG;
/// e, and nothing sealed.
const SECOND: usize = 32 + TAG;

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

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::RoomSecret;

    /// Members in the order of their pids: the first begins with all others.
    pub(crate) struct World {
        rng: StdRng,
        room: RoomId,
        epoch: Epoch,
        psk: PairPsk,
        members: Vec<MemberKey>,
    }

    impl World {
        pub(crate) fn new() -> Self {
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

        pub(crate) fn pair(&mut self, a: usize, b: usize) -> (Session, Session) {
            let (initiation, message) = self.start(a, b, 1).ok().unwrap();
            let (session, _, answer) = self.respond(b, a, &message, None).ok().unwrap();
            (initiation.finish(&answer).ok().unwrap(), session)
        }
    }

    #[test]
    fn a_repeated_handshake_is_refused() {
        let mut w = World::new();
        let (_, message) = w.start(0, 1, 5).ok().unwrap();
        assert_eq!(w.respond(1, 0, &message, Some(4)).ok().unwrap().1, 5);
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
    }
}
