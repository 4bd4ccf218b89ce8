//! Coming in: four messages between a joiner and a member, by which a password becomes the room secret.
//!
//! Section 4 of the protocol. Each message is the version, its place in the order (1 to 4), then fields of fixed length:
//!
//! 1. kind(1) ‖ nJ(16) ‖ Ya(32)
//! 2. nR(16) ‖ Yb(32)
//! 3. tag_J(32)
//! 4. tag_R(32) ‖ AES-256-GCM(room_id(16) ‖ host_pub(32) ‖ e(4) ‖ RS_e(32))
//!
//! The joiner shows its tag first, so a responder is no oracle: who guesses learns one bit, and is counted.

use pushtalk_protocol::{Epoch, HostPublic, Nameplate, Reader, RoomId, VERSION, Writer};
use rand::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::aead::{Aead, TAG};
use crate::cpace::{Isk, Sent, Share};
use crate::derive::{Prk, draw};
use crate::{DoorError, RoomSecret, ServerIdentity, room_id};

/// room_id ‖ host_pub ‖ e ‖ RS_e.
const ADMISSION: usize = RoomId::LEN + HostPublic::LEN + 4 + 32;
/// The seal key seals once, so its nonce need not vary.
const NONCE: [u8; 12] = [0; 12];

/// Which of the two passwords of a room is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordKind {
    /// The one that is said aloud: 30 bits.
    Spoken,
    /// The one in links and QR codes: 128 bits.
    Link,
}

impl PasswordKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Spoken => 1,
            Self::Link => 2,
        }
    }
}

/// What a joiner is given.
pub struct Admission {
    /// The room; it is that of `host_pub`.
    pub room_id: RoomId,
    /// Who the host is.
    pub host_pub: HostPublic,
    /// The epoch.
    pub epoch: Epoch,
    /// The secret of that epoch.
    pub secret: RoomSecret,
}

/// A joiner that has knocked.
pub struct Joiner {
    kind: PasswordKind,
    nonce: [u8; 16],
    share: Share,
}

impl Joiner {
    /// Knocks: gives the first message.
    pub fn start(
        rng: &mut impl CryptoRng,
        kind: PasswordKind,
        password: &[u8],
        pin: Option<&[u8]>,
        nameplate: &Nameplate,
        srv: &ServerIdentity,
    ) -> (Self, Vec<u8>) {
        let nonce: [u8; 16] = *draw(rng);
        let share = share(rng, password, pin, nameplate, srv, &nonce);
        let message = begin(1).u8(kind.byte()).raw(&nonce).raw(share.public()).finish();
        (Self { kind, nonce, share }, message)
    }

    /// Takes the second message and gives the third, which proves that we know the password.
    ///
    /// # Errors
    /// `Version`, `Malformed`, or `Refused` for a bad point.
    pub fn answer(self, message: &[u8]) -> Result<(JoinerProved, Vec<u8>), DoorError> {
        let mut r = read(message, 2)?;
        let (nonce, theirs): ([u8; 16], _) = (r.array()?, r.array()?);
        r.end()?;
        let theirs = Sent { share: &theirs, ad: &nonce };
        let keys = DoorKeys::new(&self.share.finish_first(&self.nonce, &[self.kind.byte()], theirs)?);
        let message = begin(3).raw(&*keys.tag_joiner).finish();
        Ok((JoinerProved { keys }, message))
    }
}

/// A joiner that has shown its tag.
pub struct JoinerProved {
    keys: DoorKeys,
}

