//! The side of the member that answers the door.

use pushtalk_protocol::{Epoch, HostPublic, Nameplate, RoomId};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::aead::Aead;
use crate::cpace::Sent;
use crate::derive::draw;
use crate::door::{ADMISSION, DoorKeys, NONCE, begin, check, read, share};
use crate::{DoorError, Knock, RoomSecret, ServerIdentity};

/// A member that has answered a joiner and waits for its tag.
pub struct Responder {
    keys: DoorKeys,
}

impl Responder {
    /// Which password a first message is about, and whether a PIN goes with it, so that the right ones can be given to
    /// `start`, or a refusal instead.
    ///
    /// # Errors
    /// `Version` or `Malformed`.
    pub fn inspect(message: &[u8]) -> Result<Knock, DoorError> {
        First::read(message).map(|first| first.knock)
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
        let first = First::read(message)?;
        let nonce: [u8; 16] = **draw(rng);
        let share = share(rng, password, pin, nameplate, srv, &first.nonce);
        let theirs = Sent { share: &first.share, ad: &[first.knock.byte()] };
        let keys = DoorKeys::new(&share.finish_second(&first.nonce, theirs, &nonce)?);
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
        host_pub: &HostPublic,
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
        let tag: &[u8; 32] = &self.keys.tag_responder;
        let seal_tag = Aead::new(&self.keys.seal).seal(&NONCE, tag, &mut *admission);
        Ok(begin(4).raw(tag).raw(&*admission).raw(&seal_tag).finish())
    }
}

/// The first message, taken apart.
struct First {
    knock: Knock,
    nonce: [u8; 16],
    share: [u8; 32],
}

impl First {
    fn read(message: &[u8]) -> Result<Self, DoorError> {
        let mut r = read(message, 1)?;
        let knock = Knock::from_byte(r.u8()?)?;
        let first = Self { knock, nonce: r.array()?, share: r.array()? };
        r.end()?;
        Ok(first)
    }
}
