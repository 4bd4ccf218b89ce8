//! What the jitter buffer promises, in virtual time.

use std::time::Duration;

use proptest::prelude::*;

use crate::network::{Sent, Talker, decoded, listen, ms, push, steepest};
use crate::tone::Noise;
use crate::{BLOCK, Encoder, EncoderSettings, JitterBuffer, JitterConfig, Pulled, VoiceFrame};

const fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

/// Twenty places of the first pull within a block.
fn phases() -> impl Iterator<Item = Duration> {
    (0..20).map(|n| us(n * 500 + 100))
}

#[test]
fn a_clean_stream_is_heard_whole_and_as_it_was_sent() {
    for mut talker in [Talker::lan(), Talker::wide()] {
        for phase in phases() {
            let sent = talker.say(&[(ms(50), 100)]);
            let heard = listen(JitterConfig::lan(), sent.clone(), phase, ms(3000));
            let (sound, whole) = (heard.sound(), decoded(&sent));
            assert_eq!(sound.len(), whole.len(), "{phase:?}");
            assert!(sound[..sound.len() - 240] == whole[..whole.len() - 240], "{phase:?}");
            assert_eq!((heard.stats.played, heard.stats.lost, heard.stats.late), (100, 0, 0));
            assert_eq!(heard.stats.concealed_blocks, 0);
            assert_eq!(heard.count(Pulled::Normal) * BLOCK, whole.len());
            assert!(!heard.speaking);
        }
    }
}

#[test]
fn on_a_local_network_a_spurt_begins_five_milliseconds_after_its_first_frame_came() {
    let mut sum = 0.0;
    for phase in phases() {
        let sent = Talker::lan().say(&[(ms(50), 20)]);
        let heard = listen(JitterConfig::lan(), sent, phase, ms(600));
        let held = heard.began().unwrap() - ms(60);
        assert!(held >= us(2_500) && held < us(7_500), "{phase:?}: {held:?}");
        sum += held.as_secs_f64() / 20.0;
    }
    assert!((sum - 0.005).abs() < 0.0005, "{sum}");
}

#[test]
fn what_is_played_tells_when_it_was_said() {
    let sent = Talker { timestamp: u32::MAX - 20_000, ..Talker::lan() }.say(&[(ms(50), 100)]);
    let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
    for packet in &sent {
        push(&mut buffer, packet);
    }
    let mut told = Vec::new();
    for n in 0..110 {
        buffer.pull(ms(60 + n * 10), &mut [0.0; BLOCK]);
        told.extend(buffer.playing());
    }
    let wanted: Vec<u32> = sent.iter().map(|packet| packet.timestamp).collect();
    assert_eq!(told, wanted);
    assert_eq!(buffer.playing(), None);
}

#[test]
fn frames_kept_until_the_floor_was_granted_are_all_played_and_the_delay_is_worked_off() {
    for frames in [1, 5, 12, 30, 200] {
        let mut sent = Talker::lan().say(&[(ms(100), 900)]);
        let grant = ms(100 + 10 * frames);
        for packet in &mut sent {
            packet.arrival = packet.arrival.max(grant);
        }
        let heard = listen(JitterConfig::lan(), sent.clone(), ms(3), ms(12_000));
        assert_eq!((heard.stats.played, heard.stats.lost, heard.stats.dropped), (900, 0, 0), "{frames}");
        assert_eq!(heard.stats.concealed_blocks, 0);
        // There is nothing to wait for when the frames behind are there already.
        assert!(heard.began().unwrap() <= grant + if frames < 5 { ms(15) } else { ms(3) });
        let (sound, whole) = (heard.sound(), decoded(&sent));
        assert!(sound[..BLOCK] == whole[..BLOCK], "the first frame is the first to be heard");
        assert!(heard.stats.buffer <= ms(30), "{frames} frames: {:?}", heard.stats.buffer);
        assert_eq!(heard.count(Pulled::Faster) > 0, frames > 3);
        assert!(steepest(&sound) <= 1.1 * steepest(&whole));
    }
}

#[test]
fn the_delay_of_a_grant_is_gone_at_the_next_spurt() {
    let mut sent = Talker::lan().say(&[(ms(100), 60), (ms(1500), 50)]);
    for packet in &mut sent[..60] {
        packet.arrival = packet.arrival.max(ms(500));
    }
    let heard = listen(JitterConfig::lan(), sent, ms(0), ms(3000));
    let second = heard.blocks.iter().find(|b| b.0 > ms(1300) && b.1 != Pulled::Silence).unwrap();
    assert!(second.0 <= ms(1525), "{:?}", second.0);
    assert_eq!((heard.stats.played, heard.stats.spurts), (110, 2));
}

