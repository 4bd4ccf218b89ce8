//! Talkers and listeners whose clocks differ, in virtual time.

use std::time::Duration;

use crate::network::{Talker, listen, ms};
use crate::{BLOCK, JitterBuffer, JitterConfig, JitterStats, VoiceFrame};

const fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

#[test]
fn clocks_that_differ_lose_nothing_in_half_a_minute() {
    for (over, under) in [(10_000, 10_005), (10_005, 10_000)] {
        let mut sent = Talker::lan().say(&[(ms(0), 3000)]);
        for packet in &mut sent {
            packet.arrival = packet.arrival * over / under;
        }
        let heard = listen(JitterConfig::lan(), sent, ms(1), ms(32_000));
        assert_eq!((heard.stats.played, heard.stats.lost), (3000, 0));
        assert!(heard.stats.concealed_blocks <= 3, "{}", heard.stats.concealed_blocks);
        assert!(heard.stats.buffer <= ms(40));
    }
}

/// One hour of talk without a pause, by a talker whose clock differs from the listener's by this much: the longest delay in
/// each minute, and the numbers at the end.
fn an_hour(parts_per_million: i64) -> (Vec<Duration>, JitterStats) {
    const SPOKEN: usize = 2_000;
    let said = Talker::lan().say(&[(ms(0), SPOKEN)]);
    let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
    let (mut longest, mut pulls) = (vec![Duration::ZERO; 60], 0);
    for n in 0..360_000_u32 {
        let packet = &said[n as usize % SPOKEN];
        let due = i64::from(n + 1) * 10_000;
        let arrival = us((due + due * parts_per_million / 1_000_000) as u64);
        while us(pulls * 10_000) < arrival {
            buffer.pull(us(pulls * 10_000), &mut [0.0; BLOCK]);
            let minute = &mut longest[(pulls / 6_000).min(59) as usize];
            *minute = (*minute).max(buffer.stats().buffer);
            pulls += 1;
        }
        let frame = VoiceFrame { first: n == 0, last: false, opus: &packet.opus };
        buffer.push(n as u16, n.wrapping_mul(480), arrival, frame);
    }
    (longest, buffer.stats())
}

#[test]
fn in_an_hour_of_talk_clocks_that_differ_cost_no_delay() {
    let hour = |parts_per_million| std::thread::spawn(move || an_hour(parts_per_million));
    for hour in [hour(-200), hour(200)] {
        let (longest, stats) = hour.join().unwrap();
        assert!(longest.iter().all(|longest| *longest <= ms(20)), "{longest:?} {stats:?}");
        assert_eq!((stats.lost, stats.dropped), (0, 0));
        // 720 ms of 10 ms each that a slow talker leaves open; what a fast one says too much is left out by periods.
        assert!(stats.concealed_blocks <= 72, "{stats:?}");
    }
}

#[test]
fn a_microphone_that_lost_sound_is_not_said_to_be_late_for_long() {
    let mut sent = Talker::lan().say(&[(ms(0), 1500)]);
    for packet in &mut sent[500..] {
        packet.arrival += ms(200);
    }
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(10_000));
    assert_eq!(heard.stats.lost, 0);
    assert!(heard.stats.buffer <= ms(20), "{:?}", heard.stats);
}
