//! What goes wrong with devices, when they are opened and while they run.

use cpal::ErrorKind;

use crate::roster::Direction;

/// Why a device could not be opened or listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// No name was asked for and the system has no microphone.
    #[error("there is no microphone")]
    NoMicrophone,
    /// No name was asked for and the system has no loudspeaker.
    #[error("there is no loudspeaker")]
    NoOutput,
    /// No device of this direction has this name (or more than one has, when it is a description).
    #[error("there is no device called {name:?}")]
    NotFound {
        /// As asked for.
        name: String,
    },
    /// The system does not let this program use the device.
    #[error("the system does not allow the use of the device")]
    PermissionDenied,
    /// Something else uses it, or it did not answer in time; trying again may help.
    #[error("the device is in use or does not answer")]
    Busy,
    /// The sound interface that was asked for is not here: not built for this system, or its server is not running.
    #[error("the sound interface is not available: {what}")]
    NoHost {
        /// In the words of the system.
        what: String,
    },
    /// The device cannot do anything of what this program can use.
    #[error("the device cannot be used: {what}")]
    Unsupported {
        /// In the words of the system.
        what: String,
    },
    /// Anything else, in the words of the system.
    #[error("the sound system failed: {0}")]
    Backend(String),
}

impl From<pushtalk_audio::AudioError> for DeviceError {
    fn from(error: pushtalk_audio::AudioError) -> Self {
        Self::Unsupported { what: error.to_string() }
    }
}

impl DeviceError {
    /// `named`: the name that was asked for, none for the system's default.
    pub(crate) fn of(error: &cpal::Error, direction: Direction, named: Option<&str>) -> Self {
        match error.kind() {
            ErrorKind::PermissionDenied => Self::PermissionDenied,
            ErrorKind::DeviceBusy => Self::Busy,
            ErrorKind::DeviceNotAvailable => Self::missing(direction, named),
            ErrorKind::HostUnavailable => Self::NoHost { what: error.to_string() },
            ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation | ErrorKind::InvalidInput => {
                Self::Unsupported { what: error.to_string() }
            }
            // `ErrorKind` may grow.
            _ => Self::Backend(error.to_string()),
        }
    }

    pub(crate) fn missing(direction: Direction, named: Option<&str>) -> Self {
        match (named, direction) {
            (Some(name), _) => Self::NotFound { name: name.to_owned() },
            (None, Direction::Input) => Self::NoMicrophone,
            (None, Direction::Output) => Self::NoOutput,
        }
    }
}

/// What happens to a stream while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// The system moved the stream to another device by itself: go on.
    Changed,
    /// The stream is dead, the device may live: drop the value and open anew.
    Invalidated,
    /// The device or the sound server is gone: drop the value, try the default device, tell the user.
    Gone,
    /// The system took the right to use the device away: drop the value, tell the user.
    PermissionDenied,
    /// Samples were lost or silence was put in between: counted by the stream, not told.
    Xrun,
    /// Anything else; the stream goes on as far as is known.
    Other,
}

impl StreamEvent {
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::DeviceChanged => Self::Changed,
            ErrorKind::StreamInvalidated => Self::Invalidated,
            // A sound server that dies takes all its devices along.
            ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => Self::Gone,
            ErrorKind::PermissionDenied => Self::PermissionDenied,
            ErrorKind::Xrun => Self::Xrun,
            // Real-time priority refused, and what cpal could not name: both leave the stream as it is.
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(kind: ErrorKind, named: Option<&str>) -> DeviceError {
        DeviceError::of(&cpal::Error::with_message(kind, "words"), Direction::Input, named)
    }

    #[test]
    fn a_device_that_is_not_there_is_told_by_what_was_asked_for() {
        assert_eq!(
            opened(ErrorKind::DeviceNotAvailable, Some("mic")),
            DeviceError::NotFound { name: "mic".into() }
        );
        assert_eq!(opened(ErrorKind::DeviceNotAvailable, None), DeviceError::NoMicrophone);
        assert_eq!(DeviceError::missing(Direction::Output, None), DeviceError::NoOutput);
    }

    #[test]
    fn every_kind_of_failure_to_open_has_its_error() {
        assert_eq!(opened(ErrorKind::PermissionDenied, None), DeviceError::PermissionDenied);
        assert_eq!(opened(ErrorKind::DeviceBusy, Some("mic")), DeviceError::Busy);
        assert_eq!(opened(ErrorKind::HostUnavailable, None), DeviceError::NoHost { what: "words".into() });
        assert_eq!(
            opened(ErrorKind::UnsupportedConfig, None),
            DeviceError::Unsupported { what: "words".into() }
        );
        assert_eq!(opened(ErrorKind::BackendError, None), DeviceError::Backend("words".into()));
        assert_eq!(opened(ErrorKind::ResourceExhausted, None), DeviceError::Backend("words".into()));
    }

    #[test]
    fn a_stream_that_fails_says_whether_to_go_on_rebuild_or_give_up() {
        for (kind, event) in [
            (ErrorKind::DeviceChanged, StreamEvent::Changed),
            (ErrorKind::StreamInvalidated, StreamEvent::Invalidated),
            (ErrorKind::DeviceNotAvailable, StreamEvent::Gone),
            (ErrorKind::HostUnavailable, StreamEvent::Gone),
            (ErrorKind::PermissionDenied, StreamEvent::PermissionDenied),
            (ErrorKind::Xrun, StreamEvent::Xrun),
            (ErrorKind::RealtimeDenied, StreamEvent::Other),
            (ErrorKind::BackendError, StreamEvent::Other),
        ] {
            assert_eq!(StreamEvent::of(kind), event, "{kind:?}");
        }
    }
}
