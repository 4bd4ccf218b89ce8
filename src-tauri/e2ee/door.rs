//! Coming in: four messages between a joiner and a member, by which a password becomes the room secret.
//!
//! Section 4 of the protocol. Each message is the version, its place in the order (1 to 5), then fields of fixed length:
//!
//! 1. kind(1) ‖ nJ(16) ‖ Ya(32); bit 4 of the kind says that a PIN goes into the password
//! 2. nR(16) ‖ Yb(32)
//! 3. tag_J(32)
//! 4. tag_R(32) ‖ AES-256-GCM(room_id(16) ‖ host_pub(32) ‖ e(4) ‖ RS_e(32))
//!
//! In place of 2 and 4 the member may send a refusal, message 5.
//! The joiner shows its tag first, so a responder is no oracle: who guesses learns one bit, and is counted.

use pushtalk_protocol::{Epoch, HostPublic, Nameplate, Reader, RoomId, VERSION, Writer};
use rand::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::cpace::{Isk, Share};
use crate::derive::{Prk, Secret};
use crate::{DoorError, DoorRefusal, RoomSecret, ServerIdentity};

/// room_id ‖ host_pub ‖ e ‖ RS_e.
pub(crate) const ADMISSION: usize = RoomId::LEN + HostPublic::LEN + 4 + 32;
/// The seal key seals once, so its nonce need not vary.
pub(crate) const NONCE: [u8; 12] = [0; 12];

/// Which of the two passwords of a room is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordKind {
    /// The one that is said aloud: 30 bits.
    Spoken,
    /// The one in links and QR codes: 128 bits.
    Link,
}

/// What a first message says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knock {
    /// Which password the joiner has.
    pub kind: PasswordKind,
    /// Whether it has a PIN too.
    pub pin: bool,
}

impl Knock {
    /// Set when there is a PIN.
    const PIN: u8 = 0x10;

