//! The words for everything that can go wrong.

use pushtalk_engine::face::ErrorCode;

/// Where the microphone is allowed differs.
const BLOCKED: &str = if cfg!(target_os = "windows") {
    "the system does not allow the microphone; allow it under Settings, Privacy & security, Microphone, desktop apps"
} else if cfg!(target_os = "macos") {
    "the system does not allow the microphone; allow the terminal under System Settings, Privacy & Security, Microphone"
} else {
    "the sound server does not allow the microphone; a sandbox (Flatpak, Snap) has to be allowed to record sound"
};

/// One sentence, with what belongs into it.
pub(crate) fn sentence(code: ErrorCode, about: Option<&str>) -> String {
    let words = match code {
        ErrorCode::NotAnInvitation => "this is neither a whole link nor a whole code",
        ErrorCode::ServerNeeded => "no room with this code was found on this network: add --server HOST:PORT",
        ErrorCode::BadKey => "this key cannot be bound",
        ErrorCode::NobodyToWhisperTo => {
            "nobody is there to hear the whisper; choose somebody: whisper-to ID on"
        }
        ErrorCode::BadServer => "the address of the server is not of the form HOST:PORT",
        ErrorCode::BadName => "a name has 1 to 32 visible characters",
        ErrorCode::WrongCode => "this code or link is wrong, or no longer holds",
        ErrorCode::OtherVersion => "another version of the protocol (theirs / ours)",
        ErrorCode::ServerFull => "the server is full; try again in a minute",
        ErrorCode::ServerUnready => {
            "the server does not reach the others it works with; try again in a moment"
        }
        ErrorCode::ServerUnreachable => "nobody answers at the server's address",
        ErrorCode::ServerKeptApart => {
            "nobody answers at the server's address, which is on this network: is it still open, does the network keep devices apart, or a firewall?"
        }
        ErrorCode::ServerOnOtherNetwork => "the server is on another network than this device",
        ErrorCode::WrongCertificate => "the server is not the one in the invitation: its certificate differs",
        ErrorCode::NotAvailable => "the server refused: the room is closed, full or locked",
        ErrorCode::NobodyAnswered => "nobody in the room answered",
        ErrorCode::ServerGone => "the server is gone; those inside talk on, nobody new can come in",
        ErrorCode::CannotHost => "cannot host on this machine",
        ErrorCode::NoMicrophone => "there is no microphone that works",
        ErrorCode::NoOutput => "there is no output that works",
        ErrorCode::MicrophoneBlocked => BLOCKED,
        ErrorCode::DeviceMissing => "there is no device of this name",
        ErrorCode::MicrophoneGone => "the microphone is gone, and there is no other",
        ErrorCode::MicrophoneGoneTalking => {
            "the microphone went away while you talked; the rest was not sent"
        }
        ErrorCode::MicrophoneReplaced => "the microphone is not there; another one is used",
        ErrorCode::MicrophoneSilent => "nothing comes from the microphone: it may be muted",
        ErrorCode::BluetoothMicrophone => {
            "a Bluetooth microphone lowers the sound quality of its headset while it is open; \
             choose another (--in), or open it only while talking (standby on)"
        }
        ErrorCode::OutputGone => "the output is gone, and there is no other",
        ErrorCode::OutputReplaced => "the output is not there; another one is used",
        ErrorCode::CannotConnect => "a member cannot be connected to; trying on",
        ErrorCode::CannotConnectSecurely => "a member cannot be connected to securely; nothing is sent to it",
        ErrorCode::RoomCloses => "the server closes the room in so many minutes; those inside talk on",
        ErrorCode::RoomClosed => "the room was closed",
        ErrorCode::CodeRetired => {
            "so many wrong codes were tried that this one is dead; ask the host for a new one"
        }
        ErrorCode::PinNeeded => "the room has a PIN: add --pin DIGITS",
        ErrorCode::PinUnneeded => "the room has no PIN: leave --pin out",
        ErrorCode::WrongPin => "code or PIN are wrong; tries that are left",
        ErrorCode::BadPin => "a PIN has 4 to 12 digits",
        ErrorCode::RoomLocked => "the room is locked: the host lets nobody in",
        ErrorCode::Removed => "the host has sent you away",
        ErrorCode::CodeGuessed => {
            "somebody tried so many wrong codes that the code is dead: make a new one (code)"
        }
        ErrorCode::HostChanged => "another member is the host now",
        ErrorCode::YouAreHost => "you are the host now",
        ErrorCode::NetworkMissing => "the network that rooms are to be hosted on is not there",
        ErrorCode::NowServing => {
            "the server of the room runs on this device now; invite by the link that is shown now"
        }
        ErrorCode::HostLost => "the host is gone; nobody can lock or remove until it is back",
        ErrorCode::EmojiDiffer => {
            "the emoji differ: somebody may be between; nothing is sent to this member any more"
        }
        ErrorCode::VerifyingEnded => "a member does not compare emoji now",
        ErrorCode::PreferencesUnreadable => "the stored preferences could not be read",
        ErrorCode::StartAtLoginFailed => "the system does not let this be changed: start at login",
        ErrorCode::PreferencesNotStored => "the preferences could not be stored",
    };
    match about {
        Some(about) => format!("{words}: {about}"),
        None => words.to_owned(),
    }
}
