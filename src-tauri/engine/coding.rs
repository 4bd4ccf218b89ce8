//! How voice is encoded: once for all who hear it, so for the worst of the paths.

use std::time::Duration;

use pushtalk_audio::EncoderSettings;

/// A round trip up to this is that of a local network.
const NEAR: Duration = Duration::from_millis(12);
/// From this share of lost packets on, of 256, half as many packets are better: 3 %.
const MUCH_LOSS: u8 = 8;
/// It is as good as that for so long before less is done.
const PATIENCE: Duration = Duration::from_secs(10);
/// The encoder is not told of more loss than this, in percent: what is behind it would be left with too little.
const MOST_LOSS: u8 = 30;

/// One path, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PathQuality {
    pub(crate) round_trip: Option<Duration>,
    /// Of 256 packets.
    pub(crate) fraction_lost: u8,
}

impl PathQuality {
    /// Whether it is one through a local network.
    pub(crate) fn is_near(&self) -> bool {
        self.round_trip.is_none_or(|round_trip| round_trip <= NEAR)
    }
}

/// From the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Course {
    /// Short frames.
    Near,
    /// Long ones, which the redundancy is better in.
    Far,
}

/// The choice of settings over time.
pub(crate) struct Coding {
    course: Course,
    /// Since when the paths ask for less.
    better_since: Option<Duration>,
    told: EncoderSettings,
}

impl Coding {
    pub(crate) fn new() -> Self {
        Self { course: Course::Near, better_since: None, told: EncoderSettings::lan() }
    }

    /// New settings, when the paths to those who listen ask for others.
    pub(crate) fn choose(
        &mut self,
        now: Duration,
        paths: impl Iterator<Item = PathQuality>,
    ) -> Option<EncoderSettings> {
        let (near, lost) = paths
            .fold((true, 0), |(near, lost), path| (near && path.is_near(), path.fraction_lost.max(lost)));
        let wanted = match lost {
            MUCH_LOSS.. => Course::Far,
            _ if !near => Course::Far,
            _ => Course::Near,
        };
        let worse = wanted >= self.course;
        if worse || now >= *self.better_since.get_or_insert(now) + PATIENCE {
            self.course = wanted;
            self.better_since = None;
        }
        let percent = u8::try_from(u32::from(lost) * 100 / 256).unwrap_or(MOST_LOSS).min(MOST_LOSS);
        let settings = match self.course {
            Course::Near => EncoderSettings::lan(),
            Course::Far => EncoderSettings::wide(),
        };
        let settings = EncoderSettings { loss_percent: settings.loss_percent.max(percent), ..settings };
        (settings != std::mem::replace(&mut self.told, settings)).then_some(settings)
    }
}

#[cfg(test)]
mod tests {
    use pushtalk_audio::FrameLength;

    use super::*;

    fn path(round_trip_ms: u64, percent: u32) -> PathQuality {
        PathQuality {
            round_trip: Some(Duration::from_millis(round_trip_ms)),
            fraction_lost: u8::try_from(percent * 256 / 100).unwrap(),
        }
    }

    fn choose(coding: &mut Coding, second: u64, paths: &[PathQuality]) -> Option<EncoderSettings> {
        coding.choose(Duration::from_secs(second), paths.iter().copied())
    }

    #[test]
    fn a_local_network_has_short_frames_and_one_far_member_makes_them_long() {
        let mut coding = Coding::new();
        assert_eq!(choose(&mut coding, 0, &[path(1, 0), PathQuality::default()]), None);
        let far = choose(&mut coding, 1, &[path(1, 0), path(40, 0)]).unwrap();
        assert_eq!((far.frame, far.bitrate), (FrameLength::Ms20, 48_000));
        assert_eq!(choose(&mut coding, 2, &[path(1, 0), path(40, 0)]), None);
    }

    #[test]
    fn loss_is_met_at_once_and_believed_to_be_over_after_a_while() {
        let mut coding = Coding::new();
        let lossy = choose(&mut coding, 0, &[path(1, 0), path(1, 20)]).unwrap();
        assert_eq!((lossy.frame, lossy.bitrate, lossy.loss_percent), (FrameLength::Ms20, 48_000, 19));
        for second in 1..11 {
            let now = choose(&mut coding, second, &[path(1, 0)]);
            assert!(now.is_none_or(|settings| settings.frame == FrameLength::Ms20), "{second}");
        }
        assert_eq!(choose(&mut coding, 11, &[path(1, 0)]), Some(EncoderSettings::lan()));
    }

    #[test]
    fn the_size_of_a_frame_changes_only_with_the_course() {
        let mut coding = Coding::new();
        let sizes: Vec<usize> = [10, 12, 15, 40, 25]
            .iter()
            .filter_map(|percent| choose(&mut coding, 0, &[path(1, *percent)]))
            .map(|settings| settings.frame_bytes())
            .collect();
        assert!(sizes.len() > 2 && sizes.iter().all(|size| *size == 120), "{sizes:?}");
    }
}
