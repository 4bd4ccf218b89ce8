//! CPace (draft-irtf-cfrg-cpace-21), the cipher suite CPACE-RISTR255-SHA512 in its initiator-responder setting.
//!
//! Written here because no maintained crate follows the draft; checked against its test vectors below.

use curve25519_dalek::digest::Digest;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use rand::CryptoRng;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::derive::draw;

/// G.DSI of section 7.3 (ristretto255).
const DSI: &[u8] = b"CPaceRistretto255";
/// G.DSI followed by `_ISK`.
const DSI_ISK: &[u8] = b"CPaceRistretto255_ISK";
/// H.s_in_bytes of SHA-512.
const BLOCK: usize = 128;

/// Intermediate session key: 64 bytes that both sides have when they used the same password.
pub(crate) type Isk = Zeroizing<[u8; 64]>;

/// One side of one run, after it has sent its public share.
pub(crate) struct Share {
    secret: Box<Zeroizing<Scalar>>,
    public: [u8; 32],
}

/// A public share with its associated data, as it went over the wire.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) share: &'a [u8; 32],
    pub(crate) ad: &'a [u8],
}

impl Share {
    /// Chooses a secret scalar (64 uniform bytes reduced) and multiplies the generator that the password makes.
    pub(crate) fn new(rng: &mut impl CryptoRng, prs: &[u8], ci: &[u8], sid: &[u8]) -> Self {
        Self::with(Scalar::from_bytes_mod_order_wide(&draw(rng)), prs, ci, sid)
    }

    fn with(secret: Scalar, prs: &[u8], ci: &[u8], sid: &[u8]) -> Self {
        let secret = Box::new(Zeroizing::new(secret));
        let point = Zeroizing::new(**secret * *generator(prs, ci, sid));
        Self { public: point.compress().to_bytes(), secret }
    }

    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The key, for the one who sent first.
    pub(crate) fn finish_first(&self, sid: &[u8], ad: &[u8], theirs: Sent<'_>) -> Result<Isk, CryptoError> {
        let point = multiply(&self.secret, theirs.share)?;
        Ok(isk(sid, &point, Sent { share: &self.public, ad }, theirs))
    }

    /// The key, for the one who answered.
    pub(crate) fn finish_second(&self, sid: &[u8], theirs: Sent<'_>, ad: &[u8]) -> Result<Isk, CryptoError> {
        let point = multiply(&self.secret, theirs.share)?;
        Ok(isk(sid, &point, theirs, Sent { share: &self.public, ad }))
    }
}

/// G.calculate_generator: the password hashed to a point.
fn generator(prs: &[u8], ci: &[u8], sid: &[u8]) -> Zeroizing<RistrettoPoint> {
    let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(&*generator_string(prs, ci, sid)).into());
    Zeroizing::new(RistrettoPoint::from_uniform_bytes(&hash))
}

/// generator_string: the password and padding fill the first block, whatever the password's length.
fn generator_string(prs: &[u8], ci: &[u8], sid: &[u8]) -> Zeroizing<Vec<u8>> {
    let pad = BLOCK.saturating_sub(1 + lv_len(prs) + lv_len(DSI));
    // Room for all of it at once: growing would leave copies of the password behind.
    let parts = [DSI, prs, &[0; BLOCK][..pad], ci, sid];
    let mut string = Zeroizing::new(Vec::with_capacity(parts.iter().map(|p| lv_len(p)).sum()));
    parts.iter().for_each(|part| lv(&mut string, part));
    string
}

/// G.scalar_mult_vfy: fails for what is no point in its only encoding, and for the neutral element.
fn multiply(secret: &Scalar, share: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
    let theirs = CompressedRistretto(*share).decompress().ok_or(CryptoError)?;
    let point = Zeroizing::new(*secret * theirs);
    if point.is_identity() { Err(CryptoError) } else { Ok(Zeroizing::new(point.compress().to_bytes())) }
}

/// H(lv_cat(DSI_ISK, sid, K) ‖ transcript_ir(Ya, ADa, Yb, ADb)).
fn isk(sid: &[u8], point: &[u8; 32], first: Sent<'_>, second: Sent<'_>) -> Isk {
    let parts: [&[u8]; 7] = [DSI_ISK, sid, point, first.share, first.ad, second.share, second.ad];
    let mut string = Zeroizing::new(Vec::with_capacity(parts.iter().map(|p| lv_len(p)).sum()));
    parts.iter().for_each(|part| lv(&mut string, part));
    Zeroizing::new(Sha512::digest(&*string).into())
}