impl JoinerProved {
    /// Takes the fourth message: the other side proves that it knows the password too, and lets us in.
    ///
    /// # Errors
    /// `Version`, `Malformed`, `WrongTag`, or `Refused` when the sealed part is not authentic or names a room that is
    /// not its host's.
    pub fn finish(self, message: &[u8]) -> Result<Admission, DoorError> {
        let mut r = read(message, 4)?;
        let tag: [u8; 32] = r.array()?;
        let mut sealed = Zeroizing::new(r.array::<ADMISSION>()?);
        let seal_tag: [u8; TAG] = r.array()?;
        r.end()?;
        check(&self.keys.tag_responder, &tag)?;
        Aead::new(&self.keys.seal).open(&NONCE, &tag, &mut *sealed, &seal_tag)?;
        let mut r = Reader::new(&*sealed);
        let (room, host_pub) = (RoomId::new(r.array()?), HostPublic::new(r.array()?));
        let (epoch, secret) = (Epoch(r.u32()?), Zeroizing::new(r.array()?));
        if room != room_id(&host_pub) {
            return Err(DoorError::Refused);
        }
        Ok(Admission { room_id: room, host_pub, epoch, secret: RoomSecret::new(&secret) })
    }
}

/// A member that has answered a joiner and waits for its tag.
pub struct Responder {
    keys: DoorKeys,
}

impl Responder {
    /// Which password a first message is about, so that the right one can be given to `start`.
    ///
    /// # Errors
    /// `Version` or `Malformed`.
    pub fn kind(message: &[u8]) -> Result<PasswordKind, DoorError> {
        Knock::read(message).map(|knock| knock.kind)
    }

    /// Takes the first message and gives the second.
    ///
    /// # Errors
    /// `Version`, `Malformed`, or `Refused` for a bad point.
    pub fn start(
        rng: &mut impl CryptoRng,
        message: &[u8],
        password: &[u8],
        pin: Option<&[u8]>,
        nameplate: &Nameplate,
        srv: &ServerIdentity,
    ) -> Result<(Self, Vec<u8>), DoorError> {
        let knock = Knock::read(message)?;
        let nonce: [u8; 16] = *draw(rng);
        let share = share(rng, password, pin, nameplate, srv, &knock.nonce);
        let theirs = Sent { share: &knock.share, ad: &[knock.kind.byte()] };
        let keys = DoorKeys::new(&share.finish_second(&knock.nonce, theirs, &nonce)?);
        Ok((Self { keys }, begin(2).raw(&nonce).raw(share.public()).finish()))
    }

    /// Takes the third message and gives the fourth, which lets the joiner in. One guess: right or wrong, this run ends.
    ///
    /// # Errors
    /// `WrongTag` for a wrong guess, which the caller counts; `Version` or `Malformed`.
    pub fn admit(
        self,
        message: &[u8],
        secret: &RoomSecret,
        room_id: RoomId,
        host_pub: HostPublic,
        epoch: Epoch,
    ) -> Result<Vec<u8>, DoorError> {
        let mut r = read(message, 3)?;
        let tag: [u8; 32] = r.array()?;
        r.end()?;
        check(&self.keys.tag_joiner, &tag)?;
        let mut admission = Zeroizing::new([0; ADMISSION]);
        let parts = [room_id.as_bytes(), &host_pub.as_bytes()[..], &epoch.0.to_be_bytes(), secret.expose()];
        let mut rest = &mut admission[..];
        for part in parts {
            let (head, tail) = rest.split_at_mut(part.len());
            head.copy_from_slice(part);
            rest = tail;
        }
        let tag = &self.keys.tag_responder;
        let seal_tag = Aead::new(&self.keys.seal).seal(&NONCE, &**tag, &mut *admission);
        Ok(begin(4).raw(&**tag).raw(&*admission).raw(&seal_tag).finish())
    }
}

/// The first message, taken apart.
struct Knock {
    kind: PasswordKind,
    nonce: [u8; 16],
    share: [u8; 32],
}

impl Knock {
    fn read(message: &[u8]) -> Result<Self, DoorError> {
        let mut r = read(message, 1)?;
        let kind = match r.u8()? {
            1 => PasswordKind::Spoken,
            2 => PasswordKind::Link,
            _ => return Err(DoorError::Malformed),
        };
        let knock = Self { kind, nonce: r.array()?, share: r.array()? };
        r.end()?;
        Ok(knock)
    }
}

/// HKDF-Expand(HKDF-Extract("PushTalk1 door", ISK), label). The ISK covers both shares, both nonces and the kind.
struct DoorKeys {
    tag_joiner: Zeroizing<[u8; 32]>,
    tag_responder: Zeroizing<[u8; 32]>,
    seal: Zeroizing<[u8; 32]>,
}

