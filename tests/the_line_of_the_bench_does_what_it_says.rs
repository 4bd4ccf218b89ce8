//! The line over which voice is marked loses, delays and reorders as it says, and a path of voice over it is whole.

use std::time::Duration;

use pushtalk_audio::EncoderSettings;
use pushtalk_engine::tail_frames;
use pushtalk_tests::gaps::gaps;
use pushtalk_tests::line::{Impairment, LEAST_DELAY, Line};
use pushtalk_tests::passage::{Passage, Path};

const CLEAN: Impairment = Impairment { loss: 0.0, burst: 1, jitter: Duration::ZERO };
const PACKETS: u32 = 50_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// When packets arrive that are sent every 10 ms.
fn arrivals(impairment: Impairment, seed: u64) -> Vec<Option<Duration>> {
    let mut line = Line::new(impairment, seed);
    (0..PACKETS).map(|n| line.carry(ms(10) * n)).collect()
}

/// A voice of 150 Hz with overtones that swells and fades.
fn voice(seconds: usize) -> Vec<f32> {
    (0..seconds * 48_000)
        .map(|n| {
            let time = n as f32 / 48_000.0;
            let wave = |times: f32| (std::f32::consts::TAU * 150.0 * times * time).sin() / times;
            0.2 * (1.0 + 0.5 * (12.0 * time).sin()) * (1..12).map(|times| wave(times as f32)).sum::<f32>()
        })
        .collect()
}

fn heard(settings: EncoderSettings, impairment: Impairment, seed: u64) -> anyhow::Result<Passage> {
    Path::new(settings, Line::new(impairment, seed), ms(3))?.say(&voice(3))
}

#[test]
fn it_loses_the_share_that_it_says() {
    for (loss, burst) in [(0.0, 1), (0.01, 1), (0.05, 1), (0.2, 1), (0.1, 3)] {
        let arrivals = arrivals(Impairment { loss, burst, ..CLEAN }, 1);
        let lost = arrivals.iter().filter(|arrival| arrival.is_none()).count();
        let share = lost as f64 / f64::from(PACKETS);
        assert!((share - loss).abs() <= 0.1 * loss, "{loss} in rows of {burst}: {share}");
    }
}

#[test]
fn what_it_loses_in_a_row_is_never_fewer() {
    let arrivals = arrivals(Impairment { loss: 0.1, burst: 3, ..CLEAN }, 2);
    // The last row may not be over yet.
    let end = arrivals.iter().rposition(Option::is_some).unwrap();
    let rows = arrivals[..end].split(Option::is_some).map(<[_]>::len).filter(|row| *row > 0);
    assert!(rows.clone().count() > 1000);
    assert!(rows.clone().all(|row| row % 3 == 0));
}

#[test]
fn the_same_seed_gives_the_same_packets_and_another_seed_others() {
    let impairment = Impairment { loss: 0.1, burst: 1, jitter: ms(40) };
    assert_eq!(arrivals(impairment, 3), arrivals(impairment, 3));
    assert_ne!(arrivals(impairment, 3), arrivals(impairment, 4));
}

#[test]
fn packets_are_late_by_as_much_as_it_says_and_overtake_each_other() {
    let arrivals = arrivals(Impairment { jitter: ms(40), ..CLEAN }, 5);
    let late = arrivals.iter().zip(0..).map(|(arrival, n)| arrival.unwrap() - ms(10) * n - LEAST_DELAY);
    let (least, most) = (late.clone().min().unwrap(), late.clone().max().unwrap());
    assert!(least < ms(1) && most > ms(39) && most <= ms(40), "{least:?} to {most:?}");
    let mean = late.sum::<Duration>() / PACKETS;
    assert!(mean > ms(19) && mean < ms(21), "{mean:?}");
    assert!(!arrivals.is_sorted());
}

#[test]
fn on_a_clean_line_all_is_heard_as_soon_as_it_says() {
    for settings in [EncoderSettings::lan(), EncoderSettings::wide()] {
        let passage = heard(settings, CLEAN, 1).unwrap();
        let [_, stats] = passage.stats;
        assert_eq!((stats.lost, stats.late, stats.concealed_blocks), (0, 0, 0));
        // All that was said, and what was still on its way through the device when the button came up.
        let said = 3_000 / settings.frame.duration().as_millis() as u64;
        assert!(
            stats.played >= said + u64::from(tail_frames(settings.frame)),
            "{} of {}",
            stats.played,
            passage.sent
        );
        assert_eq!(gaps(&voice(3), &passage.heard, &passage.behind), 0);
        // From the press on it takes a frame, the line, the buffer, and what the codec adds.
        let sounds = passage.heard.iter().position(|sample| sample.abs() > 0.05).unwrap();
        let least = settings.frame.samples() + 20 * 48;
        assert!((least + 5 * 48..least + 30 * 48).contains(&sounds), "{sounds}");
    }
}

#[test]
fn what_the_line_loses_is_missed_by_the_ear() {
    let impairment = Impairment { loss: 0.1, burst: 1, ..CLEAN };
    let passage = heard(EncoderSettings::lan(), impairment, 6).unwrap();
    let mut line = Line::new(impairment, 6);
    let lost = (0..passage.sent).filter(|_| line.carry(Duration::ZERO).is_none()).count();
    let [_, stats] = passage.stats;
    assert!(lost > 15 && stats.lost.abs_diff(lost as u64) <= 2, "{lost} lost, {} missed", stats.lost);
}

#[test]
fn a_hole_in_speech_is_a_gap_and_a_pause_of_the_talker_is_none() {
    let mut said = voice(2);
    said[40_000..60_000].fill(0.0);
    let later = 2_400;
    let behind = vec![later; 420];
    let mut heard = vec![0.0; later];
    heard.extend(&said);
    assert_eq!(gaps(&said, &heard, &behind), 0);
    heard[later + 20_000..][..960 + 240].fill(0.0);
    heard[later + 80_000..][..4_800].fill(0.0);
    assert_eq!(gaps(&said, &heard, &behind), 2);
    heard[later + 10_000..][..480].fill(0.0);
    assert_eq!(gaps(&said, &heard, &behind), 2, "ten milliseconds are no gap");
}
