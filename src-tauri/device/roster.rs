//! Which devices there are, what each is called, and how a name finds one.

use std::sync::Arc;

use cpal::traits::{DeviceTrait, HostTrait};

use crate::bluetooth::is_bluetooth;
use crate::error::DeviceError;
use crate::host::{self, AudioHost, in_time, own_host, with_host};

/// Which way sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// A microphone.
    Input,
    /// A loudspeaker.
    Output,
}

/// One device in one direction; a headset is in the list twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What to pass to open it. PulseAudio: the name of the source or sink. ALSA: the name of the PCM. Elsewhere: the
    /// description, or the system's identifier where two devices have the same description.
    pub name: String,
    /// What to show a person; not always unique.
    pub label: String,
    /// Which way sound goes.
    pub direction: Direction,
    /// True for the one that is opened when no name is given. At most one in each direction.
    pub is_default: bool,
    /// True for one that is known to be reached over Bluetooth: with its microphone open, all its sound is that of a telephone.
    pub bluetooth: bool,
}

/// All devices a person may want, in the order of the system.
///
/// Not listed, though opened when asked for by name: PulseAudio's monitors of its outputs, and those PCMs of ALSA that
/// are one channel layout or converter of a card that is listed already.
///
/// # Errors
/// [`DeviceError::NoHost`] when the interface that was asked for is not here. A system without devices is no error.
pub fn list(host: AudioHost) -> Result<Vec<DeviceInfo>, DeviceError> {
    in_time(move || {
        let all = host::inventory(host, inventory)?;
        Ok(all.iter().filter(|entry| !entry.hidden()).map(|entry| entry.info(&all)).collect())
    })
}

/// A device on a connection of its own, with its exact name. `None`: the default one.
pub(crate) fn find(
    host: AudioHost,
    direction: Direction,
    name: Option<&str>,
) -> Result<(cpal::Device, String), DeviceError> {
    let missing = || DeviceError::missing(direction, name);
    match name {
        None => {
            let own = own_host(with_host(host, |host| Ok(host.id()))?)?;
            let device = match direction {
                Direction::Input => own.default_input_device(),
                Direction::Output => own.default_output_device(),
            }
            .ok_or_else(missing)?;
            // Where there is no microphone, PulseAudio offers what the loudspeaker plays: that is none.
            let id = device.id().map_err(|error| DeviceError::of(&error, direction, name))?;
            if direction == Direction::Input && is_monitor(&id) {
                return Err(missing());
            }
            let all = host::inventory(host, inventory)?;
            let known = all.iter().find(|entry| entry.direction == direction && entry.id == id);
            Ok((device, known.map_or_else(|| id.id().to_owned(), |entry| entry.name(&all))))
        }
        Some(name) => {
            let all = host::inventory(host, inventory)?;
            let entry = pick(&all, direction, name).ok_or_else(missing)?;
            let device = own_host(entry.id.host())?.device_by_id(&entry.id).ok_or_else(missing)?;
            Ok((device, entry.name(&all)))
        }
    }
}

/// A device as the system describes it.
pub(crate) struct Entry {
    id: cpal::DeviceId,
    label: String,
    direction: Direction,
    is_default: bool,
    bluetooth: bool,
}

impl Entry {
    fn info(&self, all: &[Self]) -> DeviceInfo {
        DeviceInfo {
            name: self.name(all),
            label: self.label.clone(),
            direction: self.direction,
            is_default: self.is_default,
            bluetooth: self.bluetooth,
        }
    }

    fn name(&self, all: &[Self]) -> String {
        let by_id = cfg!(target_os = "linux") || self.namesakes(all) > 1;
        if by_id { self.id.id().to_owned() } else { self.label.clone() }
    }

    fn namesakes(&self, all: &[Self]) -> usize {
        all.iter().filter(|other| other.direction == self.direction && other.label == self.label).count()
    }

    fn hidden(&self) -> bool {
        is_monitor(&self.id) || is_variant(&self.id)
    }
}