/// prepend_len: the length in LEB128, then the bytes.
fn lv(out: &mut Vec<u8>, part: &[u8]) {
    let mut length = part.len();
    while length > 0x7f {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(part);
}

fn lv_len(part: &[u8]) -> usize {
    let (mut bytes, mut length) = (1, part.len());
    while length > 0x7f {
        bytes += 1;
        length >>= 7;
    }
    bytes + part.len()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::derive::tests::hex;

    // draft-irtf-cfrg-cpace-21, appendix B.3: ristretto255 and SHA-512.
    const PRS: &str = "50617373776f7264";
    const CI: &str = "6f630b425f726573706f6e6465720b415f696e69746961746f72";
    const SID: &str = "7e4b4791d6a8ef019b936c79fb7f2c57";
    const GENERATOR_STRING: &str =
        "11435061636552697374726574746f3235350850617373776f7264640000000000000000000000000000000000000000
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        00000000000000000000000000000000000000000000000000000000000000001a6f630b425f726573706f6e6465720b
        415f696e69746961746f72107e4b4791d6a8ef019b936c79fb7f2c57";
    const GENERATOR: &str = "a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30b36b";
    const SECRET_A: &str = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08";
    const AD_A: &str = "414461";
    const SHARE_A: &str = "d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a";
    const SECRET_B: &str = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d";
    const AD_B: &str = "414462";
    const SHARE_B: &str = "08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307";
    const POINT: &str = "e22b1ef7788f661478f3cddd4c600774fc0f41e6b711569190ff88fa0e607e09";
    const ISK: &str =
        "4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d8346f30aa58377117eb20d527f2cbc5c
        76381f7fd372e89df8239f87f2e02ed1";
    // The same, correct and incorrect points for scalar_mult_vfy.
    const VALID_SCALAR: &str = "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05";
    const VALID_POINT: &str = "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c";
    const VALID_RESULT: &str = "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e";
    const NO_POINT: &str = "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c";
    const NEUTRAL_POINT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn array(text: &str) -> [u8; 32] {
        hex(text).try_into().unwrap()
    }

    fn scalar(text: &str) -> Scalar {
        Scalar::from_canonical_bytes(array(text)).unwrap()
    }

    fn share(secret: &str) -> Share {
        Share::with(scalar(secret), &hex(PRS), &hex(CI), &hex(SID))
    }

    #[test]
    fn the_password_becomes_the_generator_of_the_draft() {
        let (prs, ci, sid) = (hex(PRS), hex(CI), hex(SID));
        assert_eq!(*generator_string(&prs, &ci, &sid), hex(GENERATOR_STRING));
        assert_eq!(generator(&prs, &ci, &sid).compress().to_bytes(), array(GENERATOR));
    }

    #[test]
    fn both_sides_come_to_the_key_of_the_draft() {
        let (a, b) = (share(SECRET_A), share(SECRET_B));
        assert_eq!(*a.public(), array(SHARE_A));
        assert_eq!(*b.public(), array(SHARE_B));
        assert_eq!(*multiply(&a.secret, b.public()).unwrap(), array(POINT));
        assert_eq!(*multiply(&b.secret, a.public()).unwrap(), array(POINT));
        let (sid, ad_a, ad_b) = (hex(SID), hex(AD_A), hex(AD_B));
        let first = a.finish_first(&sid, &ad_a, Sent { share: b.public(), ad: &ad_b }).unwrap();
        let second = b.finish_second(&sid, Sent { share: a.public(), ad: &ad_a }, &ad_b).unwrap();
        assert_eq!(first[..], hex(ISK));
        assert_eq!(second[..], hex(ISK));
    }

    #[test]
    fn a_share_that_is_no_point_or_the_neutral_one_aborts() {
        let secret = scalar(VALID_SCALAR);
        assert_eq!(*multiply(&secret, &array(VALID_POINT)).unwrap(), array(VALID_RESULT));
        assert_eq!(multiply(&secret, &array(NO_POINT)).err(), Some(CryptoError));
        assert_eq!(multiply(&secret, &array(NEUTRAL_POINT)).err(), Some(CryptoError));
    }

    #[test]
    fn a_share_in_a_second_encoding_aborts() {
        // The field's prime added once, and the highest bit set: both would be read as a point by a lenient reader.
        let secret = scalar(VALID_SCALAR);
        let mut prime = [0xff; 32];
        (prime[0], prime[31]) = (0xed, 0x7f);
        assert_eq!(multiply(&secret, &prime).err(), Some(CryptoError));
        let mut high = array(VALID_POINT);
        high[31] |= 0x80;
        assert_eq!(multiply(&secret, &high).err(), Some(CryptoError));
    }

    #[test]
    fn another_password_context_or_session_gives_another_key() {
        let rng = &mut StdRng::seed_from_u64(1);
        let mut run = |prs: &[u8], ci: &[u8], sid: &[u8]| {
            let (a, b) = (Share::new(rng, b"a", b"ci", b"sid"), Share::new(rng, prs, ci, sid));
            let first = a.finish_first(b"sid", b"", Sent { share: b.public(), ad: b"" }).unwrap();
            let second = b.finish_second(sid, Sent { share: a.public(), ad: b"" }, b"").unwrap();
            *first == *second
        };
        assert!(run(b"a", b"ci", b"sid"));
        assert!(!run(b"b", b"ci", b"sid"));
        assert!(!run(b"a", b"cj", b"sid"));
        assert!(!run(b"a", b"ci", b"sie"));
    }

    #[test]
    fn long_parts_have_a_length_of_several_bytes() {
        let mut out = Vec::new();
        lv(&mut out, &[7; 300]);
        assert_eq!(out[..3], [0xac, 0x02, 7]);
        assert_eq!((out.len(), lv_len(&[7; 300]), lv_len(&[7; 127])), (302, 302, 128));
    }
}
