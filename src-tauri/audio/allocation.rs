//! Checked with an allocator that stops the test: a jitter buffer asks for no memory once it is made.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};

use crate::network::{Talker, ms, push};
use crate::tone::Noise;
use crate::{BLOCK, JitterBuffer, JitterConfig};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn packets_are_taken_and_played_without_asking_for_memory() {
    let mut noise = Noise::new(4);
    let mut sent = Talker::wide().say(&[(ms(0), 200), (ms(5_000), 200)]);
    sent.retain(|_| noise.below(6) > 0);
    for packet in &mut sent {
        packet.arrival += ms(noise.below(90));
    }
    sent.sort_by_key(|packet| packet.arrival);
    let mut buffer = JitterBuffer::new(JitterConfig::wide()).unwrap();
    let mut kinds = [0; 6];
    assert_no_alloc(|| {
        let mut packets = sent.iter().peekable();
        for n in 0..1_000 {
            while let Some(packet) = packets.next_if(|packet| packet.arrival <= ms(n * 10)) {
                push(&mut buffer, packet);
            }
            kinds[buffer.pull(ms(n * 10), &mut [0.0; BLOCK]) as usize] += 1;
        }
    });
    assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
}
