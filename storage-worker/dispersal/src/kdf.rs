//! Keys that follow from a dataset's secret.

use blake2b_simd::Params;
use zeroize::Zeroizing;

const LABEL: &[u8] = b"granary/kdf/1";

/// `blake2b_256(key, parts)`.
pub(crate) fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
	let mut state = Params::new().hash_length(32).key(key).to_state();
	for part in parts {
		state.update(part);
	}
	let mut hash = [0; 32];
	hash.iter_mut().zip(state.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
	hash
}

/// `KDF(secret, label)`; the label is given in parts.
pub(crate) fn derive(secret: &[u8; 32], label: &[&[u8]]) -> Zeroizing<[u8; 32]> {
	let mut parts = vec![LABEL];
	parts.extend_from_slice(label);
	Zeroizing::new(keyed_hash(secret, &parts))
}
