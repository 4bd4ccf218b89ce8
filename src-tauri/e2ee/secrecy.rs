//! Checked when this is compiled: no secret can be copied or printed.

use std::fmt::{Debug, Display};

use crate::*;

/// Compiles only for types that have none of the four traits: with one of them, two implementations of `Ambiguous` apply
/// and the compiler cannot choose.
macro_rules! cannot_be_copied_or_printed {
    ($($secret:ty),+ $(,)?) => {
        $(const _: fn() = || {
            trait Ambiguous<Reason> {
                fn chosen() {}
            }
            struct Nothing;
            struct Copied;
            struct Debugged;
            struct Displayed;
            struct Seen;
            impl<T: ?Sized> Ambiguous<Nothing> for T {}
            impl<T: ?Sized + Clone> Ambiguous<Copied> for T {}
            impl<T: ?Sized + Debug> Ambiguous<Debugged> for T {}
            impl<T: ?Sized + Display> Ambiguous<Displayed> for T {}
            impl<T: ?Sized + AsRef<[u8]>> Ambiguous<Seen> for T {}
            let _ = <$secret as Ambiguous<_>>::chosen;
        };)+
    };
}

cannot_be_copied_or_printed!(
    HostKey,
    MemberKey,
    JoinKey,
    SeatKey,
    RoomSecret,
    PairPsk,
    MediaKey,
    SealKey,
    OpenKey,
    Session,
    Initiation,
    Joiner,
    JoinerProved,
    Responder,
    Admission,
    Opened,
);

// They go from the control loop to the threads of the sound.
const fn is_send<T: Send>() {}
const _: () = {
    is_send::<SealKey>();
    is_send::<OpenKey>();
    is_send::<Session>();
    is_send::<Initiation>();
    is_send::<Joiner>();
    is_send::<JoinerProved>();
    is_send::<Responder>();
};
