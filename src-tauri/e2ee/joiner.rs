//! The joiner's side of the door.

use pushtalk_protocol::{Epoch, HostPublic, Nameplate, Reader, RoomId};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::aead::{Aead, TAG};
use crate::cpace::{Sent, Share};
use crate::derive::draw;
use crate::door::{ADMISSION, DoorKeys, NONCE, begin, check, read_or_refusal, share};
use crate::{Admission, DoorError, Knock, PasswordKind, RoomSecret, ServerIdentity, room_id};

/// A joiner that has knocked.
pub struct Joiner {
    knock: Knock,
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
        let nonce: [u8; 16] = **draw(rng);
        let share = share(rng, password, pin, nameplate, srv, &nonce);
        let knock = Knock { kind, pin: pin.is_some() };
        let message = begin(1).u8(knock.byte()).raw(&nonce).raw(share.public()).finish();
        (Self { knock, nonce, share }, message)
    }

    /// Takes the second message and gives the third, which proves that we know the password.
    ///
    /// # Errors
    /// `TurnedAway`, `Version`, `Malformed`, or `Refused` for a bad point.
    pub fn answer(self, message: &[u8]) -> Result<(JoinerProved, Vec<u8>), DoorError> {
        let mut r = read_or_refusal(message, 2)?;
        let (nonce, theirs): ([u8; 16], _) = (r.array()?, r.array()?);
        r.end()?;
        let theirs = Sent { share: &theirs, ad: &nonce };
        let keys = DoorKeys::new(&self.share.finish_first(&self.nonce, &[self.knock.byte()], theirs)?);
        let message = begin(3).raw(&**keys.tag_joiner).finish();
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
    /// `TurnedAway`, `Version`, `Malformed`, `WrongTag`, or `Refused` when the sealed part is not authentic or names a room that is
    /// not its host's.
    pub fn finish(self, message: &[u8]) -> Result<Admission, DoorError> {
        let mut r = read_or_refusal(message, 4)?;
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
