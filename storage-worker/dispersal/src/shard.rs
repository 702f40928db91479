//! Shards: cut from a sealed object and coded, framed, and whitened for one node each, all in the buffers that go to the nodes.

use crate::{dataset::ObjectId, key::DatasetKey, DispersalError};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN};
use reed_solomon_erasure::galois_8::ReedSolomon;

/// sealed_len u32 LE ‖ k ‖ n ‖ index ‖ version.
pub(crate) const HEADER_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
const VERSION: u8 = 2;
/// Each key serves one shard only, whose bytes follow from the object.
const NONCE: [u8; NONCE_LEN] = [0; NONCE_LEN];

/// How an object is cut.
#[derive(Debug)]
pub(crate) struct Geometry {
	pub(crate) data: usize,
	pub(crate) total: usize,
	coder: Option<ReedSolomon>,
}

/// A shard without its whitening: header and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Framed(Vec<u8>);

impl Framed {
	/// Zeros for a body of so many bytes, with room for the tag.
	fn empty(body_bytes: usize) -> Self {
		let mut bytes = Vec::with_capacity(HEADER_BYTES + body_bytes + TAG_BYTES);
		bytes.resize(HEADER_BYTES + body_bytes, 0);
		Self(bytes)
	}

	/// Any body in a frame that is still empty.
	#[cfg(feature = "fuzzing")]
	pub(crate) fn of(body: &[u8]) -> Self {
		Self([[0; HEADER_BYTES].as_slice(), body].concat())
	}

	/// A body that begins with this piece and ends with zeros, with room for the tag.
	fn filled(piece: &[u8], body_bytes: usize) -> Self {
		let mut bytes = Vec::with_capacity(HEADER_BYTES + body_bytes + TAG_BYTES);
		bytes.resize(HEADER_BYTES, 0);
		bytes.extend_from_slice(piece);
		bytes.resize(HEADER_BYTES + body_bytes, 0);
		Self(bytes)
	}

	pub(crate) fn body(&self) -> &[u8] {
		self.0.get(HEADER_BYTES..).unwrap_or_default()
	}

	fn body_mut(&mut self) -> &mut [u8] {
		self.0.get_mut(HEADER_BYTES..).unwrap_or_default()
	}
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

	/// Cuts and codes a sealed object.
	pub(crate) fn encode(&self, sealed: &[u8]) -> Result<Vec<Framed>, DispersalError> {
		let size = sealed.len().div_ceil(self.data).max(1);
		// An object shorter than k bytes leaves whole data shards of zeros.
		let data = sealed.chunks(size).map(|piece| Framed::filled(piece, size));
		let mut shards: Vec<Framed> = Vec::with_capacity(self.total);
		shards.extend(data);
		shards.resize_with(self.total, || Framed::empty(size));
		if let Some(coder) = &self.coder {
			let mut bodies: Vec<&mut [u8]> = shards.iter_mut().map(Framed::body_mut).collect();
			coder.encode(&mut bodies).map_err(|_| DispersalError::Crypto("coding an object"))?;
		}
		Ok(shards)
	}

	/// Fills in the shards that are missing, of all or of the data ones only, from at least k others.
	fn reconstruct(
		&self,
		shards: Vec<Option<Framed>>,
		only_data: bool,
	) -> Result<Vec<Framed>, DispersalError> {
		let failed = || DispersalError::Crypto("rebuilding shards");
		let size = shards.iter().flatten().map(|shard| shard.body().len()).next();
		let size = size.ok_or_else(failed)?;
		let present: Vec<bool> = shards.iter().map(Option::is_some).collect();
		let fill = |shard: Option<Framed>| shard.unwrap_or_else(|| Framed::empty(size));
		let mut shards: Vec<Framed> = shards.into_iter().map(fill).collect();
		let Some(coder) = &self.coder else { return Ok(shards) };
		let mut parts: Vec<(&mut [u8], bool)> =
			shards.iter_mut().map(Framed::body_mut).zip(present).collect();
		let rebuilt = match only_data {
			true => coder.reconstruct_data(&mut parts),
			false => coder.reconstruct(&mut parts),
		};
		rebuilt.map_err(|_| failed())?;
		Ok(shards)
	}

	/// Rebuilds certain shards from at least k others.
	pub(crate) fn rebuild(
		&self,
		shards: Vec<Option<Framed>>,
		wanted: &[usize],
	) -> Result<Vec<Framed>, DispersalError> {
		self.reconstruct(shards, wanted.iter().all(|shard| *shard < self.data))
	}

