//! What the codec promises, measured.

use crate::codec::carries_fec;
use crate::tone::{Noise, rms, sine, snr_db, speech};
use crate::{AudioError, Decoder, Encoder, EncoderSettings, FrameLength, MAX_FRAME_BYTES};

fn encode_all(settings: EncoderSettings, pcm: &[f32]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(settings).unwrap();
    pcm.chunks_exact(settings.frame.samples())
        .map(|frame| {
            let mut out = [0; MAX_FRAME_BYTES];
            let n = encoder.encode(frame, &mut out).unwrap();
            out[..n].to_vec()
        })
        .collect()
}

#[test]
fn every_packet_has_one_size_whatever_is_said() {
    for (settings, size) in [(EncoderSettings::lan(), 120), (EncoderSettings::wide(), 120)] {
        let samples = settings.frame.samples();
        let mut noise = Noise::new(3);
        let mut pcm = speech(250 * samples);
        pcm.extend(vec![0.0; 250 * samples]);
        pcm.extend((0..250 * samples).map(|_| noise.sample()));
        pcm.extend(sine(1000.0, 1.0, 250 * samples, 48_000));
        let packets = encode_all(settings, &pcm);
        assert_eq!(packets.len(), 1000);
        assert_eq!(settings.frame_bytes(), size);
        for packet in packets {
            assert_eq!(packet.len(), size);
            assert_eq!(FrameLength::of_packet(&packet), Ok(settings.frame));
        }
    }
}

#[test]
fn speech_comes_out_as_it_went_in() {
    for settings in [EncoderSettings::lan(), EncoderSettings::wide()] {
        let pcm = speech(2 * 48_000);
        let ahead = Encoder::new(settings).unwrap().look_ahead().unwrap();
        let mut decoder = Decoder::new().unwrap();
        let mut heard = Vec::new();
        for packet in encode_all(settings, &pcm) {
            let mut out = [0.0; 960];
            let n = decoder.decode(&packet, &mut out).unwrap();
            heard.extend_from_slice(&out[..n]);
        }
        // The stated delay is right to a few samples; at these pitches each of them counts.
        let lags = ahead - 5..=ahead + 5;
        let snr = lags.map(|lag| snr_db(&pcm[..90_000], &heard[lag..][..90_000])).fold(f32::MIN, f32::max);
        assert!(snr > 11.0, "{settings:?}: {snr} dB");
    }
}

#[test]
fn the_redundancy_in_a_packet_gives_back_the_one_before() {
    for settings in [EncoderSettings::lan(), EncoderSettings::wide()] {
        let pcm = speech(48_000);
        let packets = encode_all(settings, &pcm);
        let samples = settings.frame.samples();
        let (mut whole, mut with_fec, mut concealing) =
            (Decoder::new().unwrap(), Decoder::new().unwrap(), Decoder::new().unwrap());
        let (mut said, mut fec, mut plc) = (Vec::new(), Vec::new(), Vec::new());
        for (n, packet) in packets.iter().enumerate() {
            let mut out = [0.0; 960];
            whole.decode(packet, &mut out).unwrap();
            // Opus sends it for what it takes for speech, so not between syllables.
            let lost = n % 7 == 6 && packets.get(n + 1).is_some_and(|next| carries_fec(next));
            if lost {
                said.extend_from_slice(&out[..samples]);
                with_fec.decode_fec(&packets[n + 1], &mut out).unwrap();
                fec.extend_from_slice(&out[..samples]);
                concealing.conceal(&mut out[..samples]).unwrap();
                plc.extend_from_slice(&out[..samples]);
            } else {
                with_fec.decode(packet, &mut out).unwrap();
                concealing.decode(packet, &mut out).unwrap();
            }
        }
        assert!(said.len() >= packets.len() / 10 * samples, "{settings:?}");
        let (fec, plc) = (snr_db(&said, &fec), snr_db(&said, &plc));
        assert!(fec > 4.0, "{settings:?}: recovered at {fec} dB, concealed at {plc} dB");
        assert!(fec > plc + 3.0, "{settings:?}: recovered at {fec} dB, concealed at {plc} dB");
    }
}

#[test]
fn a_lost_frame_is_concealed_with_sound_not_with_silence() {
    let packets = encode_all(EncoderSettings::lan(), &speech(48_000));
    let mut decoder = Decoder::new().unwrap();
    let mut out = [0.0; 480];
    for packet in &packets[..40] {
        decoder.decode(packet, &mut out).unwrap();
    }
    // A decoder of its own hears what packet 40 would have been.
    let before = rms(&out);
    assert_eq!(decoder.conceal(&mut out), Ok(480));
    assert!(rms(&out) > 0.2 * before, "{} after {before}", rms(&out));
}

#[test]
fn after_a_reset_the_same_voice_gives_the_same_packets() {
    let pcm = speech(4800);
    let mut encoder = Encoder::new(EncoderSettings::lan()).unwrap();
    let run = |encoder: &mut Encoder| -> Vec<[u8; 120]> {
        pcm.chunks_exact(480)
            .map(|frame| {
                let mut out = [0; 120];
                encoder.encode(frame, &mut out).unwrap();
                out
            })
            .collect()
    };
    let once = run(&mut encoder);
    encoder.reset().unwrap();
    assert_eq!(once, run(&mut encoder));
}

#[test]
fn a_wrong_length_is_refused() {
    let mut encoder = Encoder::new(EncoderSettings::lan()).unwrap();
    assert_eq!(
        encoder.encode(&[0.0; 479], &mut [0; 320]),
        Err(AudioError::Length { given: 479, wanted: 480 })
    );
    assert_eq!(encoder.encode(&[0.0; 480], &mut [0; 59]), Err(AudioError::Room));
    let mut decoder = Decoder::new().unwrap();
    assert_eq!(decoder.decode(&[], &mut [0.0; 960]), Err(AudioError::Packet));
    assert_eq!(decoder.decode(&[0x08; 321], &mut [0.0; 960]), Err(AudioError::Packet));
    assert!(decoder.conceal(&mut [0.0; 100]).is_err());
    let wild = EncoderSettings { bitrate: 300_000, ..EncoderSettings::wide() };
    assert_eq!(Encoder::new(wild).err(), Some(AudioError::Settings));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]
    #[test]
    fn no_bytes_from_the_network_upset_the_decoder(packet in proptest::collection::vec(0u8.., 0..400)) {
        let mut decoder = Decoder::new().unwrap();
        let mut out = [0.0; 960];
        let _ = carries_fec(&packet);
        let _ = decoder.decode_fec(&packet, &mut out);
        if let Ok(n) = decoder.decode(&packet, &mut out) {
            assert!(n == 480 || n == 960);
            assert!(out.iter().all(|s| s.is_finite()));
        }
    }
}
