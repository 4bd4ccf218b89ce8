//! Devices of a world: what each person has plugged in, and how long it takes to open.

use std::time::Duration;

use pushtalk_device::{DeviceError, DeviceInfo, Direction};
use pushtalk_engine::brain::{Input, Plug, PlugNews, VoiceNews};

use super::{Event, World};

/// What one person has at its machine.
pub struct Desktop {
    /// All that is plugged in.
    pub devices: Vec<DeviceInfo>,
    /// So long it takes to open a microphone.
    pub opening: Duration,
    /// Order and name of the microphone that is open.
    pub open: Option<(u32, String)>,
    /// Order of the last microphone that was to be opened.
    wanted: u32,
}

/// A microphone.
pub fn microphone(name: &str) -> DeviceInfo {
    DeviceInfo {
        name: name.into(),
        label: format!("The {name}"),
        direction: Direction::Input,
        is_default: false,
        bluetooth: false,
    }
}

impl Desktop {
    pub(super) fn new() -> Self {
        let devices = vec![DeviceInfo { is_default: true, ..microphone("built-in") }];
        Self { devices, opening: Duration::ZERO, open: None, wanted: 0 }
    }

    fn find(&self, name: Option<&str>) -> Result<String, DeviceError> {
        let mut all = self.devices.iter();
        let found = match name {
            Some(name) => all.find(|info| info.name == name),
            None => all.find(|info| info.is_default),
        };
        let missing = || match name {
            Some(name) => DeviceError::NotFound { name: name.into() },
            None => DeviceError::NoMicrophone,
        };
        found.map(|info| info.name.clone()).ok_or_else(missing)
    }
}

impl World {
    /// Something is plugged in; a default device takes the place of the one before.
    pub fn plug_in(&mut self, who: usize, info: DeviceInfo) {
        let devices = &mut self.people[who].desktop.devices;
        devices.iter_mut().for_each(|other| other.is_default &= !info.is_default);
        devices.push(info);
    }

    /// Something is unplugged; another one becomes the default.
    pub fn pull_out(&mut self, who: usize, name: &str) {
        let desktop = &mut self.people[who].desktop;
        desktop.devices.retain(|info| info.name != name);
        if desktop.devices.iter().all(|info| !info.is_default)
            && let Some(first) = desktop.devices.first_mut()
        {
            first.is_default = true;
        }
        if let Some((attempt, _)) = desktop.open.take_if(|(_, open)| open == name) {
            self.people[who].microphone = false;
            self.give(who, Input::Voice(VoiceNews::Microphone(attempt, PlugNews::Lost)));
        }
    }

    /// The system mutes the microphone, or no longer: it gives nothing but zeros.
    pub fn mute(&mut self, who: usize, muted: bool) {
        let attempt = self.people[who].desktop.wanted;
        self.give(who, Input::Voice(VoiceNews::MicrophoneSilent(attempt, muted)));
    }

    pub(super) fn open_microphone(&mut self, who: usize, plug: Plug) {
        let person = &mut self.people[who];
        person.microphone = false;
        (person.desktop.open, person.desktop.wanted) = (None, plug.attempt);
        let at = self.in_order(usize::MAX, who) + self.people[who].desktop.opening;
        self.at(at, Event::Opens(who, plug));
    }

    pub(super) fn close_microphone(&mut self, who: usize) {
        let person = &mut self.people[who];
        person.microphone = false;
        (person.desktop.open, person.desktop.wanted) = (None, 0);
    }

    pub(super) fn opens(&mut self, who: usize, plug: &Plug) {
        let person = &mut self.people[who];
        if person.desktop.wanted != plug.attempt {
            return;
        }
        let news = match person.desktop.find(plug.name.as_deref()) {
            Ok(name) => {
                person.microphone = true;
                person.desktop.open = Some((plug.attempt, name.clone()));
                PlugNews::Opened(name)
            }
            Err(error) => PlugNews::Failed(error),
        };
        self.give(who, Input::Voice(VoiceNews::Microphone(plug.attempt, news)));
    }

    pub(super) fn list_devices(&mut self, who: usize) {
        let devices = self.people[who].desktop.devices.clone();
        self.at(self.now, Event::Input(who, Input::Voice(VoiceNews::Devices(Some(devices)))));
    }
}
