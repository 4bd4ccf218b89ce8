//! RFC 9605 section by section, against its own vectors, plain HMAC, and another implementation.

use pushtalk_protocol::SecretBytes;
use sframe::CipherSuite;
use sframe::frame::{EncryptedFrameView, MediaFrameView, SingleUseCounter};
use sframe::header::SframeHeader;
use sframe::key::{DecryptionKey, EncryptionKey};
use sframe::ratchet::RatchetingKeyMaterial;
use sha2::{Digest, Sha512};

use crate::aead::{Aead, TAG};
use crate::derive::Prk;
use crate::derive::tests::hex;
use crate::header::{LONGEST, encode};
use crate::header_vectors::HEADERS;
use crate::sframe::{BaseKey, FrameKey};
use crate::{FrameError, FrameId, MediaKey, OpenKey, SealKey};
use proptest::prelude::*;
use std::time::Duration;

const SUITE: CipherSuite = CipherSuite::AesGcm256Sha512;

// Appendix C.3, cipher suite 5.
const KID: u64 = 0x123;
const CTR: u64 = 0x4567;
const BASE_KEY: &str = "000102030405060708090a0b0c0d0e0f";
const SFRAME_SECRET: &str = "
    0fc3ea6de6aac97a35f194cf9bed94d4b5230f1cb45a785c9fe5dce9c188938ab6ba005bc4c0a19181599e9d1bcf7b74
    aca48b60bf5e254e546d809313e083a3";
const SFRAME_KEY: &str = "d3e27b0d4a5ae9e55df01a70e6d4d28d969b246e2936f4b7a5d9b494da6b9633";
const SFRAME_SALT: &str = "84991c167b8cd23c93708ec7";
const NONCE: &str = "84991c167b8cd23c9370cba0";
const METADATA: &str = "4945544620534672616d65205747";
const AAD: &str = "99012345674945544620534672616d65205747";
const PLAINTEXT: &str = "64726166742d696574662d736672616d652d656e63";
const CIPHERTEXT: &str =
    "990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279";

