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
    /// Who has whispered to us last; where nobody has, who has talked last.
    Last,
}

/// Whom we may whisper to; in memory only, and only in this room.
#[derive(Default)]
pub(crate) struct Whisper {
    pub(crate) chosen: BTreeSet<Pid>,
    whispered: Option<Pid>,
    talked: Option<Pid>,
}

impl Whisper {
    /// This member is heard.
    pub(crate) fn heard(&mut self, peer: Pid, whisper: bool) {
        *(if whisper { &mut self.whispered } else { &mut self.talked }) = Some(peer);
    }

    /// That one has left.
    pub(crate) fn forget(&mut self, peer: &Pid) {
        self.chosen.remove(peer);
        self.whispered.take_if(|last| last == peer);
        self.talked.take_if(|last| last == peer);
    }

    fn to(&self, whom: Whom) -> BTreeSet<Pid> {
        match whom {
            Whom::Chosen => self.chosen.clone(),
            Whom::Last => self.whispered.or(self.talked).into_iter().collect(),
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
        let mut to = self.whisper.to(whom);
        to.retain(|pid| self.members.get(pid).is_some_and(|member| member.link == MemberLink::Ready));
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