#[test]
fn between_spurts_there_is_silence_and_never_concealment() {
    let sent = Talker::lan().say(&[(ms(0), 30), (ms(1000), 1), (ms(2000), 30)]);
    let heard = listen(JitterConfig::lan(), sent, ms(7), ms(4000));
    assert_eq!((heard.stats.played, heard.stats.spurts, heard.stats.played_blocks), (61, 3, 61));
    assert_eq!(heard.count(Pulled::Plc) + heard.count(Pulled::Fec), 0);
}

#[test]
fn nothing_of_a_spurt_is_heard_in_the_next() {
    let sent = Talker::lan().say(&[(ms(0), 30), (ms(1000), 30)]);
    let heard = listen(JitterConfig::lan(), sent.clone(), ms(7), ms(2000));
    let second: Vec<f32> = heard.blocks.iter().filter(|b| b.0 > ms(1015)).flat_map(|b| b.2).collect();
    let alone = decoded(&sent[30..]);
    assert!(second[..29 * BLOCK] == alone[..29 * BLOCK]);
}

#[test]
fn a_spurt_that_ends_amid_a_word_ends_without_a_click() {
    let mut loud = 0;
    for frames in 15..25 {
        let sent = Talker::lan().say(&[(ms(0), frames)]);
        let heard = listen(JitterConfig::lan(), sent.clone(), ms(1), ms(600));
        let (sound, whole) = (heard.sound(), decoded(&sent));
        loud += usize::from(whole[whole.len() - 4..].iter().any(|s| s.abs() > 0.05));
        assert!(sound[sound.len() - 4..].iter().all(|s| s.abs() < 0.02), "{frames} frames");
    }
    assert!(loud > 2, "it must matter");
}

#[test]
fn counters_may_wrap_at_any_moment() {
    let mut talker = Talker::lan();
    talker.sequence = 65_500;
    talker.timestamp = u32::MAX - 24_000;
    let mut sent = talker.say(&[(ms(0), 60), (ms(900), 60)]);
    sent.swap(30, 31);
    sent.remove(50);
    let heard = listen(JitterConfig::wide(), sent, ms(1), ms(3000));
    assert_eq!((heard.stats.played, heard.stats.lost, heard.stats.spurts), (119, 1, 2));
}

#[test]
fn an_uneven_path_is_learnt_and_remembered_across_spurts() {
    let mut noise = Noise::new(2);
    let spurts: Vec<_> = (0..6).map(|n| (ms(n * 4000), 300)).collect();
    let mut sent = Talker::lan().say(&spurts);
    for packet in &mut sent {
        packet.arrival += ms(if noise.below(5) == 0 { 38 } else { 0 });
    }
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(26_000));
    assert!(heard.stats.target >= ms(40) && heard.stats.target <= ms(45), "{:?}", heard.stats.target);
    let blocks = heard.blocks.iter().filter(|b| b.0 > ms(19_900));
    assert!(blocks.filter(|b| b.1 == Pulled::Plc).count() <= 1);
    assert_eq!(heard.stats.played + heard.stats.dropped, 1800);
}

#[test]
fn a_buffer_that_nobody_pulls_keeps_the_newest() {
    let sent = Talker::lan().say(&[(ms(0), 1000)]);
    let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
    for packet in &sent {
        push(&mut buffer, packet);
    }
    let mut out = [0.0; BLOCK];
    for n in 0..400 {
        buffer.pull(ms(10_000 + 10 * n), &mut out);
    }
    let stats = buffer.stats();
    assert_eq!((stats.received, stats.played, stats.dropped), (1000, 256, 744));
}

#[test]
fn a_talker_who_comes_back_with_other_numbers_is_heard_at_once() {
    let mut sent = Talker::lan().say(&[(ms(0), 50)]);
    let back = Talker { sequence: 61_000, timestamp: 77, ..Talker::lan() }.say(&[(ms(2000), 50)]);
    sent.extend(back);
    let back = Talker { sequence: 60_500, timestamp: 9, ..Talker::lan() }.say(&[(ms(4000), 50)]);
    sent.extend(back);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(6000));
    assert_eq!((heard.stats.played, heard.stats.spurts, heard.stats.lost), (150, 3, 0));
}