    /// The first field of message 1. It is the joiner's associated data too, so nobody changes it on the way.
    pub(crate) const fn byte(self) -> u8 {
        let kind = match self.kind {
            PasswordKind::Spoken => 1,
            PasswordKind::Link => 2,
        };
        if self.pin { kind | Self::PIN } else { kind }
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, DoorError> {
        let kind = match byte & !Self::PIN {
            1 => PasswordKind::Spoken,
            2 => PasswordKind::Link,
            _ => return Err(DoorError::Malformed),
        };
        Ok(Self { kind, pin: byte & Self::PIN != 0 })
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

/// HKDF-Expand(HKDF-Extract("PushTalk1 door", ISK), label). The ISK covers both shares, both nonces and the kind.
pub(crate) struct DoorKeys {
    pub(crate) tag_joiner: Secret<32>,
    pub(crate) tag_responder: Secret<32>,
    pub(crate) seal: Secret<32>,
}

impl DoorKeys {
    pub(crate) fn new(isk: &Isk) -> Self {
        let prk = Prk::extract(b"PushTalk1 door", &**isk);
        Self {
            tag_joiner: prk.expand(&[b"tag J"]),
            tag_responder: prk.expand(&[b"tag R"]),
            seal: prk.expand(&[b"seal"]),
        }
    }
}

/// PRS = lv(password) ‖ lv(PIN or empty), CI = lv("PushTalk1 code") ‖ lv(nameplate) ‖ lv(srv).
pub(crate) fn share(
    rng: &mut impl CryptoRng,
    password: &[u8],
    pin: Option<&[u8]>,
    nameplate: &Nameplate,
    srv: &ServerIdentity,
    sid: &[u8; 16],
) -> Share {
    Share::new(rng, &prs(password, pin), &ci(nameplate, srv), sid)
}

fn prs(password: &[u8], pin: Option<&[u8]>) -> Zeroizing<Vec<u8>> {
    let pin = pin.unwrap_or_default();
    // Room for all of it at once: growing would leave copies behind.
    let mut prs = Zeroizing::new(Vec::with_capacity(4 + password.len() + pin.len()));
    for part in [password, pin] {
        prs.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        prs.extend_from_slice(part);
    }
    prs
}

fn ci(nameplate: &Nameplate, srv: &ServerIdentity) -> Vec<u8> {
    srv.write(Writer::new().lv(b"PushTalk1 code").lv(nameplate.as_str().as_bytes())).finish()
}

pub(crate) fn begin(place: u8) -> Writer {
    Writer::new().u8(VERSION).u8(place)
}

pub(crate) fn read(message: &[u8], place: u8) -> Result<Reader<'_>, DoorError> {
    let mut r = Reader::versioned(message)?;
    if r.u8()? == place { Ok(r) } else { Err(DoorError::Malformed) }
}

/// As `read`, for the joiner, who may be turned away instead.
pub(crate) fn read_or_refusal(message: &[u8], place: u8) -> Result<Reader<'_>, DoorError> {
    let mut r = Reader::versioned(message)?;
    match r.u8()? {
        DoorRefusal::PLACE => Err(DoorError::TurnedAway(DoorRefusal::read(r)?)),
        found if found == place => Ok(r),
        _ => Err(DoorError::Malformed),
    }
}

pub(crate) fn check(ours: &[u8; 32], theirs: &[u8; 32]) -> Result<(), DoorError> {
    if ours.ct_eq(theirs).into() { Ok(()) } else { Err(DoorError::WrongTag) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushtalk_protocol::CertificateHash;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::{HostKey, Joiner, Responder, room_id};

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
        let message = member.admit(&touched(3, message), &secret, room_id(&host), &host, Epoch(9))?;
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
    fn what_both_sides_must_agree_on_is_written_as_the_protocol_says() {
        assert_eq!(**prs(b"1QPXY2", None), b"\x00\x061QPXY2\x00\x00"[..]);
        assert_eq!(**prs(b"1QPXY2", Some(b"1234")), b"\x00\x061QPXY2\x00\x041234"[..]);
        let origin = ServerIdentity::Origin("https://a".into());
        let expected = b"\x00\x0ePushTalk1 code\x00\x03007\x00\x0a\x02https://a";
        assert_eq!(ci(&Nameplate::from_index(7), &origin), expected);
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
    fn the_member_learns_which_password_is_meant_and_whether_there_is_a_pin() {
        for (kind, pin, byte) in [
            (PasswordKind::Spoken, None, 0x01),
            (PasswordKind::Link, None, 0x02),
            (PasswordKind::Spoken, Some(&b"1234"[..]), 0x11),
            (PasswordKind::Link, Some(&b"1234"[..]), 0x12),
        ] {
            let rng = &mut StdRng::seed_from_u64(1);
            let Side { password, nameplate, srv, .. } = side();
            let (_, mut message) = Joiner::start(rng, kind, password, pin, &nameplate, &srv);
            assert_eq!(message[2], byte);
            assert_eq!(Responder::inspect(&message), Ok(Knock { kind, pin: pin.is_some() }));
            for unknown in [0, 3, 0x10, 0x13, 0x21, 0x81] {
                message[2] = unknown;
                assert_eq!(Responder::inspect(&message), Err(DoorError::Malformed));
            }
        }
        assert_eq!(Responder::inspect(&[]), Err(DoorError::Malformed));
    }

    #[test]
    fn who_is_turned_away_is_told_why_in_place_of_either_answer() {
        let reasons = [
            (DoorRefusal::Locked, [1, 0]),
            (DoorRefusal::CodeRetired, [2, 0]),
            (DoorRefusal::PinNeeded, [3, 0]),
            (DoorRefusal::PinUnneeded, [4, 0]),
            (DoorRefusal::Wrong { left: 4 }, [5, 4]),
        ];
        for (refusal, bytes) in reasons {
            let message = refusal.encode();
            assert_eq!(message, [&[VERSION, 5], &bytes[..]].concat());
            for place in [2, 4] {
                let result = run(&side(), &side(), |p, m| {
                    if p == place {
                        m.clone_from(&message)
                    }
                });
                assert_eq!(result.err(), Some(DoorError::TurnedAway(refusal)));
            }
            // A member turns nobody away because a joiner says so.
            for place in [1, 3] {
                let result = run(&side(), &side(), |p, m| {
                    if p == place {
                        m.clone_from(&message)
                    }
                });
                assert_eq!(result.err(), Some(DoorError::Malformed));
            }
        }
    }

    #[test]
    fn a_refusal_that_is_not_written_as_the_protocol_says_is_malformed() {
        for message in [
            &[VERSION, 5][..],
            &[VERSION, 5, 1],
            &[VERSION, 5, 1, 1],
            &[VERSION, 5, 4, 9],
            &[VERSION, 5, 0, 0],
            &[VERSION, 5, 6, 0],
            &[VERSION, 5, 5, 4, 0],
        ] {
            let result = run(&side(), &side(), |p, m| {
                if p == 2 {
                    m.clone_from(&message.to_vec())
                }
            });
            assert_eq!(result.err(), Some(DoorError::Malformed), "{message:?}");
        }
        let result = run(&side(), &side(), |p, m| {
            if p == 2 {
                m.clone_from(&vec![2, 5, 1, 0])
            }
        });
        assert_eq!(result.err(), Some(DoorError::Version { theirs: 2 }));
    }

    #[test]
    fn the_flag_of_the_pin_cannot_be_changed_on_the_way() {
        // With and without a PIN: who changes the flag spoils the joiner's tag, as with any other change.
        for pin in [None, Some(&b"1234"[..])] {
            let side = Side { pin, ..side() };
            let result = run(&side, &side, |place, message| {
                if place == 1 {
                    message[2] ^= 0x10
                }
            });
            assert_eq!(result.err(), Some(DoorError::WrongTag));
        }
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
        let message = member.admit(&message, &secret, RoomId::new([1; 16]), &host, Epoch(0)).unwrap();
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