impl DoorKeys {
    fn new(isk: &Isk) -> Self {
        let prk = Prk::extract(b"PushTalk1 door", &**isk);
        Self {
            tag_joiner: prk.expand(&[b"tag J"]),
            tag_responder: prk.expand(&[b"tag R"]),
            seal: prk.expand(&[b"seal"]),
        }
    }
}

/// PRS = lv(password) ‖ lv(PIN or empty), CI = lv("PushTalk1 code") ‖ lv(nameplate) ‖ lv(srv).
fn share(
    rng: &mut impl CryptoRng,
    password: &[u8],
    pin: Option<&[u8]>,
    nameplate: &Nameplate,
    srv: &ServerIdentity,
    sid: &[u8; 16],
) -> Share {
    let prs = Zeroizing::new(Writer::new().lv(password).lv(pin.unwrap_or_default()).finish());
    let ci = srv.write(Writer::new().lv(b"PushTalk1 code").lv(nameplate.as_str().as_bytes())).finish();
    Share::new(rng, &prs, &ci, sid)
}

fn begin(place: u8) -> Writer {
    Writer::new().u8(VERSION).u8(place)
}

fn read(message: &[u8], place: u8) -> Result<Reader<'_>, DoorError> {
    let mut r = Reader::versioned(message)?;
    if r.u8()? == place { Ok(r) } else { Err(DoorError::Malformed) }
}

