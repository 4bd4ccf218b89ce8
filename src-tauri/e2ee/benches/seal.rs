//! How long a frame of voice takes to be sealed and opened, into memory that is there already.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use pushtalk_e2ee::{MediaKey, OpenKey, OpenKeys, SealKey, SealedFrame};
use pushtalk_protocol::SecretBytes;

/// Bytes of plaintext: 10 ms of voice on a LAN, and 20 ms.
const SIZES: [usize; 2] = [61, 121];

fn key() -> MediaKey {
    SecretBytes::new([7; 32]).into()
}

/// A talker and its listener in the middle of a spurt, as all but the first frames find them.
fn pair() -> (SealKey, OpenKeys) {
    (SealKey::new(key(), 1), OpenKeys::new(OpenKey::new(key(), 1)))
}

fn seal(talk: &mut SealKey, plaintext: &[u8]) -> SealedFrame {
    match talk.seal(plaintext) {
        Ok(frame) => frame,
        Err(error) => panic!("{error}"),
    }
}

fn open(listen: &mut OpenKeys, frame: &SealedFrame, out: &mut [u8]) -> usize {
    match listen.open_into(Duration::ZERO, frame.as_bytes(), out) {
        Ok((_, length)) => length,
        Err(error) => panic!("{error}"),
    }
}

fn frames(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("{size} bytes"));
        group.throughput(Throughput::Elements(1));
        let plaintext = vec![5; size];
        let mut out = vec![0; size];

        let (mut talk, _) = pair();
        group.bench_function("seal", |b| b.iter(|| drop(seal(&mut talk, black_box(&plaintext)))));

        // In order, each once: the replay window moves as it does in a call.
        let (mut talk, mut listen) = pair();
        group.bench_function("open", |b| {
            b.iter_batched_ref(
                || seal(&mut talk, &plaintext),
                |frame| open(&mut listen, black_box(frame), &mut out),
                BatchSize::SmallInput,
            )
        });

        let (mut talk, mut listen) = pair();
        group.bench_function("seal and open", |b| {
            b.iter(|| {
                let frame = seal(&mut talk, black_box(&plaintext));
                open(&mut listen, &frame, black_box(&mut out))
            })
        });
        group.finish();
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
