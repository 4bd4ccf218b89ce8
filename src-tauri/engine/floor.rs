//! The floor's desk: hands what happens to the room, and what the room wants to the talk thread and the members.

use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Pid, Settings};
use pushtalk_room::{Input, Microphone, Output as Wish, Room, RoomView};

use crate::brain::{Output, TalkOrder};
use crate::face;

/// The room, and what it wants to be said.
pub(crate) struct FloorDesk {
    room: Room,
    messages: Vec<(Pid, FloorMessage)>,
}

impl FloorDesk {
    pub(crate) fn new(room: Room) -> Self {
        Self { room, messages: Vec::new() }
    }

    pub(crate) fn handle(&mut self, now: Duration, input: Input, out: &mut Vec<Output>) {
        for wish in self.room.handle(now, input) {
            out.push(Output::Talk(match wish {
                Wish::Send { to, message } => {
                    self.messages.push((to, message));
                    continue;
                }
                Wish::Keep => TalkOrder::Keep,
                Wish::Begin(turn) => TalkOrder::Begin(turn),
                Wish::Drop => TalkOrder::Drop,
                Wish::Finish => TalkOrder::Finish,
            }));
        }
    }

    pub(crate) fn microphone(&mut self, now: Duration, microphone: face::Microphone, out: &mut Vec<Output>) {
        let microphone = match microphone {
            face::Microphone::Off => Microphone::Off,
            face::Microphone::Open | face::Microphone::Standby => Microphone::Open,
            face::Microphone::Silent => Microphone::Silent,
            face::Microphone::Failed => Microphone::Failed,
        };
        self.handle(now, Input::Microphone(microphone), out);
    }

    pub(crate) fn settings(&mut self, now: Duration, settings: &Settings, out: &mut Vec<Output>) {
        let limit = Duration::from_secs(settings.talk_limit.into());
        self.handle(now, Input::TalkLimit(limit), out);
        self.handle(now, Input::Mode(settings.mode), out);
    }

    /// What is to be said since the last call, in order.
    pub(crate) fn take_messages(&mut self) -> Vec<(Pid, FloorMessage)> {
        std::mem::take(&mut self.messages)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.room.poll_timeout()
    }

    pub(crate) fn view(&self) -> RoomView {
        self.room.view()
    }
}
