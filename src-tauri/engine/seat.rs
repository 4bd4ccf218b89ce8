//! Our seat at the server: kept when the connection is lost, and taken again.
//!
//! Those inside talk on without a server; with it others can come in, and who is lost can be found again.

use std::time::Duration;

use pushtalk_protocol::{Created, Join, Joined, RefusalCode, Resume};
use pushtalk_signaling::client::Trust;
use rand::CryptoRng;

use crate::backoff::{NETWORK, jittered};
use crate::brain::{Answer, Output, Request, ServerNews};
use crate::face::ErrorCode;
use crate::inside::Inside;
use crate::notices::Notices;
use crate::serving::TRIES;

/// A try that has led nowhere by then is over.
const PATIENCE: Duration = Duration::from_secs(12);

/// How we stand with the server.
pub(crate) enum Seat {
    /// It knows us.
    Taken,
    /// The connection is lost; it is tried again then.
    Lost { at: Duration, tries: u32, by: By },
    /// Being tried, until then.
    Trying { until: Duration, tries: u32, by: By },
    /// The room is closed, or we are not wanted: it is not tried again by itself.
    Given {
        /// The server has closed the room.
        closed: bool,
    },
}

/// By what we come back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The key of our seat.
    Seat,
    /// The room secret, when the seat is gone.
    Secret,
    /// What the hosts have signed, when the room is gone.
    History,
    /// The room secret, when somebody else has just made the room anew.
    SecretAgain {
        /// The server has too much to do to make it anew: a refusal says nothing.
        crowded: bool,
    },
}

impl By {
    /// What is left where this one was refused.
    fn next(self) -> Option<Self> {
        match self {
            Self::Seat => Some(Self::Secret),
            Self::Secret => Some(Self::History),
            Self::History => Some(Self::SecretAgain { crowded: false }),
            Self::SecretAgain { .. } => None,
        }
    }
}

impl Seat {
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Taken)
    }

    /// True when we cannot come back.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self, Self::Given { .. })
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        match self {
            Self::Taken | Self::Given { .. } => None,
            Self::Lost { at, .. } => Some(*at),
            Self::Trying { until, .. } => Some(*until),
        }
    }

    /// There may be another way to the server now.
    pub(crate) fn hurry(&mut self, now: Duration) {
        if let Self::Lost { by, .. } | Self::Trying { by, .. } = self {
            *self = Self::Lost { at: now, tries: 0, by: *by };
        }
    }

    /// Another server is to be tried, at which everything may be otherwise.
    pub(crate) fn begin_anew(&mut self, now: Duration) {
        let (at, tries) = match self {
            Self::Lost { at, tries, .. } => (*at, *tries),
            Self::Trying { tries, .. } => (now, *tries),
            Self::Taken | Self::Given { .. } => return,
        };
        *self = Self::Lost { at, tries, by: By::Seat };
    }

    /// We were not wanted, and are others now: it is tried once more. A room that the server has closed stays closed.
    pub(crate) fn reconsider(&mut self, now: Duration) {
        if matches!(self, Self::Given { closed: false }) {
            self.begin_by_seat(now);
        }
    }

    /// There is another server, which may know us.
    pub(crate) fn begin_by_seat(&mut self, now: Duration) {
        *self = Self::Lost { at: now, tries: 0, by: By::Seat };
    }

    /// True after so many tries that have led nowhere.
    pub(crate) fn failed(&self, times: u32) -> bool {
        match self {
            Self::Lost { tries, .. } | Self::Trying { tries, .. } => *tries >= times,
            Self::Taken | Self::Given { .. } => false,
        }
    }

    /// There is a server now that knows nothing yet.
    pub(crate) fn begin_by_restoring(&mut self, now: Duration) {
        *self = Self::Lost { at: now, tries: 0, by: By::History };
    }

    /// Refused; the next try is by this.
    fn go_on(&mut self, now: Duration, rng: &mut dyn CryptoRng, by: By) {
        if let Self::Lost { tries, .. } | Self::Trying { tries, .. } = self {
            *self = Self::Lost { at: now + jittered(NETWORK.after(0), rng), tries: *tries, by };
        }
    }

    fn fail(&mut self, now: Duration, rng: &mut dyn CryptoRng, by: By) {
        let tries = match self {
            Self::Lost { tries, .. } | Self::Trying { tries, .. } => *tries + 1,
            Self::Taken | Self::Given { .. } => 0,
        };
        *self = Self::Lost { at: now + jittered(NETWORK.after(tries), rng), tries, by };
    }
}

impl Inside {
    /// The connection to the server is lost.
    pub(crate) fn unseated(&mut self, now: Duration, rng: &mut dyn CryptoRng, notices: &mut Notices) {
        let by = match &self.seat {
            Seat::Given { .. } => return,
            Seat::Taken => {
                notices.tell(ErrorCode::ServerGone, None);
                By::Seat
            }
            Seat::Lost { by, .. } => *by,
            Seat::Trying { .. } => By::Seat,
        };
        self.seat.fail(now, rng, by);
    }

