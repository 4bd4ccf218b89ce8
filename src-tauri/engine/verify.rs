//! Comparing emoji with one member: commit, answer, reveal, and what the person says of it.
//!
//! Section 10 of the protocol. Without the commitment who is between could choose its nonces until the emoji fit.

use std::time::Duration;

use pushtalk_e2ee::{SasCode, SasCommitter, SasContext, SasResponder};
use pushtalk_protocol::{Ctl, Pid, Sas};
use rand::CryptoRng;

use crate::brain::Output;
use crate::face::{ErrorCode, MemberLink};
use crate::inside::Inside;
use crate::notices::Notices;

/// With whom, and how far.
pub(crate) struct Comparing {
    pub(crate) peer: Pid,
    step: Step,
}

enum Step {
    Committed(SasCommitter),
    Answered(SasResponder),
    Shown(SasCode),
}

impl Comparing {
    pub(crate) fn code(&self) -> Option<&SasCode> {
        match &self.step {
            Step::Shown(code) => Some(code),
            Step::Committed(_) | Step::Answered(_) => None,
        }
    }
}

impl Inside {
    /// A person wants to compare.
    pub(crate) fn verify(&mut self, rng: &mut dyn CryptoRng, peer: Pid, out: &mut Vec<Output>) {
        if self.members.get(&peer).is_none_or(|member| member.link != MemberLink::Ready) {
            return;
        }
        self.stop_verifying(out);
        let mut rng = rng;
        let (committer, commit) = SasCommitter::start(&mut rng);
        self.comparing = Some(Comparing { peer, step: Step::Committed(committer) });
        self.say(peer, &Ctl::Sas(Sas::Commit(commit)), out);
    }

    /// A person does not want to compare any more.
    pub(crate) fn stop_verifying(&mut self, out: &mut Vec<Output>) {
        if let Some(Comparing { peer, .. }) = self.comparing.take() {
            self.say(peer, &Ctl::Sas(Sas::Cancel), out);
        }
    }

    /// A person has compared.
    pub(crate) fn verified(
        &mut self,
        now: Duration,
        peer: Pid,
        same: bool,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let shown = |comparing: &mut Comparing| comparing.peer == peer && comparing.code().is_some();
        if self.comparing.take_if(shown).is_none() {
            return;
        }
        if same {
            self.verified.insert(peer);
        } else {
            self.differ(now, peer, notices, out);
        }
    }

    /// A member says something about comparing.
    pub(crate) fn sas(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        peer: Pid,
        sas: Sas,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Some(handshake_hash) = self.members.get(&peer).and_then(|m| m.pair.handshake_hash()) else {
            return;
        };
        let (room_id, me, mut rng) = (self.identity.room_id, self.identity.pid, rng);
        let step = self.comparing.take_if(|comparing| comparing.peer == peer).map(|comparing| comparing.step);
        let step = match (sas, step) {
            // Both began at once: the smaller pid's counts.
            (Sas::Commit(_), Some(Step::Committed(committer))) if me < peer => {
                Some(Step::Committed(committer))
            }
            (Sas::Commit(_), None) if self.comparing.is_some() => {
                self.say(peer, &Ctl::Sas(Sas::Cancel), out);
                return;
            }
            (Sas::Commit(commit), _) => {
                let (responder, nonce) = SasResponder::answer(&mut rng, commit);
                self.say(peer, &Ctl::Sas(Sas::Nonce(nonce)), out);
                Some(Step::Answered(responder))
            }
            (Sas::Nonce(nonce), Some(Step::Committed(committer))) => {
                let context = SasContext { handshake_hash, room_id, a: me, b: peer };
                let (reveal, code) = committer.reveal(nonce, &context);
                self.say(peer, &Ctl::Sas(Sas::Reveal(reveal)), out);
                Some(Step::Shown(code))
            }
            (Sas::Reveal(nonce), Some(Step::Answered(responder))) => {
                let context = SasContext { handshake_hash, room_id, a: peer, b: me };
                match responder.check(nonce, &context) {
                    Ok(code) => Some(Step::Shown(code)),
                    // Another nonce than the one that was committed to.
                    Err(_) => return self.differ(now, peer, notices, out),
                }
            }
            (Sas::Cancel, Some(_)) => {
                let name = self.members.get(&peer).and_then(|member| member.name());
                notices.tell(ErrorCode::VerifyingEnded, name);
                None
            }
            (_, step) => step,
        };
        if let Some(step) = step {
            self.comparing = Some(Comparing { peer, step });
        }
    }

    fn differ(&mut self, now: Duration, peer: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
        let name = self.members.get(&peer).and_then(|member| member.name());
        self.verified.remove(&peer);
        self.end_pair(now, peer, out);
        notices.tell(ErrorCode::EmojiDiffer, name);
    }
}
