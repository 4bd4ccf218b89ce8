//! Checked when this is compiled: no secret can be copied, printed, or put into a text or a view.

use std::fmt::{Debug, Display};

use aes_gcm::Aes256Gcm;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::SigningKey;
use pushtalk_protocol::{LinkPassword, Pin, SecretBytes, SpokenPassword};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha512;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::aead::Aead;
use crate::cpace::Share;
use crate::derive::Prk;
use crate::door::DoorKeys;
use crate::sframe::{BaseKey, FrameKey};
use crate::*;

/// Compiles only for types that do not have the trait: with it, two implementations of `Ambiguous` apply and the compiler
/// cannot choose.
macro_rules! has_not {
    ($trait:path, [$($secret:ty),+ $(,)?]) => {
        $(const _: fn() = || {
            trait Ambiguous<Reason> {
                fn chosen() {}
            }
            struct Nothing;
            struct HasIt;
            impl<T: ?Sized> Ambiguous<Nothing> for T {}
            impl<T: $trait + ?Sized> Ambiguous<HasIt> for T {}
            let _ = <$secret as Ambiguous<_>>::chosen;
        };)+
    };
}

macro_rules! has_none_of {
    ([$($trait:path),+ $(,)?], $secrets:tt) => { $(has_not!($trait, $secrets);)+ };
}

has_none_of!(
    [Clone, Debug, Display, Serialize, DeserializeOwned, AsRef<[u8]>],
    [
        HostKey,
        MemberKey,
        JoinKey,
        SeatKey,
        RoomSecret,
        PairPsk,
        MediaKey,
        SealKey,
        OpenKey,
        OpenKeys,
        Session,
        Initiation,
        Joiner,
        JoinerProved,
        Responder,
        Admission,
        Opened,
        SasCommitter,
        SasResponder,
        // Within this crate.
        Aead,
        BaseKey,
        DoorKeys,
        FrameKey,
        Prk,
        Share,
        // On their way through a message, or from the keyboard.
        SecretBytes<32>,
        Pin,
        LinkPassword,
        SpokenPassword,
    ]
);

// Shown to two people, so it may be copied to a view; never to a log.
has_none_of!([Debug, Display, Serialize, DeserializeOwned], [SasCode]);

// What all of the above is made of is wiped when it is dropped. A feature of another crate that is turned off is
// noticed here.
const fn is_wiped<T: ZeroizeOnDrop>() {}
const _: () = {
    is_wiped::<Zeroizing<[u8; 32]>>();
    is_wiped::<Zeroizing<[u8; 64]>>();
    is_wiped::<Zeroizing<Scalar>>();
    is_wiped::<SigningKey>();
    is_wiped::<Aes256Gcm>();
    // HKDF keeps two states of this hash, and whoever has them has the key.
    is_wiped::<Sha512>();
};

// They go from the control loop to the threads of the sound.
const fn is_send<T: Send>() {}
const _: () = {
    is_send::<SealKey>();
    is_send::<OpenKey>();
    is_send::<OpenKeys>();
    is_send::<Session>();
    is_send::<Initiation>();
    is_send::<Joiner>();
    is_send::<JoinerProved>();
    is_send::<Responder>();
    is_send::<SasCommitter>();
    is_send::<SasResponder>();
};
