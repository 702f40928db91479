//! From an object to the values that nodes store, and back: the whole of the format, without any network.

use crate::{
	codec::Naming,
	dataset::ObjectId,
	shard::{Framed, Geometry, Place},
	DatasetKey, DispersalError, ObjectCodec,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// Turns the objects of one dataset into shards for certain nodes.
#[derive(Debug)]
pub struct Pipeline {
	codec: ObjectCodec,
	geometry: Geometry,
	/// May change while objects are read: an allotment can move to another node.
	nodes: Vec<AtomicU32>,
}

impl Pipeline {
	/// `data` shards of which all are needed, `parity` shards beyond them, and the number of the node of each.
	pub fn new(
		key: DatasetKey,
		data: u8,
		parity: u8,
		nodes: Vec<u32>,
	) -> Result<Self, DispersalError> {
		let geometry = Geometry::new(data, parity, nodes.len())?;
		let nodes = nodes.into_iter().map(AtomicU32::new).collect();
		Ok(Self { codec: ObjectCodec::new(key), geometry, nodes })
	}

	/// The id of an object.
	pub fn id(&self, plain: &[u8]) -> ObjectId {
		self.codec.id(plain)
	}

	pub(crate) fn key(&self) -> &DatasetKey {
		self.codec.key()
	}

	/// The number of the node of a shard.
	pub(crate) fn node(&self, shard: usize) -> u32 {
		self.nodes.get(shard).map_or(0, |node| node.load(Ordering::Relaxed))
	}

	/// Compresses and encrypts an object, without coding it.
	pub(crate) fn seal_object(
		&self,
		id: &ObjectId,
		plain: &[u8],
	) -> Result<Vec<u8>, DispersalError> {
		self.codec.seal(id, plain)
	}

	/// Opens an object that [`Pipeline::seal_object`] made.
	pub(crate) fn open_object(
		&self,
		id: &ObjectId,
		sealed: Vec<u8>,
	) -> Result<Vec<u8>, DispersalError> {
		self.codec.open(id, sealed)
	}

	pub(crate) fn total(&self) -> usize {
		self.geometry.total
	}

	pub(crate) fn data(&self) -> usize {
		self.geometry.data
	}

	/// Whitens a shard for another node from now on.
	pub(crate) fn set_node(&self, shard: usize, node: u32) {
		if let Some(known) = self.nodes.get(shard) {
			known.store(node, Ordering::Relaxed);
		}
	}

	fn place<'a>(&'a self, shard: usize, id: &'a ObjectId) -> Option<Place<'a>> {
		Some(Place {
			key: self.codec.key(),
			node: self.nodes.get(shard)?.load(Ordering::Relaxed),
			id,
			data: self.geometry.data as u8,
			total: self.geometry.total as u8,
			index: shard as u8,
		})
	}

	/// Seals, codes and whitens an object: the values of its shards, in shard order.
	pub fn shards(&self, id: &ObjectId, plain: &[u8]) -> Result<Vec<Vec<u8>>, DispersalError> {
		let values = self.shards_where(id, plain, Naming::ByContent, |_| true)?;
		Ok(values.into_iter().flatten().collect())
	}

	/// The values of the shards that are wanted.
	pub(crate) fn shards_where(
		&self,
		id: &ObjectId,
		plain: &[u8],
		naming: Naming,
		is_wanted: impl Fn(usize) -> bool,
	) -> Result<Vec<Option<Vec<u8>>>, DispersalError> {
		let sealed = self.codec.seal_named(id, plain, naming)?;
		let shards = self.geometry.encode(&sealed)?;
		self.wrap_where(id, sealed.len() as u32, shards, is_wanted)
	}

	fn wrap_where(
		&self,
		id: &ObjectId,
		sealed_len: u32,
		shards: Vec<Framed>,
		is_wanted: impl Fn(usize) -> bool,
	) -> Result<Vec<Option<Vec<u8>>>, DispersalError> {
		let wrap = |(index, shard): (usize, Framed)| match self.place(index, id) {
			Some(place) if is_wanted(index) => place.wrap(sealed_len, shard).map(Some),
			_ => Ok(None),
		};
		shards.into_iter().enumerate().map(wrap).collect()
	}

	/// The value of one shard; `None` if there is no such shard.
	#[cfg(feature = "fuzzing")]
	pub(crate) fn wrap_one(
		&self,
		id: &ObjectId,
		shard: usize,
		sealed_len: u32,
		framed: Framed,
	) -> Result<Option<Vec<u8>>, DispersalError> {
		self.place(shard, id).map(|place| place.wrap(sealed_len, framed)).transpose()
	}

	/// Takes the whitening off one value: the length of the sealed object and the shard, or `None` for a value that is not this shard or is damaged.
	pub(crate) fn body(
		&self,
		shard: usize,
		id: &ObjectId,
		value: Vec<u8>,
	) -> Result<Option<(u32, Framed)>, DispersalError> {
		self.place(shard, id).map_or(Ok(None), |place| place.unwrap(value))
	}

	/// The values of some shards, rebuilt from at least k others.
	pub(crate) fn rebuild(
		&self,
		id: &ObjectId,
		shards: Vec<Option<Framed>>,
		sealed_len: u32,
		wanted: &[usize],
	) -> Result<Vec<Option<Vec<u8>>>, DispersalError> {
		let shards = self.geometry.rebuild(shards, wanted)?;
		self.wrap_where(id, sealed_len, shards, |shard| wanted.contains(&shard))
	}

	/// Rebuilds and opens an object from at least k shards.
	pub(crate) fn open(
		&self,
		id: &ObjectId,
		shards: Vec<Option<Framed>>,
		sealed_len: u32,
	) -> Result<Vec<u8>, DispersalError> {
		self.codec.open(id, self.geometry.decode(shards, sealed_len as usize)?)
	}

	/// The object, from the values of its shards as far as they are known; those that do not verify count as lost.
	pub fn object(
		&self,
		id: &ObjectId,
		values: &[Option<Vec<u8>>],
	) -> Result<Vec<u8>, DispersalError> {
		let mut bodies = vec![None; self.geometry.total];
		let (mut found, mut sealed_len) = (0, None);
		for (shard, (slot, value)) in bodies.iter_mut().zip(values).enumerate() {
			let Some(value) = value else { continue };
			if let Some((len, body)) = self.body(shard, id, value.clone())? {
				if *sealed_len.get_or_insert(len) == len {
					*slot = Some(body);
					found += 1;
				}
			}
		}
		let needed = self.geometry.data;
		if found < needed {
			let reasons = format!("{} values were given", values.iter().flatten().count());
			return Err(DispersalError::TooFewShards {
				id: *id,
				found,
				needed,
				silent: 0,
				reasons,
			});
		}
		self.open(id, bodies, sealed_len.unwrap_or_default())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn pipeline(data: u8, parity: u8) -> Pipeline {
		let nodes = (0..u32::from(data + parity)).collect();
		Pipeline::new(DatasetKey::generate().unwrap(), data, parity, nodes).unwrap()
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]
		#[test]
		fn any_k_good_shards_give_the_object_and_fewer_never_do(
			plain in proptest::collection::vec(any::<u8>(), 0..3000),
			data in 1u8..6,
			parity in 0u8..4,
			fate in proptest::collection::vec((0u8..3, any::<proptest::sample::Index>()), 9),
		) {
			let pipeline = pipeline(data, parity);
			let id = pipeline.id(&plain);
			let mut good = 0;
			let values: Vec<Option<Vec<u8>>> = pipeline
				.shards(&id, &plain)
				.unwrap()
				.into_iter()
				.zip(&fate)
				.map(|(mut value, (fate, at))| match fate {
					0 => None,
					1 => {
						let at = at.index(value.len());
						value[at] ^= 0x10;
						Some(value)
					},
					_ => {
						good += 1;
						Some(value)
					},
				})
				.collect();
			match pipeline.object(&id, &values) {
				Ok(read) => {
					prop_assert!(good >= usize::from(data));
					prop_assert_eq!(read, plain);
				},
				Err(DispersalError::TooFewShards { found, .. }) => {
					prop_assert_eq!(found, good);
					prop_assert!(good < usize::from(data));
				},
				Err(other) => prop_assert!(false, "{}", other),
			}
		}
	}

	/// Chi-squared of the bytes' histogram against evenly spread ones, 255 degrees of freedom: 400 and more has a chance of 1e-8.
	fn chi_squared(bytes: impl ExactSizeIterator<Item = u8>) -> f64 {
		let expected = bytes.len() as f64 / 256.0;
		let mut counts = [0f64; 256];
		bytes.for_each(|byte| counts[usize::from(byte)] += 1.0);
		counts.iter().map(|count| (count - expected).powi(2) / expected).sum()
	}

	#[test]
	fn what_fewer_than_k_nodes_hold_of_a_known_text_is_noise() {
		// The same text, known and regular, on all data shards: if anything of it came through, it would show.
		let (data, parity) = (8u8, 4u8);
		let pipeline = pipeline(data, parity);
		let plain: Vec<u8> = crate::kdf::keyed_hash(&[5; 32], &[b"block"]).repeat(16 * 1024);
		let noise: Vec<u8> = (0..1 << 19)
			.map(|i: u32| {
				crate::kdf::keyed_hash(&[6; 32], &[&(i / 32).to_le_bytes()])[i as usize % 32]
			})
			.collect();
		for text in [plain, noise] {
			let id = pipeline.id(&text);
			let values = pipeline.shards(&id, &text).unwrap();
			let held = &values[..usize::from(data) - 1];
			let all = held.concat();
			if all.len() > 100_000 {
				assert!(chi_squared(all.iter().copied()) < 400.0);
				// No shard is a function of another one: differences are noise as well.
				for (one, other) in held.iter().zip(&held[1..]) {
					let difference: Vec<u8> = one.iter().zip(other).map(|(a, b)| a ^ b).collect();
					assert!(chi_squared(difference.into_iter()) < 400.0);
				}
			}
			for window in text.windows(16).step_by(4096) {
				assert!(values.iter().all(|value| !value.windows(16).any(|part| part == window)));
			}
		}
		// Shards of compressed text are too short for statistics; many objects together are not.
		let mut together = Vec::new();
		for number in 0..3000u32 {
			let text = format!("account {number} has 0 units").repeat(20);
			let id = pipeline.id(text.as_bytes());
			let values = pipeline.shards(&id, text.as_bytes()).unwrap();
			together.extend(values[..usize::from(data) - 1].concat());
		}
		assert!(together.len() > 500_000 && chi_squared(together.iter().copied()) < 400.0);
	}

	#[test]
	fn shards_in_each_others_place_are_not_taken() {
		let pipeline = pipeline(2, 1);
		let id = pipeline.id(b"some bytes");
		let mut values: Vec<_> =
			pipeline.shards(&id, b"some bytes").unwrap().into_iter().map(Some).collect();
		values.swap(0, 1);
		assert!(pipeline.object(&id, &values).is_err());
	}
}
