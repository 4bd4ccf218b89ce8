//! What a sound check is at, as the person sees it.

use pushtalk_device::{DeviceError, Direction};

use crate::brain::{CheckNews, CheckOrder, Output};
use crate::face::{ErrorCode, Preferences, SoundCheck};
use crate::notices::Notices;
use crate::sounding::alone;

/// One sound check at a time; the news of others count for nothing.
#[derive(Default)]
pub(crate) struct Checking {
    number: u32,
    shown: SoundCheck,
}

impl Checking {
    pub(crate) fn shown(&self) -> SoundCheck {
        self.shown
    }

    /// Begins anew, whatever runs.
    pub(crate) fn begin(&mut self, record: bool, preferences: &Preferences, out: &mut Vec<Output>) {
        self.number = self.number.wrapping_add(1);
        self.shown = if record { SoundCheck::Recording } else { SoundCheck::TestSound };
        out.push(Output::SoundCheck(CheckOrder {
            number: self.number,
            record,
            input: preferences.input.clone(),
            output: preferences.output.clone(),
            processing: alone(preferences.processing),
        }));
    }

    pub(crate) fn stop(&mut self, out: &mut Vec<Output>) {
        if self.shown != SoundCheck::Idle {
            self.number = self.number.wrapping_add(1);
            self.shown = SoundCheck::Idle;
            out.push(Output::StopSoundCheck);
        }
    }

    pub(crate) fn news(&mut self, number: u32, news: CheckNews, notices: &mut Notices) {
        if number != self.number {
            return;
        }
        self.shown = match news {
            CheckNews::PlayingBack => SoundCheck::PlayingBack,
            CheckNews::Done | CheckNews::Failed(..) | CheckNews::Silent => SoundCheck::Idle,
        };
        let (code, about) = match news {
            CheckNews::PlayingBack | CheckNews::Done => return,
            CheckNews::Silent => (ErrorCode::MicrophoneSilent, None),
            CheckNews::Failed(_, DeviceError::NotFound { name }) => (ErrorCode::DeviceMissing, Some(name)),
            CheckNews::Failed(Direction::Input, DeviceError::PermissionDenied) => {
                (ErrorCode::MicrophoneBlocked, None)
            }
            CheckNews::Failed(Direction::Input, _) => (ErrorCode::NoMicrophone, None),
            CheckNews::Failed(Direction::Output, _) => (ErrorCode::NoOutput, None),
        };
        notices.tell(code, about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_shown_until_it_is_over_and_what_was_stopped_says_nothing_more() {
        let (mut check, mut notices, mut out) = (Checking::default(), Notices::default(), Vec::new());
        check.begin(true, &Preferences::default(), &mut out);
        assert_eq!(check.shown(), SoundCheck::Recording);
        check.news(1, CheckNews::PlayingBack, &mut notices);
        assert_eq!(check.shown(), SoundCheck::PlayingBack);
        check.begin(false, &Preferences::default(), &mut out);
        check.news(1, CheckNews::Failed(Direction::Output, DeviceError::NoOutput), &mut notices);
        assert_eq!((check.shown(), notices.list()), (SoundCheck::TestSound, &[][..]));
        check.news(2, CheckNews::Done, &mut notices);
        assert_eq!(check.shown(), SoundCheck::Idle);
        check.stop(&mut out);
        assert_eq!(out.len(), 2, "there is nothing to stop");
        check.begin(false, &Preferences::default(), &mut out);
        check.stop(&mut out);
        assert!(matches!(out.last(), Some(Output::StopSoundCheck)));
    }

    #[test]
    fn what_goes_wrong_is_told_by_its_own_code() {
        for (news, code) in [
            (CheckNews::Silent, ErrorCode::MicrophoneSilent),
            (
                CheckNews::Failed(Direction::Input, DeviceError::PermissionDenied),
                ErrorCode::MicrophoneBlocked,
            ),
            (CheckNews::Failed(Direction::Input, DeviceError::Busy), ErrorCode::NoMicrophone),
            (CheckNews::Failed(Direction::Output, DeviceError::Busy), ErrorCode::NoOutput),
            (
                CheckNews::Failed(Direction::Output, DeviceError::NotFound { name: "x".into() }),
                ErrorCode::DeviceMissing,
            ),
        ] {
            let (mut check, mut notices) = (Checking::default(), Notices::default());
            check.begin(true, &Preferences::default(), &mut Vec::new());
            check.news(1, news, &mut notices);
            assert_eq!(notices.list().iter().map(|notice| notice.code).collect::<Vec<_>>(), [code]);
            assert_eq!(check.shown(), SoundCheck::Idle);
        }
    }
}
