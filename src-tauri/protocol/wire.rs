//! Reading and writing bytes: big-endian integers, `lv` strings, and an end that must be reached.

use thiserror::Error;

use crate::VERSION;

/// What is wrong with bytes that came from outside.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WireError {
    /// Fewer bytes than the message needs.
    #[error("the message ends too early")]
    Short,
    /// Bytes after the end.
    #[error("the message goes on after its end")]
    Long,
    /// Another version; both are named.
    #[error("version {theirs} of the protocol, this program speaks version {VERSION}")]
    Version {
        /// The version byte found.
        theirs: u8,
    },
    /// An unknown kind of message or an unknown choice.
    #[error("unknown kind {0}")]
    Kind(u8),
    /// A text that is not UTF-8, or a field outside its bounds.
    #[error("a field has a value that is not allowed")]
    Value,
}

/// Takes bytes apart, in order.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads a message that begins with the version.
    ///
    /// # Errors
    /// `Short`, or `Version` for another version.
    pub fn versioned(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Self(bytes);
        match reader.u8()? {
            VERSION => Ok(reader),
            theirs => Err(WireError::Version { theirs }),
        }
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// `Short`.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], WireError> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(WireError::Short)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// `Short`.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(WireError::Short)?;
        self.0 = tail;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// `Short`.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// `Short`.
    pub fn u16(&mut self) -> Result<u16, WireError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// `Short`.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// `Short`.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A boolean: one byte, 0 or 1.
    ///
    /// # Errors
    /// `Short`, or `Value`.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Value),
        }
    }

    /// `lv`: a 2-byte length and that many bytes.
    ///
    /// # Errors
    /// `Short`.
    pub fn lv(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// `lv` holding UTF-8.
    ///
    /// # Errors
    /// `Short`, or `Value`.
    pub fn text(&mut self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.lv()?).map_err(|_| WireError::Value)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// True at the end.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// `Long`.
    pub fn end(self) -> Result<(), WireError> {
        if self.0.is_empty() { Ok(()) } else { Err(WireError::Long) }
    }
}

/// Puts bytes together, in order. Wipes what it held when it is dropped unfinished.
#[derive(Default)]
pub struct Writer(zeroize::Zeroizing<Vec<u8>>);

impl Writer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that begins with the version.
    pub fn versioned() -> Self {
        Self::default().u8(VERSION)
    }

    /// Bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// One byte.
    #[must_use]
    pub fn u8(self, value: u8) -> Self {
        self.raw(&[value])
    }

    /// Two bytes, big-endian.
    #[must_use]
    pub fn u16(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Four bytes, big-endian.
    #[must_use]
    pub fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    #[must_use]
    pub fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// A 2-byte length and the bytes; what is over 65,535 bytes is cut off.
    #[must_use]
    pub fn lv(self, bytes: &[u8]) -> Self {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.u16(length).raw(&bytes[..usize::from(length)])
    }

    /// The bytes.
    pub fn finish(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}
