//! What the crate `snow` is given to work with: keys that are wiped, no zero shared secret, and the caller's randomness.
//!
//! `snow` runs the protocol (Noise revision 34). Its own X25519 and AES-GCM neither wipe their keys nor refuse an
//! all-zero result, so both are replaced; the hash is its own. `snow` leaves its chaining key on the stack when a
//! handshake ends; nothing that is reachable points to it.

use std::cell::Cell;

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use zeroize::Zeroizing;

use crate::aead::{Aead, TAG};
use crate::derive::Secret;
use crate::x25519;

/// The primitives of `25519_AESGCM_SHA512`, for one handshake.
pub(crate) struct Resolver {
    ephemeral: Cell<Option<Secret<32>>>,
}

impl Resolver {
    /// `ephemeral` is the private key of the one ephemeral key pair that a side of KK makes, drawn by the caller.
    pub(crate) fn new(ephemeral: Secret<32>) -> Self {
        Self { ephemeral: Cell::new(Some(ephemeral)) }
    }
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Drawn(self.ephemeral.take())))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        matches!(choice, DHChoice::Curve25519).then(|| Box::new(X25519::default()) as _)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        matches!(choice, HashChoice::SHA512).then(|| DefaultResolver.resolve_hash(choice)).flatten()
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        matches!(choice, CipherChoice::AESGCM).then(|| Box::new(AesGcm::default()) as _)
    }
}

/// Bytes that were drawn before: they are handed out once, and a second wish is an error rather than a repetition.
struct Drawn(Option<Secret<32>>);

impl Random for Drawn {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), snow::Error> {
        match self.0.take() {
            Some(bytes) if bytes.len() == out.len() => {
                out.copy_from_slice(&**bytes);
                Ok(())
            }
            _ => Err(snow::Error::Rng),
        }
    }
}

#[derive(Default)]
struct X25519 {
    private: Zeroizing<[u8; 32]>,
    public: [u8; 32],
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        32
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn set(&mut self, private: &[u8]) {
        self.private.copy_from_slice(private);
        self.public = x25519::public(&self.private);
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), snow::Error> {
        rng.try_fill_bytes(&mut *self.private)?;
        self.public = x25519::public(&self.private);
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &*self.private
    }

    // Both slices are as long as the longest key of any curve; ours is at their beginning.
    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        let public = public.first_chunk().ok_or(snow::Error::Dh)?;
        let out = out.first_chunk_mut::<32>().ok_or(snow::Error::Dh)?;
        *out = *x25519::shared(&self.private, public).map_err(|_| snow::Error::Dh)?;
        Ok(())
    }
}

/// Without a key until `set`; `snow` keeps track of that and asks for nothing before.
#[derive(Default)]
struct AesGcm(Option<Aead>);

/// Section 12.4 of the Noise specification: 32 bits of zeros, then the number, big-endian.
fn nonce(n: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&n.to_be_bytes());
    nonce
}

