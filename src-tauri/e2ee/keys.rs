//! The keys of hosts, members and joiners, with what they sign.

use curve25519_dalek::digest::Digest;
use ed25519_dalek::{Signer, SigningKey};
use pushtalk_protocol::{
    Challenge, Epoch, HostPublic, JoinPublic, MemberPublic, Pid, RoomId, SeatPublic, Signature,
    SignedStatement, Statement,
};
use rand::CryptoRng;
use sha2::Sha512;

use crate::derive::{Secret, draw};
use crate::words::{create_words, host_words, join_words, restore_words, resume_words, statement_words};
use crate::{ServerIdentity, x25519};

/// The room that a host key makes: the id commits to the key.
pub fn room_id(host: &HostPublic) -> RoomId {
    RoomId::new(name(b"PushTalk1 room", host.as_bytes()))
}

/// The member that a member key makes.
pub fn pid(member: &MemberPublic) -> Pid {
    Pid::new(name(b"PushTalk1 pid", member.as_bytes()))
}

/// Ed25519 (RFC 8032), made by who creates a room, for that room only.
pub struct HostKey(Box<SigningKey>);

impl HostKey {
    /// A new one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Box::new(SigningKey::from_bytes(&draw(rng))))
    }

    /// The public half.
    pub fn public(&self) -> HostPublic {
        HostPublic::new(self.0.verifying_key().to_bytes())
    }

    /// Proves to the members that `pid` is the host.
    pub fn prove_host(&self, room_id: RoomId, epoch: Epoch, pid: Pid) -> Signature {
        sign(&self.0, &host_words(room_id, epoch, pid))
    }

    /// Proves to the server that the host makes this room, with this key for its joiners.
    pub fn sign_create(
        &self,
        challenge: &Challenge,
        room_id: RoomId,
        epoch: Epoch,
        join_pub: &JoinPublic,
        pid: Pid,
        srv: &ServerIdentity,
    ) -> Signature {
        sign(&self.0, &create_words(challenge, room_id, epoch, join_pub, pid, srv))
    }

    /// Begins an epoch, for all who know this host.
    pub fn sign_statement(&self, statement: Statement) -> SignedStatement {
        let signature = sign(&self.0, &statement_words(&statement));
        SignedStatement { statement, signature }
    }
}

/// X25519, made by each member for one room, kept in memory only.
pub struct MemberKey(Secret<32>);

impl MemberKey {
    /// A new one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(draw(rng))
    }

    /// The public half.
    pub fn public(&self) -> MemberPublic {
        MemberPublic::new(x25519::public(&self.0))
    }

    pub(crate) fn private(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Ed25519, made by each member for one stay: who has it may come back to its seat at the server.
pub struct SeatKey(Box<SigningKey>);

impl SeatKey {
    /// A new one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Box::new(SigningKey::from_bytes(&draw(rng))))
    }

    /// The public half.
    pub fn public(&self) -> SeatPublic {
        SeatPublic::new(self.0.verifying_key().to_bytes())
    }

    /// Proves to the server that the seat of `pid` is ours.
    pub fn sign_resume(
        &self,
        challenge: &Challenge,
        room_id: RoomId,
        pid: Pid,
        srv: &ServerIdentity,
    ) -> Signature {
        sign(&self.0, &resume_words(challenge, room_id, pid, srv))
    }
}

/// Ed25519, derived from the room secret: whoever has it may join, and the server holds its public half.
pub struct JoinKey(Box<SigningKey>);

impl JoinKey {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed)))
    }

    /// The public half.
    pub fn public(&self) -> JoinPublic {
        JoinPublic::new(self.0.verifying_key().to_bytes())
    }

    /// Proves to the server that `pid` may be in the room.
    pub fn sign_join(
        &self,
        challenge: &Challenge,
        room_id: RoomId,
        epoch: Epoch,
        pid: Pid,
        srv: &ServerIdentity,
    ) -> Signature {
        sign(&self.0, &join_words(challenge, room_id, epoch, pid, srv))
    }

    /// Proves to a server that `pid` may make the room anew.
    pub fn sign_restore(
        &self,
        challenge: &Challenge,
        room_id: RoomId,
        epoch: Epoch,
        pid: Pid,
        srv: &ServerIdentity,
    ) -> Signature {
        sign(&self.0, &restore_words(challenge, room_id, epoch, pid, srv))
    }
}

fn sign(key: &SigningKey, words: &[u8]) -> Signature {
    Signature::new(key.sign(words).to_bytes())
}

/// H(label ‖ 0 ‖ public), cut to 16 bytes.
fn name(label: &[u8], public: &[u8; 32]) -> [u8; 16] {
    let hash = Sha512::new().chain_update(label).chain_update([0]).chain_update(public).finalize();
    std::array::from_fn(|i| hash[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::tests::hex;

    #[test]
    fn names_are_those_of_the_protocol() {
        // The hashes were worked out with another program.
        assert_eq!(
            *room_id(&HostPublic::new([7; 32])).as_bytes(),
            hex("06d58e22f46e40ffd547c6256017d4ec")[..]
        );
        assert_eq!(*pid(&MemberPublic::new([7; 32])).as_bytes(), hex("2e055c64fbe4801b600e09286a8d3831")[..]);
    }
}