	/// Rebuilds the sealed object from at least k shards.
	pub(crate) fn decode(
		&self,
		shards: Vec<Option<Framed>>,
		sealed_len: usize,
	) -> Result<Vec<u8>, DispersalError> {
		let size = shards.iter().flatten().map(|shard| shard.body().len()).max().unwrap_or(0);
		if sealed_len > size * self.data {
			return Err(DispersalError::Crypto("decoding an object"));
		}
		let complete = shards.iter().take(self.data).all(Option::is_some);
		let shards = match complete {
			true => shards.into_iter().take(self.data).flatten().collect(),
			false => self.reconstruct(shards, true)?,
		};
		let mut sealed = Vec::with_capacity(sealed_len);
		for shard in shards.iter().take(self.data) {
			let missing = sealed_len - sealed.len();
			sealed.extend_from_slice(shard.body().get(..missing).unwrap_or(shard.body()));
		}
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
	fn cipher(&self) -> Result<LessSafeKey, DispersalError> {
		let key = self.key.derive(&[b"whiten/2", &self.node.to_le_bytes(), self.id]);
		UnboundKey::new(&AES_256_GCM, key.as_slice())
			.map(LessSafeKey::new)
			.map_err(|_| DispersalError::Crypto("making a mask"))
	}

	fn header(&self, sealed_len: u32) -> [u8; HEADER_BYTES] {
		let [a, b, c, d] = sealed_len.to_le_bytes();
		[a, b, c, d, self.data, self.total, self.index, VERSION]
	}

	/// Frames and whitens a shard into the value that its node stores.
	pub(crate) fn wrap(&self, sealed_len: u32, shard: Framed) -> Result<Vec<u8>, DispersalError> {
		let Framed(mut value) = shard;
		for (place, byte) in value.iter_mut().zip(self.header(sealed_len)) {
			*place = byte;
		}
		let nonce = Nonce::assume_unique_for_key(NONCE);
		let tag = self
			.cipher()?
			.seal_in_place_separate_tag(nonce, Aad::empty(), &mut value)
			.map_err(|_| DispersalError::Crypto("whitening a shard"))?;
		value.extend_from_slice(tag.as_ref());
		Ok(value)
	}

	/// Takes the whitening off and checks the frame. `None`: not this shard, or damaged.
	pub(crate) fn unwrap(
		&self,
		mut value: Vec<u8>,
	) -> Result<Option<(u32, Framed)>, DispersalError> {
		if value.len() < HEADER_BYTES + TAG_BYTES {
			return Ok(None);
		}
		let nonce = Nonce::assume_unique_for_key(NONCE);
		if self.cipher()?.open_in_place(nonce, Aad::empty(), &mut value).is_err() {
			return Ok(None);
		}
		value.truncate(value.len() - TAG_BYTES);
		let Some(sealed_len) = value.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
		else {
			return Ok(None);
		};
		let fits = value.starts_with(&self.header(sealed_len));
		Ok(fits.then_some((sealed_len, Framed(value))))
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
	fn random_losses_of_large_codes_are_repaired() {
		use rand::{seq::SliceRandom, SeedableRng};
		let mut random = rand::rngs::StdRng::seed_from_u64(7);
		for (data, parity) in [(16u8, 4u8), (64, 32), (200, 55), (1, 254), (254, 1)] {
			let total = usize::from(data) + usize::from(parity);
			let geometry = Geometry::new(data, parity, total).unwrap();
			let sealed: Vec<u8> = (0..20_011).map(|i| (i * 31 % 251) as u8).collect();
			let shards = geometry.encode(&sealed).unwrap();
			for _ in 0..20 {
				let mut order: Vec<usize> = (0..total).collect();
				order.shuffle(&mut random);
				let lost = &order[..usize::from(parity)];
				let mut left: Vec<_> = shards.iter().cloned().map(Some).collect();
				lost.iter().for_each(|shard| left[*shard] = None);
				let rebuilt = geometry.rebuild(left.clone(), lost).unwrap();
				lost.iter().for_each(|shard| assert!(rebuilt[*shard] == shards[*shard]));
				assert_eq!(geometry.decode(left, sealed.len()).unwrap(), sealed, "{data}+{parity}");
			}
		}
	}

	#[test]
	fn too_many_losses_and_bad_geometries_are_errors() {
		let geometry = Geometry::new(2, 1, 3).unwrap();
		let shards = geometry.encode(&[1; 10]).unwrap();
		let left = vec![Some(shards[0].clone()), None, None];
		assert!(geometry.decode(left, 10).is_err());
		let all = shards.into_iter().map(Some).collect();
		// Room is made for what is there, not for what its writer claimed.
		assert!(geometry.decode(all, u32::MAX as usize).is_err());
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
		let body = Framed(vec![5u8; HEADER_BYTES + 100]);
		let one = place(&key, 1, 0).wrap(150, body.clone()).unwrap();
		let two = place(&key, 2, 0).wrap(150, body.clone()).unwrap();
		let equal = one.iter().zip(&two).filter(|(a, b)| a == b).count();
		assert!(equal < 10, "{equal} of {} bytes are equal", one.len());
		let (len, read) = place(&key, 1, 0).unwrap(one.clone()).unwrap().unwrap();
		assert_eq!((len, read.body()), (150, body.body()));
		for wrong in [place(&key, 2, 0), place(&key, 1, 1), place(&other, 1, 0)] {
			assert_eq!(wrong.unwrap(one.clone()).unwrap(), None);
		}
		for at in 0..one.len() {
			let mut bad = one.clone();
			bad[at] ^= 4;
			assert_eq!(place(&key, 1, 0).unwrap(bad).unwrap(), None, "byte {at}");
		}
	}
}