impl Cipher for AesGcm {
    fn name(&self) -> &'static str {
        "AESGCM"
    }

    fn set(&mut self, key: &[u8; 32]) {
        self.0 = Some(Aead::new(key));
    }

    fn encrypt(&self, n: u64, ad: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        let Some(key) = &self.0 else { unreachable!("snow sets a key before it seals") };
        let (body, tag) = out[..plaintext.len() + TAG].split_at_mut(plaintext.len());
        body.copy_from_slice(plaintext);
        tag.copy_from_slice(&key.seal(&nonce(n), ad, body));
        plaintext.len() + TAG
    }

    fn decrypt(&self, n: u64, ad: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Result<usize, snow::Error> {
        let key = self.0.as_ref().ok_or(snow::Error::Decrypt)?;
        let (body, tag) = ciphertext.split_last_chunk().ok_or(snow::Error::Decrypt)?;
        let out = out.get_mut(..body.len()).ok_or(snow::Error::Decrypt)?;
        out.copy_from_slice(body);
        key.open(&nonce(n), ad, out, tag).map_err(|_| snow::Error::Decrypt)?;
        Ok(body.len())
    }

    /// REKEY of section 4.2: the first 32 bytes of 32 zeros sealed under the number that is reserved for this.
    fn rekey(&mut self) {
        let mut sealed = Zeroizing::new([0; 32 + TAG]);
        self.encrypt(u64::MAX, &[], &[0; 32], &mut *sealed);
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&sealed[..32]);
        self.set(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::tests::hex;

    // Noise_KKpsk0_25519_AESGCM_SHA512 of the cacophony test vectors.
    const PROLOGUE: &str = "4a6f686e2047616c74";
    const PSK: &str = "54686973206973206d7920417573747269616e20706572737065637469766521";
    const INIT_STATIC: &str = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1";
    const INIT_EPHEMERAL: &str = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
    const RESP_PUBLIC: &str = "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62";
    const RESP_STATIC: &str = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893";
    const RESP_EPHEMERAL: &str = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";
    const INIT_PUBLIC: &str = "6bc3822a2aa7f4e6981d6538692b3cdf3e6df9eea6ed269eb41d93c22757b75a";
    const HANDSHAKE_HASH: &str =
        "b958c27422234da0bbb546d728dcbeb9b28a76673d87dd23ea171909df7c726ae8346bad043d45fe7b15c1e9691808fa
        ff7f85764468edb4bc937593a19b16e0";
    const MESSAGES: [(&str, &str); 6] = [
        (
            "4c756477696720766f6e204d69736573",
            "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944f40b7910ad46f609233709df50
            8795902c2f0c0775e21ca201adc973ff1b799f",
        ),
        (
            "4d757272617920526f746862617264",
            "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843d5c5a38c6756104cc7a86318c4
            582c26223d5b32b56234cb3706158bfc9bba",
        ),
        ("462e20412e20486179656b", "7913b0a308979a0edd2b909236b8a2ce47776ebf3e28359ef50f48"),
        ("4361726c204d656e676572", "c7f5351395e6ef19e0a57626ab09090a3a954e9377b596e49af5df"),
        (
            "4a65616e2d426170746973746520536179",
            "5df57a957d160a0c9e34613b5a071626f523b55abafcd3e34b906fda9107227003",
        ),
        (
            "457567656e2042f6686d20766f6e2042617765726b",
            "d681fba3451357d1b89bf2165754d45f0d14867b00e3179db41efb6484c23a0b3d208d2c4f",
        ),
    ];

    fn array(text: &str) -> [u8; 32] {
        hex(text).try_into().unwrap()
    }

    fn side(private: &str, remote: &str, ephemeral: &str) -> snow::HandshakeState {
        let resolver = Resolver::new(Box::new(Zeroizing::new(array(ephemeral))));
        let params = "Noise_KKpsk0_25519_AESGCM_SHA512".parse().unwrap();
        let (private, remote, psk, prologue) = (array(private), array(remote), array(PSK), hex(PROLOGUE));
        let builder = snow::Builder::with_resolver(params, Box::new(resolver))
            .local_private_key(&private)
            .and_then(|b| b.remote_public_key(&remote))
            .and_then(|b| b.psk(0, &psk))
            .and_then(|b| b.prologue(&prologue))
            .unwrap();
        if ephemeral == INIT_EPHEMERAL { builder.build_initiator() } else { builder.build_responder() }
            .unwrap()
    }

    #[test]
    fn a_handshake_and_its_messages_are_those_of_the_vector() {
        let mut init = side(INIT_STATIC, RESP_PUBLIC, INIT_EPHEMERAL);
        let mut resp = side(RESP_STATIC, INIT_PUBLIC, RESP_EPHEMERAL);
        let (mut sealed, mut opened) = ([0; 256], [0; 256]);
        for (i, (payload, ciphertext)) in MESSAGES[..2].iter().enumerate() {
            let (from, to) = if i == 0 { (&mut init, &mut resp) } else { (&mut resp, &mut init) };
            let n = from.write_message(&hex(payload), &mut sealed).unwrap();
            assert_eq!(sealed[..n], hex(ciphertext), "message {i}");
            let n = to.read_message(&sealed[..n], &mut opened).unwrap();
            assert_eq!(opened[..n], hex(payload), "message {i}");
        }
        assert_eq!(init.get_handshake_hash(), hex(HANDSHAKE_HASH));
        assert_eq!(resp.get_handshake_hash(), hex(HANDSHAKE_HASH));
        let init = init.into_stateless_transport_mode().unwrap();
        let resp = resp.into_stateless_transport_mode().unwrap();
        for (i, (payload, ciphertext)) in MESSAGES[2..].iter().enumerate() {
            let (from, to) = if i % 2 == 0 { (&init, &resp) } else { (&resp, &init) };
            let number = i as u64 / 2;
            let n = from.write_message(number, &hex(payload), &mut sealed).unwrap();
            assert_eq!(sealed[..n], hex(ciphertext), "message {}", i + 2);
            let n = to.read_message(number, &sealed[..n], &mut opened).unwrap();
            assert_eq!(opened[..n], hex(payload), "message {}", i + 2);
        }
    }

    #[test]
    fn a_public_key_that_leads_to_zero_ends_the_handshake() {
        // u = 0 and u = 1 have small order (RFC 7748 section 6.1).
        for small in ["00".repeat(32), format!("01{}", "00".repeat(31))] {
            let mut init = side(INIT_STATIC, &small, INIT_EPHEMERAL);
            assert_eq!(init.write_message(&[], &mut [0; 256]), Err(snow::Error::Dh));
        }
    }

    #[test]
    fn randomness_is_never_handed_out_twice() {
        let resolver = Resolver::new(Box::new(Zeroizing::new([7; 32])));
        let mut rng = resolver.resolve_rng().unwrap();
        let mut out = [0; 32];
        assert_eq!(rng.try_fill_bytes(&mut out), Ok(()));
        assert_eq!(out, [7; 32]);
        assert_eq!(rng.try_fill_bytes(&mut out), Err(snow::Error::Rng));
        assert_eq!(resolver.resolve_rng().unwrap().try_fill_bytes(&mut out), Err(snow::Error::Rng));
    }

    #[test]
    fn rekeying_is_what_snow_itself_does() {
        let mut ours = AesGcm::default();
        let mut theirs = DefaultResolver.resolve_cipher(&CipherChoice::AESGCM).unwrap();
        for cipher in [&mut ours as &mut dyn Cipher, &mut *theirs] {
            cipher.set(&[3; 32]);
            cipher.rekey();
        }
        let (mut a, mut b) = ([0; 20], [0; 20]);
        ours.encrypt(5, b"ad", b"word", &mut a);
        theirs.encrypt(5, b"ad", b"word", &mut b);
        assert_eq!(a, b);
    }
}
