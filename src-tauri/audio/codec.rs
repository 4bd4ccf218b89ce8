//! Opus as PushTalk uses it: constant size out, deep concealment in.

use std::time::Duration;

use opusic_c::{Application, Bitrate, Channels, ErrorCode, InbandFec, SampleRate, Signal};

use crate::{AudioError, SAMPLE_RATE};

/// The largest Opus packet that is sent or played, in bytes.
pub const MAX_FRAME_BYTES: usize = 320;

/// The loss hint is never lower than this: below it Opus leaves the redundancy out (RFC 6716 section 2.1.7).
const LEAST_LOSS_PERCENT: u8 = 10;

/// From this decoder complexity on Opus conceals with a neural vocoder.
const DEEP_CONCEALMENT: u8 = 5;

/// How much sound one packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameLength {
    /// 10 ms, 480 samples.
    Ms10,
    /// 20 ms, 960 samples.
    Ms20,
}

impl FrameLength {
    /// Samples of one frame at 48 kHz, mono.
    pub const fn samples(self) -> usize {
        match self {
            Self::Ms10 => 480,
            Self::Ms20 => 960,
        }
    }

    /// The time one frame lasts.
    pub const fn duration(self) -> Duration {
        match self {
            Self::Ms10 => Duration::from_millis(10),
            Self::Ms20 => Duration::from_millis(20),
        }
    }

    /// The length that an Opus packet says it has (RFC 6716 section 3.1); other lengths are not spoken here.
    ///
    /// # Errors
    /// [`AudioError::Packet`] when the bytes are no packet, more than [`MAX_FRAME_BYTES`] or of another length.
    pub fn of_packet(packet: &[u8]) -> Result<Self, AudioError> {
        if packet.is_empty() || packet.len() > MAX_FRAME_BYTES {
            return Err(AudioError::Packet);
        }
        match opusic_c::utils::get_nb_samples(packet, SampleRate::Hz48000) {
            Ok(480) => Ok(Self::Ms10),
            Ok(960) => Ok(Self::Ms20),
            _ => Err(AudioError::Packet),
        }
    }
}

/// How voice is encoded. The size of every packet follows from `frame` and `bitrate` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Sound in one packet.
    pub frame: FrameLength,
    /// Bits a second, 6 000 to 128 000.
    pub bitrate: u32,
    /// Expected packet loss in percent, at most 100; taken as 10 when lower, so that redundancy is always sent.
    pub loss_percent: u8,
    /// Effort, 0 to 10.
    pub complexity: u8,
}

impl EncoderSettings {
    /// For a local network: 10 ms at 96 kb/s, 120 bytes a packet.
    pub const fn lan() -> Self {
        Self { frame: FrameLength::Ms10, bitrate: 96_000, loss_percent: LEAST_LOSS_PERCENT, complexity: 9 }
    }

    /// For the internet: 20 ms at 48 kb/s, 120 bytes a packet. Less would not save much: a packet has 90 bytes around it.
    pub const fn wide() -> Self {
        Self { frame: FrameLength::Ms20, bitrate: 48_000, loss_percent: LEAST_LOSS_PERCENT, complexity: 9 }
    }

    /// The size of every packet in bytes.
    pub const fn frame_bytes(&self) -> usize {
        self.bitrate as usize * self.frame.samples() / (8 * SAMPLE_RATE as usize)
    }

    fn check(&self) -> Result<(), AudioError> {
        let fine = (6_000..=128_000).contains(&self.bitrate)
            && self.frame_bytes() <= MAX_FRAME_BYTES
            && self.loss_percent <= 100
            && self.complexity <= 10;
        if fine { Ok(()) } else { Err(AudioError::Settings) }
    }
}

/// Turns samples into packets of one size, whatever is said or not said.
pub struct Encoder {
    opus: opusic_c::Encoder,
    settings: EncoderSettings,
}

