//! Shards: coded from a sealed object, framed, and whitened for one node each.

use crate::{dataset::ObjectId, kdf::keyed_hash, key::DatasetKey, DispersalError};
use aws_lc_rs::cipher::{
	DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey, AES_256,
};
use reed_solomon_erasure::galois_8::ReedSolomon;

const HEADER_BYTES: usize = 16;
const TAG_BYTES: usize = 8;
/// The initial counter. Each mask key serves one shard only.
const COUNTER: [u8; 16] = [0; 16];

/// How an object is cut.
#[derive(Debug)]
pub(crate) struct Geometry {
	pub(crate) data: usize,
	pub(crate) total: usize,
	coder: Option<ReedSolomon>,
}

impl Geometry {
	/// k data and m parity shards; without parity no coder is needed.
	pub(crate) fn new(data: u8, parity: u8, backends: usize) -> Result<Self, DispersalError> {
		let bad = |reason| DispersalError::BadGeometry { data, parity, backends, reason };
		let total = usize::from(data) + usize::from(parity);
		if data == 0 {
			return Err(bad("at least one data shard is needed"));
		}
		if total > 255 {
			return Err(bad("at most 255 shards are possible"));
		}
		if backends != total {
			return Err(bad("there must be one backend for each shard"));
		}
		let coder = match parity {
			0 => None,
			_ => Some(
				ReedSolomon::new(usize::from(data), usize::from(parity))
					.map_err(|_| bad("the code does not exist"))?,
			),
		};
		Ok(Self { data: usize::from(data), total, coder })
	}

	/// Cuts and codes a sealed object into the bodies of its shards.
	pub(crate) fn encode(&self, sealed: &[u8]) -> Result<Vec<Vec<u8>>, DispersalError> {
		let size = sealed.len().div_ceil(self.data).max(1);
		let mut shards: Vec<Vec<u8>> = sealed.chunks(size).map(<[u8]>::to_vec).collect();
		shards.iter_mut().for_each(|shard| shard.resize(size, 0));
		shards.resize(self.total, vec![0; size]);
		// An object shorter than k bytes leaves whole data shards of zeros, which `resize` made.
		if let Some(coder) = &self.coder {
			coder.encode(&mut shards).map_err(|_| DispersalError::Crypto("coding an object"))?;
		}
		Ok(shards)
	}

	/// Rebuilds the bodies of certain shards from at least k others.
	pub(crate) fn rebuild(
		&self,
		mut shards: Vec<Option<Vec<u8>>>,
		wanted: &[usize],
	) -> Result<Vec<Option<Vec<u8>>>, DispersalError> {
		let failed = |_| DispersalError::Crypto("rebuilding shards");
		let Some(coder) = &self.coder else { return Ok(shards) };
		if wanted.iter().all(|shard| *shard < self.data) {
			coder.reconstruct_data(&mut shards).map_err(failed)?;
		} else {
			coder.reconstruct(&mut shards).map_err(failed)?;
		}
		Ok(shards)
	}

	/// Rebuilds the sealed object from at least k bodies.
	pub(crate) fn decode(
		&self,
		mut shards: Vec<Option<Vec<u8>>>,
		sealed_len: usize,
	) -> Result<Vec<u8>, DispersalError> {
		let complete = shards.iter().take(self.data).all(Option::is_some);
		if let (false, Some(coder)) = (complete, &self.coder) {
			coder
				.reconstruct_data(&mut shards)
				.map_err(|_| DispersalError::Crypto("decoding an object"))?;
		}
		let mut sealed = Vec::with_capacity(sealed_len);
		shards.iter().take(self.data).flatten().for_each(|shard| sealed.extend_from_slice(shard));
		sealed.truncate(sealed_len);
		if sealed.len() == sealed_len {
			Ok(sealed)
		} else {
			Err(DispersalError::Crypto("decoding an object"))
		}
	}
}

/// Which shard of which object on which node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
	pub(crate) key: &'a DatasetKey,
	pub(crate) node: u32,
	pub(crate) id: &'a ObjectId,
	pub(crate) data: u8,
	pub(crate) total: u8,
	pub(crate) index: u8,
}