#[test]
fn delay_that_is_missing_is_gained_without_a_click() {
    let sent = Talker::lan().say(&[(ms(0), 200)]);
    let steep = steepest(&decoded(&sent));
    let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
    let (mut slower, mut sound) = (0, Vec::new());
    for n in 0..300 {
        if let Some(packet) = sent.get(n) {
            push(&mut buffer, packet);
        }
        if n == 50 {
            buffer.set_config(JitterConfig { least_delay: ms(60), ..JitterConfig::lan() });
        }
        let mut out = [0.0; BLOCK];
        slower += usize::from(buffer.pull(ms(n as u64 * 10 + 15), &mut out) == Pulled::Slower);
        if n == 150 {
            let held = buffer.stats().buffer;
            assert!(held >= ms(50) && held <= ms(70), "{held:?}");
        }
        sound.extend_from_slice(&out);
    }
    assert!(slower > 3);
    assert_eq!((buffer.stats().played, buffer.stats().concealed_blocks), (200, 0));
    assert!(steepest(&sound) <= 1.1 * steep);
}

#[test]
fn who_pulls_unevenly_gets_more_delay_instead_of_gaps() {
    let spurts: Vec<_> = (0..12).map(|n| (ms(n * 2000), 100)).collect();
    let sent = Talker::lan().say(&spurts);
    let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
    let mut waiting = sent.iter().peekable();
    let mut waited = Vec::new();
    for pair in 0..1300 {
        // Two blocks at once, every 20 ms.
        let now = ms(pair * 20 + 16);
        while let Some(packet) = waiting.next_if(|packet| packet.arrival <= now) {
            push(&mut buffer, packet);
        }
        for _ in 0..2 {
            buffer.pull(now, &mut [0.0; BLOCK]);
        }
        waited.push(buffer.stats().waited_blocks);
    }
    let stats = buffer.stats();
    assert_eq!((stats.played, stats.lost), (1200, 0));
    // Without learning it would run dry in each of the twelve spurts.
    assert!(waited[1299] >= 1 && waited[1299] <= 5, "{}", waited[1299]);
    assert!(stats.target <= ms(30), "{:?}", stats.target);
}

#[test]
fn several_frames_may_say_that_the_spurt_ends() {
    let mut sent = Talker::lan().say(&[(ms(0), 30), (ms(1000), 30)]);
    sent[28].last = true;
    let heard = listen(JitterConfig::lan(), sent, ms(9), ms(3000));
    assert_eq!((heard.stats.spurts, heard.stats.lost), (2, 0));
    assert!(heard.stats.played >= 59);
    assert_eq!(heard.stats.concealed_blocks, 0);
}

#[test]
fn spurts_that_follow_at_once_are_both_heard_whole() {
    let sent = Talker::lan().say(&[(ms(0), 20), (ms(200), 20), (ms(410), 20)]);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(1500));
    assert_eq!((heard.stats.played, heard.stats.spurts, heard.stats.concealed_blocks), (60, 3, 0));
}

