//! How the voice of one member arrives here, and ours there: clocks, delay, loss.

use std::collections::VecDeque;
use std::time::Duration;

use pushtalk_audio::JitterConfig;
use pushtalk_protocol::Report;

use crate::coding::PathQuality;
use crate::face::Quality;
use crate::stats::HearingStats;
use crate::view::millis;

/// Of so many round trips the quickest tells most about the clocks.
const ROUND_TRIPS: usize = 16;
/// Pings that may be on their way; one is sent each second, and who is silent for longer than that is lost.
const PINGS: usize = 8;
/// What a member said about our voice counts for so long.
const REPORT_LASTS: Duration = Duration::from_secs(30);
/// Further from now than this no voice is: the clocks were not understood.
const PLAUSIBLE: i64 = 10_000_000;

/// What is known of the voice path to and from one member.
#[derive(Default)]
pub(crate) struct Reception {
    clocks: Clocks,
    /// RTP timestamp of a frame of the member, and when it was said, in microseconds of our clock.
    captured: Option<(u32, i64)>,
    /// As of the last quality that was made of it.
    hearing: HearingStats,
    pub(crate) quality: Option<Quality>,
    report: Option<(Duration, Report)>,
    /// As it was taken for when it was last asked how long to hold its voice.
    far: bool,
}

impl Reception {
    /// The token of a ping that goes out now.
    pub(crate) fn ping(&mut self, now: Duration) -> u32 {
        self.clocks.ping(now)
    }

    /// The answer to a ping.
    pub(crate) fn pong(&mut self, now: Duration, token: u32, at: u64) {
        self.clocks.pong(now, token, at);
    }

    /// The quickest of the last round trips.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.clocks.best().map(|best| best.round_trip)
    }

    /// The member tells when a frame was said, on its clock.
    pub(crate) fn captured(&mut self, timestamp: u32, at: u64) {
        self.captured = self.clocks.ours(at).map(|at| (timestamp, at));
    }

    /// What is heard of the member, about once a second. Gives what is to be reported to it.
    pub(crate) fn heard(&mut self, hearing: HearingStats) -> Report {
        let (now, before) = (hearing.jitter, self.hearing.jitter);
        let lost = now.lost.saturating_sub(before.lost);
        let late = now.late.saturating_sub(before.late);
        let received = now.received.saturating_sub(before.received);
        let played = now.played_blocks.saturating_sub(before.played_blocks);
        let concealed = now.concealed_blocks.saturating_sub(before.concealed_blocks);
        let bytes = hearing.bytes.saturating_sub(self.hearing.bytes);
        let frames = now.played.saturating_sub(before.played).max(1);
        let mouth_to_ear =
            self.mouth_to_ear(&hearing).or_else(|| self.quality.and_then(|quality| quality.mouth_to_ear_ms));
        self.hearing = hearing;
        self.quality = Some(Quality {
            mouth_to_ear_ms: mouth_to_ear,
            round_trip_ms: self.round_trip().map(millis),
            buffer_ms: millis(now.buffer),
            jitter_ms: millis(now.jitter),
            loss_permille: share(lost, lost + received, 1000),
            concealed_permille: share(concealed, played, 1000),
            // Frames of 10 or 20 ms: what was played tells which.
            bitrate: share(bytes * 8, frames.max(played), 100),
        });
        Report {
            fraction_lost: u8::try_from(share(lost, lost + received, 256)).unwrap_or(u8::MAX),
            discard_rate: u8::try_from(share(late, lost + received, 256)).unwrap_or(u8::MAX),
            buffer_ms: u16::try_from(millis(now.buffer)).unwrap_or(u16::MAX),
            mouth_to_ear_ms: mouth_to_ear.map(|ms| u16::try_from(ms).unwrap_or(u16::MAX)),
        }
    }

    /// What the member says of our voice.
    pub(crate) fn reported(&mut self, now: Duration, report: Report) {
        self.report = Some((now, report));
    }

    /// The path, by what the member said of late.
    pub(crate) fn path(&self, now: Duration) -> PathQuality {
        let report = self.report.filter(|(at, _)| now.saturating_sub(*at) < REPORT_LASTS);
        PathQuality {
            round_trip: self.round_trip(),
            fraction_lost: report.map_or(0, |(_, report)| report.fraction_lost),
        }
    }

    /// How long to hold the member's voice, when that has changed.
    pub(crate) fn hold(&mut self, now: Duration) -> Option<JitterConfig> {
        let near = self.path(now).is_near();
        let changed = near == std::mem::replace(&mut self.far, !near);
        changed.then(|| if near { JitterConfig::lan() } else { JitterConfig::wide() })
    }

    fn mouth_to_ear(&self, hearing: &HearingStats) -> Option<u32> {
        let ((timestamp, said), played) = (self.captured?, hearing.played?);
        let apart = i64::from(played.timestamp.wrapping_sub(timestamp) as i32) * 1000 / 48;
        let delay = signed(micros(played.at)).saturating_sub(said.saturating_add(apart));
        (0..PLAUSIBLE).contains(&delay).then(|| u32::try_from((delay + 500) / 1000).unwrap_or(0))
    }
}

