//! Checked with an allocator that stops the test: sealing and opening voice ask for no memory within a spurt.

use std::time::Duration;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use pushtalk_protocol::SecretBytes;

use crate::{MediaKey, OpenKey, OpenKeys, SealKey, VoicePlaintext};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn a_spurt_of_voice_is_sealed_and_opened_without_asking_for_memory() {
    let key = || MediaKey::from(SecretBytes::new([1; 32]));
    let mut talk = SealKey::new(key(), 2);
    let mut listen = OpenKeys::new(OpenKey::new(key(), 1));
    listen.add(Duration::ZERO, OpenKey::new(key(), 2)).unwrap();
    let (mut plain, mut opened) = ([0; 200], [0; 200]);
    // The first frame asks for the memory that the others are cut from.
    drop(talk.seal(&[0; 121]).unwrap());
    assert_no_alloc(|| {
        for n in 1..2000u64 {
            let voice = VoicePlaintext { first: n == 1, last: false, whisper: false, opus: &[7; 120] };
            let Some(plain) = voice.encode(&mut plain) else { panic!() };
            let Ok(frame) = talk.seal(plain) else { panic!() };
            let Ok((id, length)) = listen.open_into(Duration::from_millis(n), frame.as_bytes(), &mut opened)
            else {
                panic!()
            };
            assert!(id.counter == n && opened[..length] == *plain);
        }
    });
}