    /// The connection to the server hung on an address that is gone: there is nothing to wait for.
    pub(crate) fn cut_off(&mut self, now: Duration, rng: &mut dyn CryptoRng, notices: &mut Notices) {
        self.unseated(now, rng, notices);
        self.seat.hurry(now);
    }

    /// True when it is time to connect anew, with the number that is to be given to the try.
    pub(crate) fn wants_seat(&self, now: Duration) -> bool {
        matches!(&self.seat, Seat::Lost { at, .. } if now >= *at)
    }

    /// Connects anew.
    pub(crate) fn seek_seat(&mut self, now: Duration, attempt: u64, out: &mut Vec<Output>) {
        if let Seat::Lost { tries, by, .. } = self.seat {
            self.seat = Seat::Trying { until: now + PATIENCE, tries, by };
            let trust = self.certificate.map_or(Trust::AcceptAndTell, Trust::Pinned);
            out.push(Output::Connect(attempt, self.way(), trust));
        }
    }

    pub(crate) fn seat_timeout(&mut self, now: Duration, rng: &mut dyn CryptoRng) {
        if let Seat::Trying { until, .. } = self.seat
            && now >= until
        {
            self.missed(now, rng);
        }
    }

    /// A try has led nowhere. Where there are several servers, they are tried in turns, but the one where we sat first: it
    /// may only be slow. What was asked may have been done, and
    /// the answer been lost: then there is a seat to come back to.
    fn missed(&mut self, now: Duration, rng: &mut dyn CryptoRng) {
        self.seat.fail(now, rng, By::Seat);
        if !self.serving.may_live() || self.seat.failed(TRIES) {
            self.look_elsewhere(now);
        }
    }

    /// A try was refused.
    fn refused(&mut self, now: Duration, rng: &mut dyn CryptoRng, by: By) {
        match by.next() {
            Some(next) => self.seat.go_on(now, rng, next),
            None if by == (By::SecretAgain { crowded: true }) => self.missed(now, rng),
            None if self.give_up_server(now) => {}
            None => self.seat = Seat::Given { closed: false },
        }
    }

    /// How the try goes.
    pub(crate) fn seat_news(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        news: ServerNews,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Seat::Trying { by, .. } = self.seat else { return };
        match news {
            ServerNews::Connected(server) if server == self.identity.server => {
                out.push(Output::Request(Request::Hello));
            }
            ServerNews::Answer(Answer::Hello(ack)) => {
                self.serving.on_device = ack.on_device;
                let identity = &self.identity;
                let (room_id, pid, challenge) = (identity.room_id, identity.pid, &ack.challenge);
                out.push(Output::Request(match by {
                    By::Seat => {
                        let sig = identity.seat_key.sign_resume(challenge, room_id, pid, &identity.server);
                        Request::Resume(Box::new(Resume { room_id, pid, sig }))
                    }
                    // Its secret is on the way.
                    By::History if self.epoch() != identity.epoch => return self.missed(now, rng),
                    By::History => match self.restore(challenge) {
                        Some(restore) => Request::Restore(Box::new(restore)),
                        None => return self.refused(now, rng, by),
                    },
                    By::Secret | By::SecretAgain { .. } => {
                        let epoch = identity.epoch;
                        let key = identity.secret.join_key(room_id, epoch);
                        Request::Join(Box::new(Join {
                            room_id,
                            epoch,
                            member_pub: identity.member_key.public(),
                            seat_pub: identity.seat_key.public(),
                            sig: key.sign_join(challenge, room_id, epoch, pid, &identity.server),
                        }))
                    }
                }));
            }
            ServerNews::Answer(Answer::Joined(joined)) => self.seated(now, rng, joined, notices, out),
            ServerNews::Answer(Answer::Created(Created { nameplate })) => {
                self.seated(now, rng, Joined { members: Vec::new(), nameplate }, notices, out);
            }
            ServerNews::Answer(Answer::Refused(RefusalCode::NotAvailable)) => self.refused(now, rng, by),
            // Others from this address have made it anew, perhaps.
            ServerNews::Answer(Answer::Refused(RefusalCode::TooMany)) if by == By::History => {
                self.seat.go_on(now, rng, By::SecretAgain { crowded: true });
            }
            ServerNews::Connected(_) | ServerNews::Failed(..) | ServerNews::Answer(_) => {
                self.missed(now, rng);
            }
            ServerNews::Push(_) => {}
        }
    }

    fn seated(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        joined: Joined,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        tracing::info!("the seat at the server is taken again");
        self.seat = Seat::Taken;
        notices.withdraw(ErrorCode::ServerGone);
        self.settled(joined.nameplate, notices, out);
        if let Some(latest) = &self.epochs.latest {
            // It may have been signed while the server could not be reached.
            out.push(Output::Rotate(latest.clone()));
        }
        for member in joined.members {
            self.meet(now, rng, member, out);
        }
    }
}