impl Place<'_> {
	fn mask_key(&self) -> Result<UnboundCipherKey, DispersalError> {
		let key = self.key.derive(&[b"whiten", &self.node.to_le_bytes(), self.id]);
		UnboundCipherKey::new(&AES_256, key.as_slice())
			.map_err(|_| DispersalError::Crypto("making a mask"))
	}

	fn header(&self, sealed_len: u32) -> [u8; TAG_BYTES] {
		let [a, b, c, d] = sealed_len.to_le_bytes();
		[a, b, c, d, self.data, self.total, self.index, 0]
	}

	fn tag(&self, header: &[u8; TAG_BYTES], body: &[u8]) -> [u8; TAG_BYTES] {
		let key = self.key.derive(&[b"shard-tag"]);
		let digest = keyed_hash(&key, &[header, self.id, body]);
		let mut tag = [0; TAG_BYTES];
		tag.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
		tag
	}

	/// Frames and whitens a shard's body into the value that its node stores.
	pub(crate) fn wrap(&self, sealed_len: u32, body: &[u8]) -> Result<Vec<u8>, DispersalError> {
		let header = self.header(sealed_len);
		let mut value = Vec::with_capacity(HEADER_BYTES + body.len());
		value.extend_from_slice(&header);
		value.extend_from_slice(&self.tag(&header, body));
		value.extend_from_slice(body);
		let cipher = EncryptingKey::ctr(self.mask_key()?);
		cipher
			.and_then(|cipher| {
				cipher.less_safe_encrypt(&mut value, EncryptionContext::Iv128(COUNTER.into()))
			})
			.map_err(|_| DispersalError::Crypto("whitening a shard"))?;
		Ok(value)
	}

	/// Takes the whitening off and checks the frame. `None`: not this shard, or damaged.
	pub(crate) fn unwrap(&self, value: &[u8]) -> Result<Option<(u32, Vec<u8>)>, DispersalError> {
		let mut plain = value.to_vec();
		DecryptingKey::ctr(self.mask_key()?)
			.and_then(|cipher| {
				cipher.decrypt(&mut plain, DecryptionContext::Iv128(COUNTER.into())).map(|_| ())
			})
			.map_err(|_| DispersalError::Crypto("taking a mask off"))?;
		let Some((header, body)) = plain.split_at_checked(HEADER_BYTES) else { return Ok(None) };
		let (fields, tag) = header.split_at(TAG_BYTES);
		let Some(Ok(sealed_len)) = fields.get(..4).map(<[u8; 4]>::try_from) else {
			return Ok(None);
		};
		let sealed_len = u32::from_le_bytes(sealed_len);
		let expected = self.header(sealed_len);
		if fields != expected || tag != self.tag(&expected, body) {
			return Ok(None);
		}
		Ok(Some((sealed_len, body.to_vec())))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn subsets(total: usize, size: usize) -> Vec<Vec<usize>> {
		(0u32..1 << total)
			.filter(|set| set.count_ones() as usize == size)
			.map(|set| (0..total).filter(|i| set >> i & 1 == 1).collect())
			.collect()
	}

	#[test]
	fn every_loss_that_the_code_allows_is_repaired() {
		for (data, parity) in [(1u8, 0u8), (1, 2), (2, 1), (4, 2), (5, 3)] {
			let geometry = Geometry::new(data, parity, usize::from(data + parity)).unwrap();
			for len in [0usize, 1, 3, 100, 1000] {
				let sealed: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
				let shards = geometry.encode(&sealed).unwrap();
				assert_eq!(shards.len(), geometry.total);
				for lost in subsets(geometry.total, usize::from(parity)) {
					let mut left: Vec<_> = shards.iter().cloned().map(Some).collect();
					lost.iter().for_each(|i| left[*i] = None);
					assert_eq!(
						geometry.decode(left, len).unwrap(),
						sealed,
						"{data}+{parity}, lost {lost:?}"
					);
				}
			}
		}
	}

	#[test]
	fn too_many_losses_and_bad_geometries_are_errors() {
		let geometry = Geometry::new(2, 1, 3).unwrap();
		let shards = geometry.encode(&[1; 10]).unwrap();
		let left = vec![Some(shards[0].clone()), None, None];
		assert!(geometry.decode(left, 10).is_err());
		for (data, parity, backends) in [(0, 1, 1), (1, 1, 1), (200, 100, 300)] {
			assert!(Geometry::new(data, parity, backends).is_err());
		}
	}

	#[test]
	fn shards_of_different_nodes_are_unrelated_and_checked() {
		let key = DatasetKey::generate().unwrap();
		let other = DatasetKey::generate().unwrap();
		let id = [7; 32];
		let place = |key, node, index| Place { key, node, id: &id, data: 2, total: 3, index };
		let body = [5u8; 100];
		let one = place(&key, 1, 0).wrap(150, &body).unwrap();
		let two = place(&key, 2, 0).wrap(150, &body).unwrap();
		let equal = one.iter().zip(&two).filter(|(a, b)| a == b).count();
		assert!(equal < 10, "{equal} of {} bytes are equal", one.len());
		assert_eq!(place(&key, 1, 0).unwrap(&one).unwrap(), Some((150, body.to_vec())));
		for wrong in [place(&key, 2, 0), place(&key, 1, 1), place(&other, 1, 0)] {
			assert_eq!(wrong.unwrap(&one).unwrap(), None);
		}
		for at in 0..one.len() {
			let mut bad = one.clone();
			bad[at] ^= 4;
			assert_eq!(place(&key, 1, 0).unwrap(&bad).unwrap(), None, "byte {at}");
		}
	}
}
