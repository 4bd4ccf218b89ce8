//! Who keeps aside: hearing nobody for a while, and having nothing to do with one member.

use std::time::Duration;

use pushtalk_protocol::{Ctl, Pid, Status};
use rand::CryptoRng;

use crate::brain::{ListenOrder, Output};
use crate::face::{MemberLink, Microphone, Preferences};
use crate::inside::Inside;
use crate::notices::Notices;

/// How it was before we wanted to hear nobody.
#[derive(Clone, Copy)]
pub(crate) struct Deafened {
    /// The microphone was on.
    microphone: bool,
}

impl Inside {
    /// A person wants to hear nobody, or everybody again. Nobody talks without hearing: the microphone is closed, and
    /// is afterwards as it was.
    pub(crate) fn set_deafened(
        &mut self,
        now: Duration,
        on: bool,
        preferences: &Preferences,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        if on == self.deafened.is_some() {
            return;
        }
        let before = self.deafened.take();
        if on {
            self.deafened = Some(Deafened { microphone: self.microphone != Microphone::Off });
            self.close_microphone(now, out);
        }
        for peer in &self.order {
            out.push(Output::Listen(ListenOrder::Volume(*peer, self.gain(peer))));
        }
        if before.is_some_and(|before| before.microphone) {
            self.enable_microphone(now, preferences, notices, out);
        }
    }

    /// Tells the others what has changed about us.
    pub(crate) fn tell_own_status(&mut self, out: &mut Vec<Output>) {
        let status = Status {
            muted: self.microphone == Microphone::Off,
            deafened: self.deafened.is_some(),
            hand: self.hand,
        };
        if std::mem::replace(&mut self.status, status) != status {
            for peer in self.order.clone() {
                self.say(peer, &Ctl::Status(status), out);
            }
        }
    }

    /// Nothing goes either way any more. That one finds us not answering, and others see that we do not hear each other.
    pub(crate) fn block(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        if self.members.get(&peer).is_none_or(|member| member.is_ended()) {
            return;
        }
        self.whisper.forget(&peer);
        self.cut(now, peer, MemberLink::Blocked, out);
    }

    /// They look for each other as if they had lost each other.
    pub(crate) fn unblock(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        peer: Pid,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.link == MemberLink::Blocked {
            member.link = MemberLink::Lost;
            self.meet_again(now, rng, peer, out);
        }
    }
}