/// HMAC-SHA-512 as RFC 2104 has it, with a hash and nothing else.
fn hmac(key: &[u8], text: &[&[u8]]) -> Vec<u8> {
    assert!(key.len() <= 128);
    let padded = |with: u8| std::array::from_fn::<u8, 128, _>(|i| key.get(i).copied().unwrap_or(0) ^ with);
    let inner = Sha512::new_with_prefix(padded(0x36)).chain_update(text.concat()).finalize();
    Sha512::new_with_prefix(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

/// HKDF-Expand (RFC 5869) of one block, which is 64 bytes.
fn expand(prk: &[u8], info: &[&[u8]], length: usize) -> Vec<u8> {
    assert!(length <= 64);
    hmac(prk, &[&info.concat(), &[1]])[..length].to_vec()
}

fn written(kid: u64, counter: u64) -> Vec<u8> {
    let mut out = [0; LONGEST];
    let length = encode(kid, counter, &mut out);
    out[..length].to_vec()
}

fn frame_key(base: &[u8], kid: u64) -> FrameKey {
    FrameKey::new(&Prk::extract(&[], base), kid)
}

fn media_key(byte: u8) -> MediaKey {
    SecretBytes::new([byte; 32]).into()
}

/// Header ‖ ciphertext ‖ tag, as section 4.4.3 has it.
fn sealed(key: &FrameKey, (kid, counter): (u64, u64), metadata: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let header = written(kid, counter);
    let mut body = plaintext.to_vec();
    let tag = key.seal(counter, &[&header, metadata].concat(), &mut body);
    [&header[..], &body, &tag].concat()
}

#[test]
fn section_4_2_a_frame_is_header_then_ciphertext_then_tag() {
    let frame = SealKey::new(media_key(1), 0).seal(b"word").unwrap().into_bytes();
    assert_eq!(frame.len(), 1 + 4 + TAG);
    assert_eq!(FrameId::read(&frame), Ok(FrameId { generation: 0, step: 0, counter: 0 }));
}

#[test]
fn section_4_3_and_appendix_c_1_headers_are_those_of_the_vectors_for_another_implementation_too() {
    for row in HEADERS.split(',') {
        let fields: Vec<_> = row.split_whitespace().collect();
        let [kid, counter, header] = fields[..] else { panic!("{row}") };
        let (kid, counter, header) = (kid.parse().unwrap(), counter.parse().unwrap(), hex(header));
        assert_eq!(written(kid, counter), header);
        let mut theirs = vec![0; header.len()];
        SframeHeader::new(kid, counter).serialize(&mut theirs).unwrap();
        assert_eq!(theirs, header);
    }
}

#[test]
fn section_4_4_1_the_key_is_chosen_by_the_key_id_alone() {
    let mut listen = OpenKey::new(media_key(1), 7);
    let mut out = [0; 4];
    for (generation, expected) in
        [(6, Some(FrameError::Generation)), (7, None), (8, Some(FrameError::Generation))]
    {
        let frame = SealKey::new(media_key(1), generation).seal(b"word").unwrap().into_bytes();
        assert_eq!(listen.open_into(Duration::ZERO, &frame, &mut out).err(), expected);
    }
}

#[test]
fn section_4_4_2_and_appendix_c_3_key_and_salt_are_derived_as_in_the_vectors() {
    let secret = hmac(&[], &[&hex(BASE_KEY)]);
    assert_eq!(secret, hex(SFRAME_SECRET));
    let ending = [&KID.to_be_bytes()[..], &[0, 5]].concat();
    assert_eq!(expand(&secret, &[b"SFrame 1.0 Secret key ", &ending], 32), hex(SFRAME_KEY));
    assert_eq!(expand(&secret, &[b"SFrame 1.0 Secret salt ", &ending], 12), hex(SFRAME_SALT));
    let key = frame_key(&hex(BASE_KEY), KID);
    assert_eq!(key.salt()[..], hex(SFRAME_SALT));
    // The key itself is not shown to anybody: it seals as the derived one does.
    let direct = Aead::new(&hex(SFRAME_KEY).try_into().unwrap());
    let (mut a, mut b) = (hex(PLAINTEXT), hex(PLAINTEXT));
    assert_eq!(
        key.seal(CTR, &hex(AAD), &mut a),
        direct.seal(&hex(NONCE).try_into().unwrap(), &hex(AAD), &mut b)
    );
    assert_eq!(a, b);
}

#[test]
fn section_4_4_3_and_appendix_c_3_a_frame_is_sealed_as_in_the_vectors() {
    let key = frame_key(&hex(BASE_KEY), KID);
    assert_eq!(key.nonce(CTR)[..], hex(NONCE));
    assert_eq!([written(KID, CTR), hex(METADATA)].concat(), hex(AAD));
    assert_eq!(sealed(&key, (KID, CTR), &hex(METADATA), &hex(PLAINTEXT)), hex(CIPHERTEXT));
}

#[test]
fn section_4_4_4_and_appendix_c_3_a_frame_is_opened_as_in_the_vectors_and_a_changed_one_is_not() {
    let key = frame_key(&hex(BASE_KEY), KID);
    let frame = hex(CIPHERTEXT);
    let (head, tag) = frame.split_last_chunk::<TAG>().unwrap();
    let mut body = head[5..].to_vec();
    let changed: Vec<_> = hex(AAD).iter().rev().copied().collect();
    assert!(key.open(CTR, &changed, &mut body, tag).is_err());
    assert!(key.open(CTR + 1, &hex(AAD), &mut body, tag).is_err());
    assert_eq!(key.open(CTR, &hex(AAD), &mut body, tag), Ok(()));
    assert_eq!(body, hex(PLAINTEXT));
}

#[test]
fn section_5_1_the_ratchet_is_hkdf_over_64_bytes_and_the_step_is_the_low_bits_of_the_key_id() {
    // Worked out with another program's HMAC.
    let steps = [
        "7f8a1116e69c03cded8cde248ff5730fb6a8e17ea9a23f431899028020a4137e
         a3df9902f81810b307e8e5d0754cfcb5b83970ed84f451cdef555c8c08465d27",
        "140b8598465a5b0830f8aba319dec9a1ed364ea8c9c50776b2b6bcc37cbd4f6a
         144994dc018bb3f9693a9207d69a937029455d8433863f64c5a6e8ce313508ec",
    ];
    let (mut base, mut by_hand) = (BaseKey::Fresh(media_key(1)), vec![1; 32]);
    for step in steps {
        base = base.next();
        by_hand = expand(&hmac(&[], &[&by_hand]), &[b"SFrame 1.0 Ratchet"], 64);
        let BaseKey::Ratcheted(bytes) = &base else { panic!() };
        assert_eq!((bytes.to_vec(), &by_hand), (hex(step), &by_hand));
        assert_eq!(by_hand, hex(step));
    }
    // What a talker seals at its second press is under the key of exactly that step.
    let mut talk = SealKey::new(media_key(1), 5);
    (0..2).for_each(|_| talk.next_spurt().unwrap());
    let frame = talk.seal(b"word").unwrap().into_bytes();
    let prk = hmac(&[], &[&by_hand]);
    let ending = [&[0, 0, 0, 0, 0, 0, 5, 2][..], &[0, 5]].concat();
    let key = expand(&prk, &[b"SFrame 1.0 Secret key ", &ending], 32);
    let salt = expand(&prk, &[b"SFrame 1.0 Secret salt ", &ending], 12);
    let mut body = b"word".to_vec();
    // Frame 0: the nonce is the salt. KID 0x502 takes two bytes.
    let header = [0x90, 5, 2];
    let tag = Aead::new(&key.try_into().unwrap()).seal(&salt.try_into().unwrap(), &header, &mut body);
    assert_eq!(frame, [&header[..], &body, &tag].concat());
}

#[test]
fn section_5_1_the_other_implementation_has_another_ratchet() {
    // It writes "Sframe" where the RFC has "SFrame", and cuts the next base key to the length of a key. Were that to
    // change, this would say so.
    let theirs = RatchetingKeyMaterial::derive_from(SUITE, [1; 32]).unwrap();
    let prk = hmac(&[], &[&[1; 32]]);
    assert_eq!(theirs.as_ref(), expand(&prk, &[b"Sframe 1.0 Ratchet"], 32));
    let BaseKey::Ratcheted(ours) = BaseKey::Fresh(media_key(1)).next() else { panic!() };
    assert_ne!(&ours[..32], theirs.as_ref());
}

#[test]
fn section_8_1_suite_5_has_keys_of_32_nonces_of_12_and_tags_of_16_bytes() {
    assert_eq!(SUITE as u16, 5);
    assert_eq!((hex(SFRAME_KEY).len(), hex(NONCE).len(), TAG), (32, 12, 16));
}

#[test]
fn section_9_1_no_key_id_and_counter_come_twice_from_a_talker() {
    let mut talk = SealKey::new(media_key(1), 3);
    let mut seen = std::collections::BTreeSet::new();
    loop {
        for _ in 0..20 {
            let id = FrameId::read(talk.seal(b"").unwrap().as_bytes()).unwrap();
            assert!(seen.insert((FrameId::kid(id.generation, id.step), id.counter)));
        }
        if talk.next_spurt().is_err() {
            break;
        }
    }
    assert_eq!(seen.len(), 256 * 20);
}

#[test]
fn section_9_3_a_frame_is_taken_once() {
    let (mut talk, mut listen) = (SealKey::new(media_key(1), 3), OpenKey::new(media_key(1), 3));
    let frame = talk.seal(b"word").unwrap().into_bytes();
    let mut out = [0; 4];
    assert!(listen.open_into(Duration::ZERO, &frame, &mut out).is_ok());
    assert_eq!(listen.open_into(Duration::ZERO, &frame, &mut out), Err(FrameError::Replayed));
}

/// Numbers of every length.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(n, shift)| n >> shift)
}

proptest! {
    #[test]
    fn headers_are_the_same_in_both_implementations(kid in number(), counter in number()) {
        let ours = written(kid, counter);
        let header = SframeHeader::new(kid, counter);
        let mut theirs = vec![0; header.len()];
        header.serialize(&mut theirs).unwrap();
        prop_assert_eq!(&ours, &theirs);
        let read = SframeHeader::deserialize(&ours).unwrap();
        prop_assert_eq!((read.key_id(), read.counter(), read.len()), (kid, counter, ours.len()));
        if let Ok(id) = FrameId::read(&theirs) {
            prop_assert_eq!((FrameId::kid(id.generation, id.step), id.counter), (kid, counter));
        } else {
            prop_assert!(kid >> 40 != 0);
        }
    }

    #[test]
    fn what_is_sealed_here_is_opened_there_and_the_other_way_round(
        base: [u8; 32],
        (kid, counter) in (number(), number()),
        plaintext in proptest::collection::vec(any::<u8>(), 0..300),
        metadata in proptest::collection::vec(any::<u8>(), 0..40),
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let ours = frame_key(&base, kid);
        let theirs = DecryptionKey::derive_from(SUITE, kid, base).unwrap();
        let frame = sealed(&ours, (kid, counter), &metadata, &plaintext);
        let opened = EncryptedFrameView::try_with_meta_data(&frame, &metadata).unwrap().decrypt(&theirs).unwrap();
        prop_assert_eq!((opened.payload(), opened.counter()), (&plaintext[..], counter));

        let theirs = EncryptionKey::derive_from(SUITE, kid, base).unwrap();
        let mut once = SingleUseCounter::new(counter);
        let media = MediaFrameView::try_with_meta_data(&mut once, &plaintext, &metadata).unwrap();
        let encrypted = media.encrypt(&theirs).unwrap();
        prop_assert_eq!(encrypted.sframe_cipher_text(), &frame[..]);
        let aad = [written(kid, counter), metadata].concat();
        let header = written(kid, counter).len();
        let open = |frame: &[u8]| {
            let (head, tag) = frame.split_last_chunk::<TAG>().unwrap();
            let mut body = head[header..].to_vec();
            ours.open(counter, &aad, &mut body, tag).map(|()| body)
        };
        prop_assert_eq!(open(encrypted.sframe_cipher_text()), Ok(plaintext));
        let mut changed = frame.clone();
        changed[header + at.index(frame.len() - header)] ^= flip;
        prop_assert!(open(&changed).is_err());
    }
}