impl Encoder {
    /// An encoder with nothing said yet.
    ///
    /// # Errors
    /// [`AudioError::Settings`] when a setting is out of range.
    pub fn new(settings: EncoderSettings) -> Result<Self, AudioError> {
        settings.check()?;
        let mut opus = opusic_c::Encoder::new(Channels::Mono, SampleRate::Hz48000, Application::Voip)?;
        opus.set_bitrate(Bitrate::Value(settings.bitrate))?;
        opus.set_vbr(false)?;
        opus.set_dtx(false)?;
        opus.set_complexity(settings.complexity)?;
        // Told that it is voice, Opus keeps to the modes that can carry redundancy.
        opus.set_signal(Signal::Voice)?;
        opus.set_inband_fec(InbandFec::Mode1)?;
        opus.set_packet_loss(settings.loss_percent.max(LEAST_LOSS_PERCENT))?;
        Ok(Self { opus, settings })
    }

    /// Other settings from the next packet on; what was said is not forgotten.
    ///
    /// # Errors
    /// [`AudioError::Settings`] when a setting is out of range; then nothing has changed.
    pub fn change(&mut self, settings: EncoderSettings) -> Result<(), AudioError> {
        settings.check()?;
        self.opus.set_bitrate(Bitrate::Value(settings.bitrate))?;
        self.opus.set_complexity(settings.complexity)?;
        self.opus.set_packet_loss(settings.loss_percent.max(LEAST_LOSS_PERCENT))?;
        self.settings = settings;
        Ok(())
    }

    /// The settings it has now.
    pub const fn settings(&self) -> EncoderSettings {
        self.settings
    }

    /// The size of every packet in bytes.
    pub const fn frame_bytes(&self) -> usize {
        self.settings.frame_bytes()
    }

    /// By how many samples the decoded sound is behind what went in.
    ///
    /// # Errors
    /// [`AudioError::Codec`] when Opus does not say.
    pub fn look_ahead(&mut self) -> Result<usize, AudioError> {
        Ok(self.opus.get_look_ahead()? as usize)
    }

    /// Encodes one frame of exactly `frame.samples()` samples and returns the bytes written to the front of `out`:
    /// always [`frame_bytes`](Self::frame_bytes).
    ///
    /// # Errors
    /// [`AudioError::Length`] for another number of samples, [`AudioError::Room`] when `out` is shorter than a packet.
    pub fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> Result<usize, AudioError> {
        let wanted = self.settings.frame.samples();
        if pcm.len() != wanted {
            return Err(AudioError::Length { given: pcm.len(), wanted });
        }
        let out = out.get_mut(..self.frame_bytes()).ok_or(AudioError::Room)?;
        Ok(self.opus.encode_float_to_slice(pcm, out)?)
    }

    /// Forgets what was said: the next packet begins a spurt and can be decoded without the ones before it.
    ///
    /// # Errors
    /// [`AudioError::Codec`] when Opus refuses.
    pub fn reset(&mut self) -> Result<(), AudioError> {
        Ok(self.opus.reset()?)
    }
}

/// Turns packets into samples and makes up for those that did not come.
pub struct Decoder {
    opus: opusic_c::Decoder,
}

impl Decoder {
    /// A decoder that has heard nothing.
    ///
    /// # Errors
    /// [`AudioError::Codec`] when there is no memory for it.
    pub fn new() -> Result<Self, AudioError> {
        let mut opus = opusic_c::Decoder::new(Channels::Mono, SampleRate::Hz48000)?;
        opus.set_complexity(DEEP_CONCEALMENT)?;
        Ok(Self { opus })
    }

    /// Decodes a packet into the front of `out` and returns the number of samples, 480 or 960.
    ///
    /// # Errors
    /// [`AudioError::Packet`] when it is no packet of 10 or 20 ms, [`AudioError::Room`] when `out` is too short.
    pub fn decode(&mut self, packet: &[u8], out: &mut [f32]) -> Result<usize, AudioError> {
        let samples = FrameLength::of_packet(packet)?.samples();
        let out = out.get_mut(..samples).ok_or(AudioError::Room)?;
        Ok(self.opus.decode_float_to_slice(packet, out, false)?)
    }