fn inventory(host: &cpal::Host) -> Result<Arc<[Entry]>, cpal::Error> {
    let default = |device: Option<cpal::Device>| device.and_then(|device| device.id().ok());
    let defaults = [
        (Direction::Input, default(host.default_input_device())),
        (Direction::Output, default(host.default_output_device())),
    ];
    let mut all = Vec::new();
    for device in host.devices()? {
        // One that cannot even be described (unplugged this moment) does not spoil the list.
        let Ok(id) = device.id() else { continue };
        let description = device.description().ok();
        let label = description.as_ref().map_or_else(|| id.id().to_owned(), |d| d.name().to_owned());
        let interface = description.map_or(cpal::InterfaceType::Unknown, |d| d.interface_type());
        let bluetooth = is_bluetooth(interface, id.id(), &label);
        for (direction, default) in &defaults {
            let fits = match direction {
                Direction::Input => device.supports_input(),
                Direction::Output => device.supports_output(),
            };
            if fits {
                all.push(Entry {
                    is_default: default.as_ref() == Some(&id),
                    id: id.clone(),
                    label: label.clone(),
                    direction: *direction,
                    bluetooth,
                });
            }
        }
    }
    Ok(all.into())
}

/// The identifier of the system goes first; a description counts when only one device has it.
fn pick<'a>(all: &'a [Entry], direction: Direction, name: &str) -> Option<&'a Entry> {
    let candidates = || all.iter().filter(|entry| entry.direction == direction);
    candidates().find(|entry| entry.id.id() == name).or_else(|| {
        let mut described = candidates().filter(|entry| entry.label == name);
        let first = described.next()?;
        described.next().is_none().then_some(first)
    })
}

fn is_monitor(id: &cpal::DeviceId) -> bool {
    id.host().name() == "PulseAudio" && id.id().ends_with(".monitor")
}

fn is_variant(id: &cpal::DeviceId) -> bool {
    const WHOLE: [&str; 4] = ["default", "pulse", "pipewire", "jack"];
    const CARD: [&str; 3] = ["sysdefault:", "plughw:", "hw:"];
    let name = id.id();
    id.host().name() == "ALSA" && !WHOLE.contains(&name) && !CARD.iter().any(|card| name.starts_with(card))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, label: &str, direction: Direction) -> Entry {
        let host = cpal::ALL_HOSTS[0];
        let id = cpal::DeviceId::new(host, name);
        Entry { id, label: label.into(), direction, is_default: false, bluetooth: false }
    }

    fn picked(all: &[Entry], direction: Direction, name: &str) -> Option<String> {
        pick(all, direction, name).map(|entry| entry.id.id().to_owned())
    }

    #[test]
    fn a_device_is_found_by_its_exact_name_before_any_description() {
        let all = [entry("a", "b", Direction::Input), entry("b", "c", Direction::Input)];
        assert_eq!(picked(&all, Direction::Input, "b"), Some("b".into()));
        assert_eq!(picked(&all, Direction::Input, "c"), Some("b".into()));
        assert_eq!(picked(&all, Direction::Input, "B"), None);
    }

    #[test]
    fn a_description_that_two_devices_share_finds_neither() {
        let all = [
            entry("a", "Headset", Direction::Input),
            entry("b", "Headset", Direction::Input),
            entry("c", "Headset", Direction::Output),
        ];
        assert_eq!(picked(&all, Direction::Input, "Headset"), None);
        assert_eq!(picked(&all, Direction::Output, "Headset"), Some("c".into()));
        assert_eq!(all[0].info(&all).name, "a");
    }

    #[test]
    fn a_microphone_is_not_a_loudspeaker_of_the_same_name() {
        let all = [entry("default", "Default", Direction::Output)];
        assert_eq!(picked(&all, Direction::Input, "default"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_loudspeaker_plays_is_not_listed_as_a_microphone() {
        let pulse = |name| cpal::DeviceId::new(cpal::HostId::PulseAudio, name);
        let alsa = |name| cpal::DeviceId::new(cpal::HostId::Alsa, name);
        assert!(is_monitor(&pulse("speakers.monitor")));
        assert!(!is_monitor(&pulse("mic")) && !is_monitor(&alsa("odd.monitor")));
        assert!(is_variant(&alsa("surround51:CARD=PCH,DEV=0")) && is_variant(&alsa("null")));
        assert!(!is_variant(&alsa("plughw:CARD=PCH,DEV=0")) && !is_variant(&alsa("default")));
    }
}
