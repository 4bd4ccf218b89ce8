//! The voice paths to the other members: how long they are, what arrives, and what follows for coding and buffers.

use std::time::Duration;

use pushtalk_protocol::{Ctl, Pid};

use crate::brain::{ListenOrder, Output, TalkOrder};
use crate::face::MemberLink;
use crate::inside::Inside;
use crate::member::Member;
use crate::reception::micros;
use crate::stats::HearingStats;

impl Inside {
    pub(crate) fn ping(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        if let Some(member) = self.members.get_mut(&peer) {
            let token = member.reception.ping(now);
            self.say(peer, &Ctl::Ping { token }, out);
        }
    }

    /// Reports to a member how its voice arrives.
    pub(crate) fn hearing(&mut self, peer: Pid, hearing: HearingStats, out: &mut Vec<Output>) {
        if let Some(member) = self.members.get_mut(&peer) {
            let report = member.reception.heard(hearing);
            self.say(peer, &Ctl::Report(report), out);
        }
    }

    /// Tells those whom it is for when it was said what they hear.
    pub(crate) fn captured(&mut self, timestamp: u32, at: Duration, to: &[Pid], out: &mut Vec<Output>) {
        let listeners: Vec<Pid> =
            self.ready_ones().map(|(pid, _)| *pid).filter(|pid| to.contains(pid)).collect();
        for peer in listeners {
            self.say(peer, &Ctl::Captured { timestamp, at: micros(at) }, out);
        }
    }

    /// Fits how we speak, and how long we hold what we hear, to the paths.
    pub(crate) fn fit_to_paths(&mut self, now: Duration, out: &mut Vec<Output>) {
        let paths: Vec<_> = self.ready_ones().map(|(_, member)| member.reception.path(now)).collect();
        if let Some(settings) = self.coding.as_mut().and_then(|coding| coding.choose(now, paths.into_iter()))
        {
            out.push(Output::Talk(TalkOrder::Code(settings)));
        }
        for (pid, member) in &mut self.members {
            if let Some(hold) = member.reception.hold(now) {
                out.push(Output::Listen(ListenOrder::Hold(*pid, hold)));
            }
        }
    }

    /// Those with whom voice can flow.
    pub(crate) fn ready_ones(&self) -> impl Iterator<Item = (&Pid, &Member)> {
        self.members.iter().filter(|(_, member)| member.link == MemberLink::Ready)
    }
}
