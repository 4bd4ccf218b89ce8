//! The sound interface of the system: which one, and how it is reached.

use std::str::FromStr;
use std::sync::Arc;

use crate::error::DeviceError;
use crate::roster::{Direction, Entry};

/// Which sound interface to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AudioHost {
    /// The system's usual one. On Linux PulseAudio (or PipeWire in its place) when its server answers or has ever answered
    /// this program, else ALSA.
    #[default]
    Default,
    /// ALSA, Linux only.
    Alsa,
    /// PulseAudio or PipeWire in its place, Linux only.
    Pulse,
}

impl FromStr for AudioHost {
    type Err = DeviceError;

    /// `default`, `alsa` or `pulse`.
    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "default" => Ok(Self::Default),
            "alsa" => Ok(Self::Alsa),
            "pulse" => Ok(Self::Pulse),
            _ => Err(DeviceError::NoHost { what: format!("{text:?} is none of default, alsa, pulse") }),
        }
    }
}

/// A live connection to the sound interface, for looking devices up.
pub(crate) fn with_host<R>(
    host: AudioHost,
    look: impl Fn(&cpal::Host) -> Result<R, cpal::Error>,
) -> Result<R, DeviceError> {
    linux_or_other::with_host(host, look)
}

/// What there is at the sound interface. With ALSA each look takes tens of milliseconds of processor time, so it is
/// remembered as long as the same cards are there.
pub(crate) fn inventory(host: AudioHost, look: Look) -> Result<Arc<[Entry]>, DeviceError> {
    linux_or_other::inventory(host, look)
}

/// How the devices of an interface are looked up.
pub(crate) type Look = fn(&cpal::Host) -> Result<Arc<[Entry]>, cpal::Error>;

/// A connection of its own for one stream: when the stream is dropped nothing of it is left at the sound server.
pub(crate) fn own_host(id: cpal::HostId) -> Result<cpal::Host, DeviceError> {
    cpal::host_from_id(id).map_err(|error| failed(&error))
}

/// Does something that asks the sound server, and does not wait for ever when it hangs.
pub(crate) use linux_or_other::in_time;

fn failed(error: &cpal::Error) -> DeviceError {
    DeviceError::of(error, Direction::Output, None)
}

#[cfg(target_os = "linux")]
mod linux_or_other {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, PoisonError, mpsc};
    use std::time::Duration;

    use cpal::HostId;
    use cpal::traits::HostTrait;

    use super::{AudioHost, Look, failed};
    use crate::cards::Cards;
    use crate::error::DeviceError;
    use crate::roster::Entry;

    /// A Bluetooth headset that changes its mode takes two or three seconds.
    const PATIENCE: Duration = Duration::from_secs(6);

    /// One connection for all look-ups. cpal's PulseAudio client leaves a thread and a socket behind when it is
    /// dropped without a stream, so it must not be made anew each time the list is polled.
    static PULSE: Mutex<Option<cpal::Host>> = Mutex::new(None);

    /// The server has answered once. One that is being restarted is waited for: who takes its cards meanwhile keeps it
    /// from having them again.
    static ANSWERED: AtomicBool = AtomicBool::new(false);

    static KNOWN: Cards<Arc<[Entry]>> = Cards::new();

    pub(crate) fn with_host<R>(
        host: AudioHost,
        look: impl Fn(&cpal::Host) -> Result<R, cpal::Error>,
    ) -> Result<R, DeviceError> {
        either(host, &look, || alsa(&look))
    }

    pub(crate) fn inventory(host: AudioHost, look: Look) -> Result<Arc<[Entry]>, DeviceError> {
        either(host, look, || KNOWN.recall(|| alsa(look)))
    }

    fn either<R>(
        host: AudioHost,
        look: impl Fn(&cpal::Host) -> Result<R, cpal::Error>,
        alsa: impl FnOnce() -> Result<R, DeviceError>,
    ) -> Result<R, DeviceError> {
        match host {
            AudioHost::Pulse => pulse(look),
            AudioHost::Alsa => alsa(),
            AudioHost::Default => match pulse(look) {
                Err(DeviceError::NoHost { .. }) if !ANSWERED.load(Ordering::Relaxed) => alsa(),
                answer => answer,
            },
        }
    }

    fn alsa<R>(look: impl Fn(&cpal::Host) -> Result<R, cpal::Error>) -> Result<R, DeviceError> {
        cpal::host_from_id(HostId::Alsa).and_then(|host| look(&host)).map_err(|error| failed(&error))
    }

    fn pulse<R>(look: impl Fn(&cpal::Host) -> Result<R, cpal::Error>) -> Result<R, DeviceError> {
        let mut kept = PULSE.lock().unwrap_or_else(PoisonError::into_inner);
        // The server may have been restarted since: ask before relying on the connection.
        let host = match kept.take().filter(|host| host.devices().is_ok()) {
            Some(host) => host,
            // Whatever is the matter with it, it is a server that does not answer.
            None => cpal::host_from_id(HostId::PulseAudio)
                .map_err(|error| DeviceError::NoHost { what: error.to_string() })?,
        };
        ANSWERED.store(true, Ordering::Relaxed);
        let answer = look(&host).map_err(|error| failed(&error));
        *kept = Some(host);
        answer
    }

    pub(crate) fn in_time<R: Send + 'static>(
        work: impl FnOnce() -> Result<R, DeviceError> + Send + 'static,
    ) -> Result<R, DeviceError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let spawned = std::thread::Builder::new().name("sound-server".into()).spawn(move || {
            // Nobody waits any more when it took too long; then what came of it, a stream too, is dropped here.
            drop(answer.send(work()));
        });
        spawned.map_err(|error| DeviceError::Backend(error.to_string()))?;
        answered.recv_timeout(PATIENCE).unwrap_or(Err(DeviceError::Busy))
    }
}

#[cfg(not(target_os = "linux"))]
mod linux_or_other {
    use std::sync::Arc;

    use super::{AudioHost, Look, failed};
    use crate::error::DeviceError;
    use crate::roster::Entry;

    pub(crate) fn inventory(host: AudioHost, look: Look) -> Result<Arc<[Entry]>, DeviceError> {
        with_host(host, look)
    }

    pub(crate) fn with_host<R>(
        host: AudioHost,
        look: impl Fn(&cpal::Host) -> Result<R, cpal::Error>,
    ) -> Result<R, DeviceError> {
        match host {
            AudioHost::Default => look(&cpal::default_host()).map_err(|error| failed(&error)),
            AudioHost::Alsa | AudioHost::Pulse => {
                Err(DeviceError::NoHost { what: "it belongs to another system".into() })
            }
        }
    }

    pub(crate) fn in_time<R>(work: impl FnOnce() -> Result<R, DeviceError>) -> Result<R, DeviceError> {
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_interface_is_asked_for_by_its_name() {
        assert_eq!("alsa".parse(), Ok(AudioHost::Alsa));
        assert_eq!("pulse".parse(), Ok(AudioHost::Pulse));
        assert_eq!("default".parse(), Ok(AudioHost::Default));
        assert!(matches!("jack".parse::<AudioHost>(), Err(DeviceError::NoHost { .. })));
    }
}
