//! Secret bytes on their way through a message: not copied, not printed, wiped when dropped.

use zeroize::Zeroizing;

/// `N` secret bytes. Has neither `Clone`, `Debug`, `Display` nor `Serialize`. On the heap, so that handing it over leaves
/// no copy where it was.
pub struct SecretBytes<const N: usize>(Box<Zeroizing<[u8; N]>>);

impl<const N: usize> SecretBytes<N> {
    /// Takes the bytes over.
    pub fn new(bytes: [u8; N]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// Lets the bytes be read, at a place that a reader of the code can find by this name.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}
