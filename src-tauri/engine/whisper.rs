//! Whispering: whom it is for.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::Pid;
use pushtalk_room::Input;

use crate::brain::Output;
use crate::face::{ErrorCode, MemberLink};
use crate::inside::Inside;
use crate::notices::Notices;

/// Whom a whisper is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Those whom the person has chosen.
    #[default]
    Chosen,
    /// Who has whispered to us last, not long ago; where nobody has, who has talked last.
    Last,
}

/// For so long a whisper is answered before what others have said since.
const ANSWERED: Duration = Duration::from_secs(120);

/// Whom we may whisper to; in memory only, and only in this room.
#[derive(Default)]
pub(crate) struct Whisper {
    pub(crate) chosen: BTreeSet<Pid>,
    /// Who has whispered to us, each once, the last one last, with when that was.
    whispered: Vec<(Pid, Duration)>,
    /// Who has talked, the same.
    talked: Vec<(Pid, Duration)>,
}

impl Whisper {
    /// This member is heard.
    pub(crate) fn heard(&mut self, now: Duration, peer: Pid, whisper: bool) {
        let heard = if whisper { &mut self.whispered } else { &mut self.talked };
        heard.retain(|(one, _)| *one != peer);
        heard.push((peer, now));
    }

    /// That one has left, or nobody is to have anything to do with it.
    pub(crate) fn forget(&mut self, peer: &Pid) {
        self.chosen.remove(peer);
        self.whispered.retain(|(one, _)| one != peer);
        self.talked.retain(|(one, _)| one != peer);
    }

    /// Those of them who are there.
    fn to(&self, now: Duration, whom: Whom, is_there: impl Fn(&Pid) -> bool) -> BTreeSet<Pid> {
        let last = |heard: &[(Pid, Duration)], within: Duration| {
            let fresh = |(pid, at): &&(Pid, Duration)| is_there(pid) && now.saturating_sub(*at) <= within;
            heard.iter().rev().find(fresh).map(|(pid, _)| *pid)
        };
        match whom {
            Whom::Chosen => self.chosen.iter().copied().filter(|pid| is_there(pid)).collect(),
            Whom::Last => {
                let last = last(&self.whispered, ANSWERED).or_else(|| last(&self.talked, Duration::MAX));
                last.into_iter().collect()
            }
        }
    }
}

impl Inside {
    /// The button to whisper went down.
    pub(crate) fn whisper(
        &mut self,
        now: Duration,
        whom: Whom,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        // The voice that held the talk button does not hold this one.
        self.sounding.hands.voice = false;
        let is_there = |pid: &Pid| {
            let ready = self.members.get(pid).is_some_and(|member| member.link == MemberLink::Ready);
            // Who is muted here is not answered.
            ready && !(whom == Whom::Last && self.volume(pid).muted)
        };
        let to = self.whisper.to(now, whom, is_there);
        if to.is_empty() {
            notices.tell(ErrorCode::NobodyToWhisperTo, None);
            // It is not said to all either.
            self.microphone_stays_away();
            self.floor.handle(now, Input::Whisper(to), out);
            return self.flush(out);
        }
        notices.withdraw(ErrorCode::NobodyToWhisperTo);
        self.press(now, Input::Whisper(to), notices, out);
    }
}
