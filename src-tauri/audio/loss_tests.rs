//! What the jitter buffer makes of packets that are lost, late or out of order.

use crate::codec::carries_fec;
use crate::network::{Sent, Talker, decoded, listen, ms, steepest};
use crate::tone::{Noise, rms};
use crate::{BLOCK, JitterConfig, Pulled};

#[test]
fn a_lost_packet_is_recovered_from_the_next_one() {
    let config = JitterConfig { least_delay: ms(30), ..JitterConfig::lan() };
    for mut talker in [Talker::lan(), Talker::wide()] {
        let mut sent = talker.say(&[(ms(0), 60)]);
        let whole = decoded(&sent);
        let lost = (30..).find(|n| carries_fec(&sent[n + 1].opus)).unwrap();
        sent.remove(lost);
        let heard = listen(config, sent, ms(1), ms(2000));
        assert_eq!((heard.stats.lost, heard.stats.recovered, heard.stats.concealed_blocks), (1, 1, 0));
        assert_eq!(heard.count(Pulled::Fec), talker.settings.frame.samples() / BLOCK);
        assert_eq!(heard.sound().len(), whole.len());
    }
}

#[test]
fn a_lost_packet_with_nothing_behind_it_is_concealed_without_gaining_delay() {
    let config = JitterConfig { least_delay: ms(5), ..JitterConfig::lan() };
    let mut sent = Talker::lan().say(&[(ms(0), 60)]);
    let whole = decoded(&sent);
    sent.remove(30);
    let heard = listen(config, sent, ms(5), ms(2000));
    assert_eq!((heard.stats.lost, heard.stats.recovered, heard.stats.concealed_blocks), (1, 0, 1));
    assert_eq!(heard.sound().len(), whole.len());
    assert!(rms(&heard.sound()[30 * BLOCK..31 * BLOCK]) > 0.001);
}

#[test]
fn a_lost_first_packet_is_recovered_too() {
    let mut sent = Talker::lan().say(&[(ms(0), 20), (ms(1000), 20)]);
    sent.remove(20);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(2000));
    assert_eq!((heard.stats.lost, heard.stats.recovered, heard.stats.spurts), (1, 1, 2));
    // The delay that waiting for it cost is worked off at once.
    let shortened = usize::try_from(heard.stats.shortened_samples).unwrap();
    assert_eq!(heard.stats.played_blocks as usize, (40 * BLOCK - shortened).div_ceil(BLOCK));
}

#[test]
fn when_the_end_is_lost_the_voice_fades_and_stops() {
    let mut sent = Talker::lan().say(&[(ms(0), 50)]);
    let steep = steepest(&decoded(&sent));
    sent.truncate(47);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(2000));
    assert!(heard.ended().unwrap() <= ms(470 + 10 + 70), "{:?}", heard.ended());
    assert!(heard.stats.concealed_blocks <= 6);
    assert!(steepest(&heard.sound()) <= 1.1 * steep);
    assert!(!heard.speaking);
}

#[test]
fn a_spurt_after_one_without_an_end_is_on_time() {
    let mut sent = Talker::lan().say(&[(ms(0), 50), (ms(1000), 50)]);
    sent.drain(48..50);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(2000));
    assert_eq!((heard.stats.lost, heard.stats.late, heard.stats.waited_blocks), (2, 0, 0));
    assert_eq!((heard.stats.played, heard.stats.spurts), (98, 2));
}

#[test]
fn after_a_stall_everything_that_came_late_is_played() {
    let mut sent = Talker::lan().say(&[(ms(0), 300)]);
    for packet in &mut sent {
        if packet.arrival > ms(500) {
            packet.arrival = packet.arrival.max(ms(900));
        }
    }
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(5000));
    assert_eq!((heard.stats.played, heard.stats.lost, heard.stats.dropped), (300, 0, 0));
    assert!(heard.stats.concealed_blocks <= 6 && heard.stats.late > 0);
    assert!(heard.count(Pulled::Faster) > 0);
    assert_eq!(heard.stats.spurts, 1);
}

#[test]
fn a_long_gap_is_not_concealed_to_its_end() {
    let mut sent = Talker::lan().say(&[(ms(0), 200)]);
    sent.drain(50..110);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(4000));
    assert_eq!((heard.stats.lost, heard.stats.played), (60, 140));
    assert!(heard.stats.concealed_blocks <= 6);
    assert!(heard.stats.buffer <= ms(30), "{:?}", heard.stats.buffer);
}

#[test]
fn packets_out_of_order_and_twice_are_played_in_order_and_once() {
    let mut sent = Talker::lan().say(&[(ms(0), 100)]);
    let whole = decoded(&sent);
    let mut noise = Noise::new(11);
    for packet in &mut sent {
        packet.arrival += std::time::Duration::from_micros(noise.below(18_000));
    }
    // The first packet is not overtaken by more than the delay.
    sent[0].arrival = ms(10);
    let twice: Vec<Sent> = sent.iter().map(|p| Sent { arrival: p.arrival + ms(40), ..p.clone() }).collect();
    sent.extend(twice);
    let config = JitterConfig { least_delay: ms(25), ..JitterConfig::lan() };
    let heard = listen(config, sent, ms(1), ms(3000));
    assert_eq!((heard.stats.played, heard.stats.duplicate, heard.stats.lost), (100, 100, 0));
    let sound = heard.sound();
    assert!(sound[..sound.len() - 240] == whole[..whole.len() - 240]);
}

#[test]
fn a_first_packet_that_was_overtaken_is_still_the_first_heard() {
    let mut sent = Talker::lan().say(&[(ms(0), 40)]);
    let whole = decoded(&sent);
    for packet in &mut sent[..10] {
        packet.arrival = ms(100);
    }
    sent[0].arrival = ms(108);
    let heard = listen(JitterConfig::lan(), sent, ms(1), ms(2000));
    assert_eq!((heard.stats.played, heard.stats.lost), (40, 0));
    assert!(heard.sound()[..BLOCK] == whole[..BLOCK]);
}