    /// Recovers the frame before `next_packet` from the redundancy in it; conceals it when there is none. The lost
    /// frame is taken to be as long as `next_packet`; the number of samples is returned.
    ///
    /// # Errors
    /// As for [`decode`](Self::decode).
    pub fn decode_fec(&mut self, next_packet: &[u8], out: &mut [f32]) -> Result<usize, AudioError> {
        let samples = FrameLength::of_packet(next_packet)?.samples();
        let out = out.get_mut(..samples).ok_or(AudioError::Room)?;
        Ok(self.opus.decode_float_to_slice(next_packet, out, true)?)
    }

    /// Makes up the next `out.len()` samples: a multiple of 480, at most 2880.
    ///
    /// # Errors
    /// [`AudioError::Length`] for another number of samples.
    pub fn conceal(&mut self, out: &mut [f32]) -> Result<usize, AudioError> {
        if out.is_empty() || !out.len().is_multiple_of(480) || out.len() > 2880 {
            return Err(AudioError::Length { given: out.len(), wanted: 480 });
        }
        Ok(self.opus.decode_float_to_slice(&[], out, false)?)
    }

    /// Forgets what was heard, at the start of a spurt.
    ///
    /// # Errors
    /// [`AudioError::Codec`] when Opus refuses.
    pub fn reset(&mut self) -> Result<(), AudioError> {
        Ok(self.opus.reset()?)
    }
}

/// Whether the packet carries redundancy for the frame before it (the LBRR flag, RFC 6716 sections 3.1, 3.2 and
/// 4.2.3). Read for packets with one SILK frame, which is all that 10 and 20 ms have.
pub(crate) fn carries_fec(packet: &[u8]) -> bool {
    let Some((&toc, rest)) = packet.split_first() else { return false };
    if toc & 0x80 != 0 {
        return false;
    }
    let payload = match toc & 3 {
        0 => Some(rest),
        3 => after_padding(rest),
        _ => None,
    };
    payload.and_then(<[u8]>::first).is_some_and(|first| first & 0x40 != 0)
}

/// Skips the count byte and the padding length of a code 3 packet (RFC 6716 section 3.2.5).
fn after_padding(rest: &[u8]) -> Option<&[u8]> {
    let (&count, mut rest) = rest.split_first()?;
    if count & 0x3f != 1 {
        return None;
    }
    if count & 0x40 != 0 {
        loop {
            let (&length, after) = rest.split_first()?;
            rest = after;
            if length != 255 {
                break;
            }
        }
    }
    Some(rest)
}

impl From<ErrorCode> for AudioError {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidPacket => Self::Packet,
            ErrorCode::BufferTooSmall => Self::Room,
            ErrorCode::BadArg => Self::Settings,
            _ => Self::Codec,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::speech;

    #[test]
    fn a_lost_frame_is_made_up_by_the_neural_vocoder() {
        let mut encoder = Encoder::new(EncoderSettings::lan()).unwrap();
        let (mut deep, mut plain) = (Decoder::new().unwrap(), Decoder::new().unwrap());
        plain.opus.set_complexity(0).unwrap();
        let (mut one, mut other) = ([0.0; 480], [0.0; 480]);
        for frame in speech(24_000).chunks_exact(480) {
            let mut packet = [0; 120];
            encoder.encode(frame, &mut packet).unwrap();
            deep.decode(&packet, &mut one).unwrap();
            plain.decode(&packet, &mut other).unwrap();
        }
        assert_eq!(one, other);
        deep.conceal(&mut one).unwrap();
        plain.conceal(&mut other).unwrap();
        assert_ne!(one, other);
    }
}
