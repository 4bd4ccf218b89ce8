//! New keys inside a session: section 5 of the protocol. Each side says one last message under the keys before, and opens
//! with the new ones from what comes behind the other's last.

use std::time::Duration;

use pushtalk_e2ee::PairPsk;
use pushtalk_protocol::{Ctl, Epoch, Rekey};
use rand::CryptoRng;

use super::{Pair, Parcel};
use crate::channel::{Channel, Rekeying};
use crate::identity::Identity;

impl Pair {
    /// As initiator: begins a handshake inside the session, unless one is under way. Gives false when there is no session.
    pub(crate) fn rekey(
        &mut self,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) -> bool {
        let Some(channel) = &self.channel else { return false };
        // One at a time; another one is begun behind it if the epoch has changed meanwhile.
        if matches!(&channel.rekeying, Rekeying::Asked(..)) {
            return true;
        }
        let Some((initiation, message)) = self.start(identity, identity.epoch, &identity.psk, rng) else {
            return false;
        };
        if let Some(channel) = &mut self.channel {
            channel.rekeying = Rekeying::Asked(Box::new(initiation), identity.epoch);
        }
        self.say(&Ctl::Rekey(Rekey::First { epoch: identity.epoch, message }), out)
    }

    /// One step of a handshake inside the session. Gives true when it is done.
    pub(super) fn rekeyed(
        &mut self,
        now: Duration,
        rekey: Rekey,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) -> bool {
        match rekey {
            Rekey::First { epoch, message } if !self.is_initiator() => {
                let before = identity.before(now, &self.peer_pid).filter(|(before, _)| *before == epoch);
                let current = (epoch == identity.epoch).then_some((epoch, &identity.psk));
                if let Some((epoch, psk)) = current.or(before) {
                    self.answer_inside(&message, identity, epoch, psk, rng, out);
                } else if let Some(channel) = &mut self.channel
                    && epoch > identity.epoch
                    && !matches!(channel.rekeying, Rekeying::Answered(_))
                {
                    channel.rekeying = Rekeying::Early(epoch, message);
                }
                false
            }
            Rekey::Second { message } => self.finish_inside(&message, out),
            Rekey::Done => {
                let Some(channel) = &mut self.channel else { return false };
                let Rekeying::Answered(epoch) = channel.rekeying else { return false };
                channel.session.switch_opening();
                (channel.epoch, channel.rekeying) = (epoch, Rekeying::None);
                true
            }
            Rekey::First { .. } => false,
        }
    }

    /// The epoch has begun here too: what the other one has begun for it is answered.
    pub(crate) fn epoch_began(
        &mut self,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) {
        let Some(channel) = &mut self.channel else { return };
        match std::mem::replace(&mut channel.rekeying, Rekeying::None) {
            Rekeying::Early(epoch, message) if epoch == identity.epoch => {
                self.answer_inside(&message, identity, epoch, &identity.psk, rng, out);
            }
            other => channel.rekeying = other,
        }
    }

    fn answer_inside(
        &mut self,
        message: &[u8],
        identity: &Identity,
        epoch: Epoch,
        psk: &PairPsk,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) {
        let answered = |channel: &Channel| matches!(channel.rekeying, Rekeying::Answered(_));
        if self.channel.as_ref().is_none_or(answered) {
            return;
        }
        let Some((next, message)) = self.respond(message, identity, epoch, psk, rng) else {
            return;
        };
        if self.channel.as_mut().is_none_or(|channel| channel.session.begin_switch(next).is_err()) {
            return;
        }
        // The last message that is sealed with the keys before.
        self.say(&Ctl::Rekey(Rekey::Second { message }), out);
        if let Some(channel) = &mut self.channel {
            channel.session.switch_sending();
            channel.rekeying = Rekeying::Answered(epoch);
        }
    }

    fn finish_inside(&mut self, message: &[u8], out: &mut Vec<Parcel>) -> bool {
        let Some(channel) = &mut self.channel else { return false };
        let (initiation, epoch) = match std::mem::replace(&mut channel.rekeying, Rekeying::None) {
            Rekeying::Asked(initiation, epoch) => (initiation, epoch),
            other => {
                channel.rekeying = other;
                return false;
            }
        };
        let Ok(next) = initiation.finish(message) else {
            tracing::debug!("the answer to a handshake inside a session was refused");
            return false;
        };
        if channel.session.begin_switch(next).is_err() {
            return false;
        }
        channel.session.switch_opening();
        channel.epoch = epoch;
        // The last message that is sealed with the keys before.
        self.say(&Ctl::Rekey(Rekey::Done), out);
        if let Some(channel) = &mut self.channel {
            channel.session.switch_sending();
        }
        true
    }
}