fn check(ours: &[u8; 32], theirs: &[u8; 32]) -> Result<(), DoorError> {
    if ours.ct_eq(theirs).into() { Ok(()) } else { Err(DoorError::WrongTag) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushtalk_protocol::CertificateHash;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::HostKey;

    #[derive(Clone)]
    struct Side {
        kind: PasswordKind,
        password: &'static [u8],
        pin: Option<&'static [u8]>,
        nameplate: Nameplate,
        srv: ServerIdentity,
    }

    fn side() -> Side {
        Side {
            kind: PasswordKind::Spoken,
            password: b"1QPXY2",
            pin: None,
            nameplate: Nameplate::from_index(7),
            srv: ServerIdentity::Certificate(CertificateHash::new([5; 32])),
        }
    }

    /// Runs the door; `tamper` may change each message, which it is given by its place.
    fn run(joiner: &Side, member: &Side, tamper: impl Fn(u8, &mut Vec<u8>)) -> Result<Admission, DoorError> {
        let rng = &mut StdRng::seed_from_u64(3);
        let host = HostKey::generate(rng).public();
        let secret = RoomSecret::new(&[42; 32]);
        let touched = |place, mut message: Vec<u8>| {
            assert_eq!(message[..2], [VERSION, place]);
            assert!(message.len() <= 512);
            tamper(place, &mut message);
            message
        };
        let Side { kind, password, pin, nameplate, srv } = joiner;
        let (joiner, message) = Joiner::start(rng, *kind, password, *pin, nameplate, srv);
        let message = touched(1, message);
        let Side { password, pin, nameplate, srv, .. } = member;
        let (member, message) = Responder::start(rng, &message, password, *pin, nameplate, srv)?;
        let (joiner, message) = joiner.answer(&touched(2, message))?;
        let message = member.admit(&touched(3, message), &secret, room_id(&host), host, Epoch(9))?;
        joiner.finish(&touched(4, message))
    }

    #[test]
    fn who_knows_the_password_is_let_in() {
        for pin in [None, Some(&b"1234"[..])] {
            let side = Side { pin, ..side() };
            let admission = run(&side, &side, |_, _| {}).ok().unwrap();
            assert_eq!(admission.room_id, room_id(&admission.host_pub));
            assert_eq!(admission.epoch, Epoch(9));
            assert_eq!(*admission.secret.expose(), [42; 32]);
        }
    }

    #[test]
    fn a_wrong_guess_is_told_to_the_member_and_to_nobody_else() {
        let right = side();
        let wrong = [
            Side { password: b"1QPXY3", ..side() },
            Side { pin: Some(b"1234"), ..side() },
            Side { password: b"1QPXY", pin: Some(b"2"), ..side() },
            Side { nameplate: Nameplate::from_index(8), ..side() },
            Side { srv: ServerIdentity::Certificate(CertificateHash::new([6; 32])), ..side() },
            Side { srv: ServerIdentity::Origin("https://talk.example".into()), ..side() },
        ];
        for wrong in wrong {
            // The only error comes from `admit`, which gives no bytes: the joiner hears nothing back.
            assert_eq!(run(&wrong, &right, |_, _| {}).err(), Some(DoorError::WrongTag));
        }
    }

    #[test]
    fn the_member_learns_which_password_is_meant() {
        for kind in [PasswordKind::Spoken, PasswordKind::Link] {
            let rng = &mut StdRng::seed_from_u64(1);
            let Side { password, nameplate, srv, .. } = side();
            let (_, message) = Joiner::start(rng, kind, password, None, &nameplate, &srv);
            assert_eq!(Responder::kind(&message), Ok(kind));
        }
        assert_eq!(Responder::kind(&[]), Err(DoorError::Malformed));
    }

    #[test]
    fn another_version_is_named() {
        for place in 1..=4 {
            let result = run(&side(), &side(), |p, m| {
                if p == place {
                    m[0] = 2
                }
            });
            assert_eq!(result.err(), Some(DoorError::Version { theirs: 2 }));
        }
    }

    #[test]
    fn a_member_that_guesses_lets_nobody_in() {
        let result = run(&side(), &side(), |place, message| {
            if place == 4 {
                message[2] ^= 1
            }
        });
        assert_eq!(result.err(), Some(DoorError::WrongTag));
    }

    #[test]
    fn a_room_that_is_not_its_hosts_is_refused() {
        let rng = &mut StdRng::seed_from_u64(3);
        let Side { kind, password, nameplate, srv, .. } = side();
        let (joiner, message) = Joiner::start(rng, kind, password, None, &nameplate, &srv);
        let (member, message) =
            Responder::start(rng, &message, password, None, &nameplate, &srv).ok().unwrap();
        let (joiner, message) = joiner.answer(&message).ok().unwrap();
        let host = HostKey::generate(rng).public();
        let secret = RoomSecret::generate(rng);
        let message = member.admit(&message, &secret, RoomId::new([1; 16]), host, Epoch(0)).unwrap();
        assert_eq!(joiner.finish(&message).err(), Some(DoorError::Refused));
    }

    #[test]
    fn a_neutral_point_is_refused() {
        let neutral = |message: &mut Vec<u8>| {
            let start = message.len() - 32;
            message[start..].fill(0);
        };
        for place in [1, 2] {
            let result = run(&side(), &side(), |p, m| {
                if p == place {
                    neutral(m)
                }
            });
            assert_eq!(result.err(), Some(DoorError::Refused));
        }
    }

    proptest! {
        #[test]
        fn a_changed_cut_or_lengthened_message_lets_nobody_in(place in 1u8..=4, at in any::<prop::sample::Index>(), flip in 1u8..) {
            let flipped = run(&side(), &side(), |p, m| if p == place { let i = at.index(m.len()); m[i] ^= flip });
            prop_assert!(flipped.is_err());
            let cut = run(&side(), &side(), |p, m| if p == place { m.truncate(at.index(m.len())) });
            prop_assert!(matches!(cut.err(), Some(DoorError::Malformed)));
            let longer = run(&side(), &side(), |p, m| if p == place { m.push(flip) });
            prop_assert!(matches!(longer.err(), Some(DoorError::Malformed)));
        }

        #[test]
        fn any_bytes_at_the_door_end_in_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), place in 1u8..=4) {
            let framed = [&[VERSION, place], &bytes[..]].concat();
            for message in [bytes, framed] {
                let result = run(&side(), &side(), |p, m| if p == place { m.clone_from(&message) });
                prop_assert!(result.is_err());
            }
        }
    }
}
