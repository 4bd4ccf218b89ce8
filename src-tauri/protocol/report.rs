//! How a voice arrived, as who hears it tells who speaks.

use crate::{Reader, WireError, Writer};

/// How a voice arrived over the last second in which there was one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Packets that never came, of 256 that were sent (RFC 3550 section 6.4.1).
    pub fraction_lost: u8,
    /// Packets that came too late, of 256 that were sent (RFC 3611 section 4.7.1).
    pub discard_rate: u8,
    /// How long the jitter buffer holds the voice, in milliseconds (RFC 3611 section 4.7.7).
    pub buffer_ms: u16,
    /// From the mouth to the ear, in milliseconds; none before it can be told.
    pub mouth_to_ear_ms: Option<u16>,
}

impl Report {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        let w = w.u8(self.fraction_lost).u8(self.discard_rate).u16(self.buffer_ms);
        match self.mouth_to_ear_ms {
            Some(ms) => w.u8(1).u16(ms),
            None => w.u8(0),
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self {
            fraction_lost: r.u8()?,
            discard_rate: r.u8()?,
            buffer_ms: r.u16()?,
            mouth_to_ear_ms: if r.bool()? { Some(r.u16()?) } else { None },
        })
    }
}
