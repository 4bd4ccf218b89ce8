//! What is done to anything that comes from outside: any bytes end in a value or an error, and a value reads back.
//!
//! Each probe is a plain function of bytes. The fuzzers in `fuzz/` call them with what they invent, and a scenario with
//! what is kept in `corpus/`.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_e2ee::{FrameError, FrameId, OpenKey, OpenKeys, SealKey, VoicePlaintext};
use pushtalk_protocol::{Ctl, Invitation, RoomCode, SecretBytes, ServerAddress, SignedStatement};

/// Bytes of one member's session, after they were opened.
pub fn ctl(data: &[u8]) {
    if let Ok(message) = Ctl::decode(data) {
        assert!(message.encode() == data, "there is one way to write {message:?}");
    }
}

/// What claims to be signed by the host.
pub fn statement(data: &[u8]) {
    if let Ok(signed) = SignedStatement::decode(data) {
        assert!(signed.encode() == data, "there is one way to write a statement");
        assert!(signed.statement.removed.iter().all(|pid| !signed.statement.roster.contains(pid)));
    }
}

/// What somebody types or pastes.
pub fn invitation(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(invitation) = Invitation::parse(text) {
        let link = invitation.link();
        assert!(Invitation::parse(&link).is_ok_and(|again| again.link() == link));
        assert!(Invitation::looks_like_one(&link) && RoomCode::parse(&link).is_err());
        // What is shown before joining is what will be contacted.
        invitation.servers.iter().for_each(is_shown_as_it_is);
    }
    if let Ok(code) = RoomCode::parse(text) {
        let spelled = code.spelled();
        assert!(RoomCode::parse(&spelled).is_ok_and(|again| again.spelled() == spelled));
    }
    if let Ok(address) = text.parse::<ServerAddress>() {
        is_shown_as_it_is(&address);
    }
}

fn is_shown_as_it_is(address: &ServerAddress) {
    let shown = address.to_string();
    assert!(shown.parse().as_ref() == Ok(address), "{shown}");
}

/// Takes a program of single bytes apart; what is missing at its end is zero.
pub(crate) struct Tape<'a>(pub(crate) &'a [u8]);

impl<'a> Tape<'a> {
    /// The next step, while there is one.
    pub(crate) fn step(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn number<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.step().unwrap_or(0))
    }

    /// A length in one byte, and so many bytes or what is left.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.step().unwrap_or(0)).min(self.0.len());
        let (head, tail) = self.0.split_at(length);
        self.0 = tail;
        head
    }
}

/// A frame that was sealed, with all that must come out of it.
struct Sent {
    bytes: Vec<u8>,
    id: FrameId,
    plaintext: Vec<u8>,
}

/// One talker and one listener: frames are delivered, changed, invented and delivered again, in any order, and the talker
/// has a new spurt or a new generation now and then.
pub fn frame(data: &[u8]) {
    let key = || SecretBytes::new([7; 32]).into();
    let mut talker = SealKey::new(key(), 3);
    let mut listener = OpenKeys::new(OpenKey::new(key(), 3));
    let mut out = [0; 256];
    let mut sent: Vec<Sent> = Vec::new();
    let mut heard = BTreeSet::new();
    let mut now = Duration::ZERO;
    let mut tape = Tape(data);
    while let Some(step) = tape.step() {
        let chosen = usize::from(tape.step().unwrap_or(0)) % sent.len().max(1);
        match step % 8 {
            0 => drop(talker.next_spurt()),
            1 => {
                let plaintext = tape.bytes().to_vec();
                if let Ok(sealed) = talker.seal(&plaintext) {
                    let bytes = sealed.as_bytes().to_vec();
                    let id = FrameId::read(&bytes);
                    let own = (talker.generation(), talker.step());
                    assert!(id.is_ok_and(|id| (id.generation, id.step) == own));
                    sent.extend(id.map(|id| Sent { bytes, id, plaintext }));
                }
            }
            2 => now += Duration::from_millis(u64::from(u16::from_be_bytes(tape.number()))),
            3 => {
                let Some(frame) = sent.get(chosen) else { continue };
                match listener.open_into(now, &frame.bytes, &mut out) {
                    Ok((id, length)) => {
                        assert!(id == frame.id && out[..length] == frame.plaintext);
                        let number = (id.generation, id.step, id.counter);
                        assert!(heard.insert(number), "a frame is opened once");
                    }
                    Err(error) => assert!(
                        matches!(
                            error,
                            FrameError::Replayed
                                | FrameError::Passed
                                | FrameError::TooFar
                                | FrameError::Generation
                        ),
                        "an honest frame is {error}"
                    ),
                }
            }
            4 => {
                let Some(frame) = sent.get(chosen) else { continue };
                let [at, flip] = tape.number();
                let mut changed = frame.bytes.clone();
                let at = usize::from(at) % changed.len();
                changed[at] ^= flip.max(1);
                assert!(listener.open_into(now, &changed, &mut out).is_err(), "a changed frame is refused");
            }
            5 => {
                let next = talker.generation() + 1 + u32::from(tape.step().unwrap_or(0));
                talker = SealKey::new(key(), next);
                assert!(listener.add(now, OpenKey::new(key(), next)).is_ok());
                assert!(listener.add(now, OpenKey::new(key(), next)).is_err(), "generations rise");
            }
            6 => {
                listener.expire(now);
                assert!(listener.expires_at().is_none_or(|at| at > now), "what is over is wiped");
            }
            _ => {
                let invented = tape.bytes();
                assert!(listener.open_into(now, invented, &mut out).is_err(), "nobody without the key seals");
                if let Ok(voice) = VoicePlaintext::decode(invented) {
                    assert!(voice.encode(&mut [0; 256]).is_some_and(|again| again == invented));
                }
            }
        }
    }
}