#[test]
fn what_is_no_opus_is_counted_and_nothing_else() {
    let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
    for opus in [&[][..], &[0xff; 321], &[0x1b]] {
        buffer.push(1, 1, ms(1), VoiceFrame { first: true, last: false, opus });
    }
    let mut out = [1.0; BLOCK];
    assert_eq!(buffer.pull(ms(50), &mut out), Pulled::Silence);
    assert_eq!(out, [0.0; BLOCK]);
    assert_eq!((buffer.stats().received, buffer.stats().unplayable), (3, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_any_path_the_books_balance(
        seed in any::<u64>(),
        wide in any::<bool>(),
        jitter in 0u64..80,
        loss in 0u64..30,
        twice in 0u64..10,
        sequence in any::<u16>(),
        timestamp in any::<u32>(),
        grant in 0u64..400,
    ) {
        let mut noise = Noise::new(seed);
        let mut talker = Talker { sequence, timestamp, ..if wide { Talker::wide() } else { Talker::lan() } };
        let spurts = [(ms(20), 60), (ms(1700), 1), (ms(2500), 90), (ms(5000), 30)];
        let said = talker.say(&spurts);
        let mut sent = Vec::new();
        let mut gone = 0;
        for packet in &said {
            let mut packet = packet.clone();
            packet.arrival = packet.arrival.max(ms(20 + grant)) + ms(noise.below(jitter + 1));
            if noise.below(100) < loss {
                gone += 1;
                continue;
            }
            if noise.below(100) < twice {
                sent.push(Sent { arrival: packet.arrival + ms(noise.below(100)), ..packet.clone() });
            }
            sent.push(packet);
        }
        let unique = (said.len() - gone) as u64;
        let pushed = sent.len() as u64;
        let heard = listen(JitterConfig::wide(), sent, ms(noise.below(10)), ms(8000));
        let stats = heard.stats;
        prop_assert_eq!(stats.received, pushed);
        // Nothing is played twice, and each packet is either played or dropped.
        prop_assert_eq!(stats.played + stats.dropped, unique);
        prop_assert_eq!(stats.duplicate, pushed - unique);
        prop_assert!(stats.lost <= gone as u64);
        prop_assert!(stats.dropped <= stats.late);
        if jitter == 0 && loss == 0 {
            prop_assert_eq!((stats.played, stats.concealed_blocks), (unique, 0));
        }
        // Only what was lost or late is made up, and a little for each spurt of which the end did not come.
        let frame = (talker.settings.frame.samples() / BLOCK) as u64;
        let slack = 6 * stats.spurts;
        prop_assert!(stats.concealed_blocks <= (stats.lost + stats.late) * frame + stats.waited_blocks + slack);
        prop_assert!(!heard.speaking);
    }

    #[test]
    fn no_packets_whatever_upset_it(
        packets in prop::collection::vec(
            (any::<u16>(), any::<u32>(), 0u64..500, any::<bool>(), any::<bool>(), prop::collection::vec(any::<u8>(), 1..80)),
            0..200,
        ),
        long in any::<bool>(),
    ) {
        let mut buffer = JitterBuffer::new(JitterConfig::lan()).unwrap();
        let mut now = ms(0);
        for (sequence, timestamp, wait, first, last, mut opus) in packets {
            // Mostly packets that Opus takes for one frame of 10 or 20 ms.
            opus[0] = opus[0] & 0x84 | if long { 0x48 } else { 0x40 };
            now += ms(wait / 10);
            let sequence = if wait < 400 { sequence % 300 } else { sequence };
            buffer.push(sequence, timestamp, now, VoiceFrame { first, last, opus: &opus });
            let mut out = [f32::NAN; BLOCK];
            buffer.pull(now, &mut out);
            prop_assert!(out.iter().all(|s| s.is_finite()));
        }
        let mut out = [0.0; BLOCK];
        for n in 1..600 {
            buffer.pull(now + ms(n * 10), &mut out);
        }
        let stats = buffer.stats();
        prop_assert!(stats.played + stats.dropped + stats.duplicate + stats.unplayable <= stats.received);
    }
}

#[test]
fn a_stall_costs_delay_for_a_moment_and_then_nothing() {
    for silent in [false, true] {
        for phase in phases() {
            let mut sent = Talker::lan().say(&[(ms(0), 300)]);
            if silent {
                let mut encoder = Encoder::new(EncoderSettings::lan()).unwrap();
                for packet in &mut sent {
                    encoder.encode(&[0.0; BLOCK], &mut packet.opus).unwrap();
                }
            }
            let mut noise = Noise::new(3);
            for packet in &mut sent {
                packet.arrival += us(noise.below(2_500));
            }
            // Later than they can be held.
            for n in 1..12 {
                sent[n as usize * 25].arrival += ms(7 + 2 * n);
            }
            let heard = listen(JitterConfig::lan(), sent, phase, ms(3_100));
            assert!(heard.stats.concealed_blocks <= 11, "{phase:?}: {:?}", heard.stats);
            assert!(heard.stats.buffer < ms(15), "{phase:?}: {:?}", heard.stats.buffer);
        }
    }
}

#[test]
fn what_is_worked_off_is_not_missing_afterwards() {
    let (mut spurts, mut concealed) = (0, 0);
    for grant in [60, 100, 150] {
        for phase in phases() {
            let mut sent = Talker::lan().say(&[(ms(0), 300)]);
            let mut noise = Noise::new(3);
            for packet in &mut sent {
                // As uneven as the least delay just bears, and nothing before the floor was granted.
                packet.arrival = (packet.arrival + us(noise.below(4_500))).max(ms(grant));
            }
            let heard = listen(JitterConfig::lan(), sent, phase, ms(3_400));
            assert!(heard.stats.shortened_samples > 480, "{grant} {phase:?}: {:?}", heard.stats);
            spurts += 1;
            concealed += heard.stats.concealed_blocks;
        }
    }
    assert!(concealed < spurts, "{concealed} blocks in {spurts} spurts");
}
