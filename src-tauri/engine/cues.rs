//! Which cue tells a change of the talk button's situation, without looking.

use pushtalk_audio::Cue;
use pushtalk_protocol::Mode;
use pushtalk_room::Situation;

use crate::face::CuePreferences;

/// The cue for what the button showed before and shows now; most changes have none.
pub(crate) fn cue(before: Situation, after: Situation, mode: Mode) -> Option<Cue> {
    match (before, after) {
        (Situation::Talking { near: false, .. }, Situation::Talking { near: true, .. }) => {
            Some(Cue::LimitNear)
        }
        (Situation::Talking { .. }, Situation::Talking { .. }) => None,
        (_, Situation::Talking { .. }) => Some(Cue::Permit),
        (before, after) if is_refused(after) => (!is_refused(before)).then_some(Cue::Busy),
        (Situation::Offline, Situation::Offline) => None,
        (_, Situation::Offline) => Some(Cue::NetworkDown),
        (Situation::Offline | Situation::Connecting, Situation::Idle | Situation::Receiving { .. }) => {
            Some(Cue::NetworkUp)
        }
        // In an open room nobody waits for it.
        (Situation::Receiving { .. } | Situation::Busy { .. }, Situation::Idle) if mode == Mode::Radio => {
            Some(Cue::Free)
        }
        _ => None,
    }
}

/// The button is down, and what is said now goes nowhere.
fn is_refused(situation: Situation) -> bool {
    matches!(situation, Situation::Busy { .. } | Situation::Queued { .. } | Situation::Revoked { .. })
}

/// How loud the person wants a cue, 0.0 to 1.0; none for not at all.
pub(crate) fn loudness(cue: Cue, preferences: &CuePreferences) -> Option<f32> {
    let on = match cue {
        Cue::Permit => preferences.permit,
        Cue::Busy => preferences.busy,
        Cue::Free => preferences.free,
        Cue::LimitNear => preferences.limit,
        Cue::NetworkUp | Cue::NetworkDown => preferences.network,
        Cue::Whisper => preferences.whisper,
    };
    (on && preferences.volume > 0).then(|| f32::from(preferences.volume.min(100)) / 100.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pushtalk_protocol::Pid;
    use pushtalk_room::RevokedWhy;

    use super::*;

    const WHO: Pid = Pid::new([7; 16]);
    const IDLE: Situation = Situation::Idle;
    const RECEIVING: Situation = Situation::Receiving { who: WHO };
    const BUSY: Situation = Situation::Busy { who: WHO };

    fn talking(near: bool) -> Situation {
        Situation::Talking { since: Duration::ZERO, until: Duration::from_secs(30), near }
    }

    fn radio(before: Situation, after: Situation) -> Option<Cue> {
        cue(before, after, Mode::Radio)
    }

    #[test]
    fn a_turn_is_permitted_once_and_its_end_is_announced_once() {
        assert_eq!(radio(Situation::Requesting, talking(false)), Some(Cue::Permit));
        assert_eq!(radio(Situation::Queued { place: 1 }, talking(false)), Some(Cue::Permit));
        assert_eq!(radio(talking(false), talking(false)), None);
        assert_eq!(radio(talking(false), talking(true)), Some(Cue::LimitNear));
        assert_eq!(radio(talking(true), talking(true)), None);
        assert_eq!(radio(talking(true), IDLE), None);
    }

    #[test]
    fn who_holds_the_button_in_vain_hears_it_once() {
        let revoked = Situation::Revoked { why: RevokedWhy::Limit };
        for refused in [BUSY, Situation::Queued { place: 2 }, revoked] {
            assert_eq!(radio(Situation::Requesting, refused), Some(Cue::Busy));
        }
        assert_eq!(radio(talking(true), revoked), Some(Cue::Busy));
        assert_eq!(radio(Situation::Queued { place: 2 }, Situation::Queued { place: 1 }), None);
        assert_eq!(radio(revoked, IDLE), None);
    }

    #[test]
    fn a_channel_becomes_free_where_one_talks_at_a_time() {
        assert_eq!(radio(RECEIVING, IDLE), Some(Cue::Free));
        assert_eq!(radio(BUSY, IDLE), Some(Cue::Free));
        assert_eq!(cue(RECEIVING, IDLE, Mode::Open), None);
        assert_eq!(radio(IDLE, RECEIVING), None);
    }

    #[test]
    fn the_network_is_heard_to_come_and_to_go() {
        assert_eq!(radio(Situation::Connecting, IDLE), Some(Cue::NetworkUp));
        assert_eq!(radio(Situation::Offline, RECEIVING), Some(Cue::NetworkUp));
        assert_eq!(radio(IDLE, Situation::Offline), Some(Cue::NetworkDown));
        assert_eq!(radio(Situation::Offline, Situation::Offline), None);
        assert_eq!(radio(Situation::AudioOff, IDLE), None, "the microphone was turned on");
        assert_eq!(radio(Situation::Alone, Situation::Connecting), None);
    }

    #[test]
    fn each_cue_can_be_turned_off_and_all_of_them_down() {
        let all = [Cue::Permit, Cue::Busy, Cue::Free, Cue::LimitNear, Cue::NetworkUp, Cue::Whisper];
        let none = CuePreferences {
            volume: 40,
            permit: false,
            busy: false,
            free: false,
            limit: false,
            network: false,
            whisper: false,
        };
        let only: [fn(&mut CuePreferences) -> &mut bool; 6] = [
            |p| &mut p.permit,
            |p| &mut p.busy,
            |p| &mut p.free,
            |p| &mut p.limit,
            |p| &mut p.network,
            |p| &mut p.whisper,
        ];
        for (cue, switch) in all.into_iter().zip(only) {
            let mut one = none;
            *switch(&mut one) = true;
            let loud: Vec<_> = all.into_iter().map(|cue| loudness(cue, &one)).collect();
            assert_eq!(loud.iter().flatten().count(), 1, "{cue:?}");
            assert_eq!(loudness(cue, &one), Some(0.4));
            assert_eq!(loudness(cue, &CuePreferences { volume: 0, ..one }), None);
            assert_eq!(loudness(cue, &CuePreferences { volume: 255, ..one }), Some(1.0));
        }
    }
}
