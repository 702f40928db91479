//! What the tests share: keys of a chain that does not exist.
#![allow(dead_code, reason = "each test file uses a part of it")]

use granary_transport::{Identity, Key, Network, Role, Signature};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, PublicKey};
use std::sync::Arc;

pub(crate) const GENESIS: [u8; 32] = [7; 32];

pub(crate) fn pair(seed: u8) -> Keypair {
	MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

pub(crate) fn key(seed: u8) -> Key {
	pair(seed).public.to_bytes()
}

pub(crate) fn verify(key: &Key, message: &[u8], signature: &Signature) -> bool {
	let key = PublicKey::from_bytes(key).unwrap();
	let signature = schnorrkel::Signature::from_bytes(signature).unwrap();
	key.verify_simple(b"test", message, &signature).is_ok()
}

pub(crate) fn identity_on(genesis: [u8; 32], role: Role, seed: u8) -> Arc<Identity> {
	let pair = pair(seed);
	let key = pair.public.to_bytes();
	let sign = move |message: &[u8]| pair.sign_simple(b"test", message).to_bytes();
	Arc::new(Identity::new(genesis, role, key, sign).unwrap())
}

pub(crate) fn identity(role: Role, seed: u8) -> Arc<Identity> {
	identity_on(GENESIS, role, seed)
}

pub(crate) fn network() -> Network {
	Network::new(GENESIS, verify)
}