/// How far the clocks of two devices are apart, from pings (RFC 5905 section 8, without its filters but one).
#[derive(Default)]
struct Clocks {
    token: u32,
    /// Pings without an answer, and when they went out.
    asked: VecDeque<(u32, Duration)>,
    trips: VecDeque<Trip>,
}

#[derive(Clone, Copy)]
struct Trip {
    round_trip: Duration,
    /// What is to be taken from the other clock to have ours, in microseconds.
    ahead: i64,
}

impl Clocks {
    fn ping(&mut self, now: Duration) -> u32 {
        self.token = self.token.wrapping_add(1);
        if self.asked.len() == PINGS {
            self.asked.pop_front();
        }
        self.asked.push_back((self.token, now));
        self.token
    }

    fn pong(&mut self, now: Duration, token: u32, at: u64) {
        // An answer counts once.
        let Some(place) = self.asked.iter().position(|(asked, _)| *asked == token) else { return };
        let Some((_, asked)) = self.asked.remove(place) else { return };
        let round_trip = now.saturating_sub(asked);
        let middle = signed(micros(asked + round_trip / 2));
        let ahead = signed(at).saturating_sub(middle);
        self.trips.push_back(Trip { round_trip, ahead });
        if self.trips.len() > ROUND_TRIPS {
            self.trips.pop_front();
        }
    }

    fn best(&self) -> Option<Trip> {
        self.trips.iter().copied().min_by_key(|trip| trip.round_trip)
    }

    fn ours(&self, theirs: u64) -> Option<i64> {
        Some(signed(theirs).saturating_sub(self.best()?.ahead))
    }
}

/// Our clock as others are told of it.
pub(crate) fn micros(now: Duration) -> u64 {
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

fn share(part: u64, of: u64, whole: u64) -> u32 {
    u32::try_from((part * whole).checked_div(of).unwrap_or(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use pushtalk_audio::JitterStats;

    use super::*;
    use crate::stats::Played;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Our clock is 5 s ahead of the other one.
    fn theirs(ours: u64) -> u64 {
        (ours - 5_000) * 1000
    }

    #[test]
    fn the_quickest_round_trip_tells_how_far_the_clocks_are_apart() {
        let mut reception = Reception::default();
        for (asked, there, back) in [(6_000, 90, 20), (7_000, 4, 6), (8_000, 30, 70)] {
            let token = reception.ping(ms(asked));
            reception.pong(ms(asked + 1), token.wrapping_add(9), 1);
            reception.pong(ms(asked + there + back), token, theirs(asked + there));
            reception.pong(ms(asked + 300), token, 3);
        }
        assert_eq!(reception.round_trip(), Some(ms(10)));
        reception.captured(96_000, theirs(9_000));
        let played = Some(Played { timestamp: 96_000 + 480, at: ms(9_050) });
        reception.heard(HearingStats { played, ..HearingStats::default() });
        // 40 ms, and the millisecond by which the way there and back differ.
        assert_eq!(reception.quality.unwrap().mouth_to_ear_ms, Some(39));
    }

    #[test]
    fn a_round_trip_may_take_longer_than_the_next_ping_waits() {
        let mut reception = Reception::default();
        let tokens = [1_000, 2_000, 3_000].map(|at| reception.ping(ms(at)));
        reception.pong(ms(2_400), tokens[0], 0);
        assert_eq!(reception.round_trip(), Some(ms(1_400)));
        reception.pong(ms(4_300), tokens[2], 0);
        assert_eq!(reception.round_trip(), Some(ms(1_300)));
    }

    #[test]
    fn a_report_is_about_what_came_since_the_last_one() {
        let mut reception = Reception::default();
        let hearing = |received, lost, played| HearingStats {
            jitter: JitterStats {
                received,
                lost,
                played: received,
                played_blocks: played,
                buffer: ms(11),
                ..JitterStats::default()
            },
            bytes: received * 60,
            ..HearingStats::default()
        };
        reception.heard(hearing(100, 0, 100));
        let report = reception.heard(hearing(190, 10, 200));
        assert_eq!((report.fraction_lost, report.buffer_ms, report.mouth_to_ear_ms), (25, 11, None));
        let quality = reception.quality.unwrap();
        assert_eq!((quality.loss_permille, quality.bitrate), (100, 43_200));
    }

    #[test]
    fn what_somebody_said_of_our_voice_is_forgotten_after_a_while() {
        let mut reception = Reception::default();
        reception.reported(ms(1_000), Report { fraction_lost: 9, ..Report::default() });
        assert_eq!(reception.path(ms(30_000)).fraction_lost, 9);
        assert_eq!(reception.path(ms(31_000)).fraction_lost, 0);
    }

    #[test]
    fn a_far_member_is_held_for_longer_and_that_is_told_once() {
        let mut reception = Reception::default();
        assert_eq!(reception.hold(ms(0)), None);
        let token = reception.ping(ms(1_000));
        reception.pong(ms(1_030), token, 0);
        assert_eq!(reception.hold(ms(1_030)), Some(JitterConfig::wide()));
        assert_eq!(reception.hold(ms(1_030)), None);
        let token = reception.ping(ms(2_000));
        reception.pong(ms(2_003), token, 0);
        assert_eq!(reception.hold(ms(2_003)), Some(JitterConfig::lan()));
    }
}
