//! The two ports of a room: what a person is told of them, and what follows for talking.

use std::time::Duration;

use pushtalk_device::{DeviceError, DeviceInfo, Direction};
use pushtalk_room::Situation;

use crate::brain::{ListenOrder, Output, TalkOrder};
use crate::face::{ErrorCode, Microphone, Preferences};
use crate::inside::Inside;
use crate::notices::Notices;
use crate::port::{Port, Step};

/// What no longer holds when a microphone works.
const MICROPHONE_FAULTS: [ErrorCode; 5] = [
    ErrorCode::NoMicrophone,
    ErrorCode::MicrophoneBlocked,
    ErrorCode::MicrophoneGone,
    ErrorCode::MicrophoneReplaced,
    ErrorCode::MicrophoneSilent,
];
/// The same of a loudspeaker.
const OUTPUT_FAULTS: [ErrorCode; 3] = [ErrorCode::NoOutput, ErrorCode::OutputGone, ErrorCode::OutputReplaced];

/// Bluetooth microphones that are remembered.
const MOST_TOLD: usize = 8;

/// From the microphone, and to the loudspeaker.
pub(crate) struct Ports {
    pub(crate) input: Port,
    pub(crate) output: Port,
}

impl Ports {
    pub(crate) fn new() -> Self {
        Self { input: Port::new(Direction::Input), output: Port::new(Direction::Output) }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        [self.input.poll_timeout(), self.output.poll_timeout()].into_iter().flatten().min()
    }
}

impl Inside {
    pub(crate) fn open_microphone(
        &mut self,
        now: Duration,
        chosen: Option<String>,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        if matches!(self.microphone, Microphone::Off | Microphone::Standby) {
            self.microphone = Microphone::Failed;
        }
        let steps = self.ports.input.open(chosen);
        self.microphone_steps(now, steps, notices, out);
        self.tell_microphone(now, out);
    }

    pub(crate) fn close_microphone(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.microphone = Microphone::Off;
        self.microphone_stays_away();
        self.tell_microphone(now, out);
        self.ports.input.close();
        out.push(Output::Talk(TalkOrder::CloseMicrophone));
    }

    /// Whether the microphone gives nothing but zeros; nobody would hear who talks into it.
    pub(crate) fn microphone_silent(
        &mut self,
        now: Duration,
        attempt: u32,
        silent: bool,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        if !self.ports.input.is_current(attempt) {
            return;
        }
        match (self.microphone, silent) {
            (Microphone::Open, true) => {
                self.microphone = Microphone::Silent;
                if self.is_talking() {
                    self.tell_silent(notices);
                }
            }
            (Microphone::Silent, false) => {
                self.microphone = Microphone::Open;
                notices.withdraw(ErrorCode::MicrophoneSilent);
            }
            _ => return,
        }
        self.tell_microphone(now, out);
    }

    pub(crate) fn tell_silent(&self, notices: &mut Notices) {
        let device = self.ports.input.device().map(|name| self.ports.input.label(name));
        notices.tell(ErrorCode::MicrophoneSilent, device);
    }

    pub(crate) fn open_output(
        &mut self,
        preferences: &Preferences,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let steps = self.ports.output.open(preferences.output.clone());
        self.output_steps(steps, notices, out);
    }

    /// All devices that there are now.
    pub(crate) fn listed(
        &mut self,
        now: Duration,
        all: &[DeviceInfo],
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let steps = self.ports.input.listed(now, all);
        self.microphone_steps(now, steps, notices, out);
        let steps = self.ports.output.listed(now, all);
        self.output_steps(steps, notices, out);
    }

    pub(crate) fn tick_ports(&mut self, now: Duration, notices: &mut Notices, out: &mut Vec<Output>) {
        let steps = self.ports.input.tick(now);
        self.microphone_steps(now, steps, notices, out);
        let steps = self.ports.output.tick(now);
        self.output_steps(steps, notices, out);
    }

    pub(crate) fn microphone_steps(
        &mut self,
        now: Duration,
        steps: Vec<Step>,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        for step in steps {
            match step {
                Step::Open(plug) => {
                    out.push(Output::Talk(TalkOrder::OpenMicrophone(plug)));
                    continue;
                }
                Step::Works { device, instead_of } => {
                    MICROPHONE_FAULTS.iter().for_each(|code| notices.withdraw(*code));
                    if let Some(missing) = instead_of {
                        let names = [missing, device].map(|name| self.ports.input.label(&name));
                        let [missing, device] = names;
                        notices.tell_replaced(ErrorCode::MicrophoneReplaced, missing, device);
                    }
                    self.microphone = Microphone::Open;
                    self.tell_microphone(now, out);
                    self.microphone_came(now, out);
                    continue;
                }
                Step::Gone(device) => {
                    let code = if self.is_talking() {
                        ErrorCode::MicrophoneGoneTalking
                    } else {
                        ErrorCode::MicrophoneGone
                    };
                    notices.tell(code, Some(self.ports.input.label(&device)));
                    self.microphone = Microphone::Failed;
                }
                Step::Fails(error) => {
                    let code = match error {
                        DeviceError::PermissionDenied => ErrorCode::MicrophoneBlocked,
                        _ => ErrorCode::NoMicrophone,
                    };
                    notices.tell(code, None);
                    self.microphone = Microphone::Failed;
                }
            }
            self.microphone_stays_away();
            self.tell_microphone(now, out);
        }
    }

    pub(crate) fn output_steps(&mut self, steps: Vec<Step>, notices: &mut Notices, out: &mut Vec<Output>) {
        for step in steps {
            match step {
                Step::Open(plug) => out.push(Output::Listen(ListenOrder::OpenOutput(plug))),
                Step::Works { device, instead_of } => {
                    OUTPUT_FAULTS.iter().for_each(|code| notices.withdraw(*code));
                    if let Some(missing) = instead_of {
                        let [missing, device] = [missing, device].map(|name| self.ports.output.label(&name));
                        notices.tell_replaced(ErrorCode::OutputReplaced, missing, device);
                    }
                }
                Step::Gone(device) => {
                    notices.tell(ErrorCode::OutputGone, Some(self.ports.output.label(&device)));
                }
                Step::Fails(_) => notices.tell(ErrorCode::NoOutput, None),
            }
        }
    }

    /// A Bluetooth headset with its microphone open plays like a telephone: told once for each.
    pub(crate) fn hint_bluetooth(&self, preferences: &mut Preferences, notices: &mut Notices) {
        let Some(info) = self.ports.input.info().filter(|info| info.bluetooth) else { return };
        if preferences.mic_while_pressed || preferences.bluetooth_told.contains(&info.name) {
            return;
        }
        notices.tell(ErrorCode::BluetoothMicrophone, Some(info.label.clone()));
        preferences.bluetooth_told.insert(0, info.name.clone());
        preferences.bluetooth_told.truncate(MOST_TOLD);
    }

    /// What is said now would be sent, or is to be.
    pub(crate) fn is_talking(&self) -> bool {
        matches!(self.floor.view().button, Situation::Talking { .. } | Situation::Requesting)
    }

    pub(crate) fn tell_microphone(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.floor.microphone(now, self.microphone, out);
        self.flush(out);
    }
}
