//! What each object has left.

use crate::{dataset::ObjectId, read::Found, resp::Reply, BackendError, Dataset, DispersalError};
use futures::future::{join_all, try_join_all};
use std::collections::BTreeMap;

/// Objects that are remembered as wanting at once; the rest is found by the next survey.
const WANTING_MAX: usize = 1 << 18;
/// Objects whose shards are verified at once: with objects of 4 MiB at most this bounds memory.
const VERIFYING: usize = 16;
/// Objects that nodes are asked for at once.
const ASKED: usize = 1024;

/// How closely shards are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
	/// Whether they are there.
	Presence,
	/// So, and this share of the objects is read and verified; which ones changes with the seed.
	Sample {
		/// From 0 to 1.
		share: f64,
		/// Another seed takes other objects.
		seed: u64,
	},
	/// Every shard is read and verified.
	All,
}

impl Check {
	fn takes(&self, id: &ObjectId) -> bool {
		match self {
			Self::Presence => false,
			Self::All => true,
			Self::Sample { share, seed } => {
				// Ids are hashes: their bytes are as good as random.
				let word = id.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
				let mixed = (word ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
				((mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 11) as f64)
					< share * (1u64 << 53) as f64
			},
		}
	}
}

/// How closely shards are looked at, and those that are looked at anyway.
#[derive(Debug, Clone, Copy)]
struct Look<'d> {
	check: Check,
	doubted: &'d [usize],
}

impl Look<'_> {
	/// The shards of an object that are read and verified, of those that are there.
	fn shards(&self, id: &ObjectId, present: &[usize]) -> Vec<usize> {
		let is_looked_at = |shard: &&usize| self.check.takes(id) || self.doubted.contains(shard);
		present.iter().filter(is_looked_at).copied().collect()
	}
}

/// An object, the shards that are there and those that are missing.
type Held = (ObjectId, Vec<usize>, Vec<usize>);

/// Objects with the shards that are to be verified.
fn pairs<'p>(found: &[Held], shards: &'p [Vec<usize>]) -> Vec<(ObjectId, &'p [usize])> {
	found.iter().zip(shards).map(|((id, ..), shards)| (*id, shards.as_slice())).collect()
}

/// An object that does not have all its shards on the nodes that answer.
#[derive(Debug, Clone)]
pub(super) struct Wanting {
	pub(super) id: ObjectId,
	/// Shards that their nodes do not have.
	pub(super) missing: Vec<u8>,
	/// Shards that do not verify.
	pub(super) damaged: Vec<u8>,
	/// Good shards.
	pub(super) good: u16,
}

/// What a dataset has left.
#[derive(Debug, Clone, Default)]
pub struct Survey {
	/// Objects that were looked at.
	pub objects: u64,
	/// Objects by the number of their good shards that can be reached.
	pub by_good_shards: Vec<u64>,
	/// Shards that are missing.
	pub missing: u64,
	/// Shards that do not verify.
	pub damaged: u64,
	/// Shards that were read and verified.
	pub verified: u64,
	/// Nodes that do not answer, and why.
	pub unreachable: Vec<(u32, BackendError)>,
	/// More objects want something than are remembered.
	pub is_cut: bool,
	pub(super) wanting: Vec<Wanting>,
	/// Shards whose nodes answer but take nothing, because their log is damaged. Once what is damaged in it is mended they do again.
	pub closed_logs: Vec<usize>,
}

impl Survey {
	/// Objects that want something.
	pub fn wanting(&self) -> usize {
		self.wanting.len()
	}

	/// The fewest good shards that any object has.
	pub fn fewest_good(&self) -> Option<usize> {
		self.by_good_shards.iter().position(|objects| *objects > 0)
	}

	/// Takes in what one object has.
	fn take(&mut self, id: ObjectId, good: usize, missing: &[usize], damaged: &[usize]) {
		self.objects += 1;
		if let Some(objects) = self.by_good_shards.get_mut(good) {
			*objects += 1;
		}
		self.missing += missing.len() as u64;
		self.damaged += damaged.len() as u64;
		if missing.is_empty() && damaged.is_empty() {
			return;
		}
		if self.wanting.len() >= WANTING_MAX {
			self.is_cut = true;
			return;
		}
		let numbers = |shards: &[usize]| shards.iter().map(|shard| *shard as u8).collect();
		let (missing, damaged) = (numbers(missing), numbers(damaged));
		self.wanting.push(Wanting { id, missing, damaged, good: good as u16 });
	}
}

/// A record as a backend's SCAN lists it.
pub(crate) struct Scanned {
	/// The value's key: an object's id, or something else.
	pub(crate) key: Vec<u8>,
	/// Bytes of the value.
	pub(crate) value_len: u32,
	/// When it was written, unix seconds.
	pub(crate) written: u64,
}

impl Scanned {
	/// The object, if the key can be one's id.
	pub(crate) fn id(&self) -> Option<ObjectId> {
		self.key.as_slice().try_into().ok()
	}

	/// `[cursor, [[key, length, time], ...]]`; what is there instead, if it is something else.
	pub(crate) fn parse_page(reply: Reply) -> Result<(Vec<u8>, Vec<Self>), &'static str> {
		let Reply::Array(parts) = reply else { return Err("no list") };
		let Ok([Reply::Bulk(next), Reply::Array(entries)]) = <[Reply; 2]>::try_from(parts) else {
			return Err("another list");
		};
		let entries: Option<Vec<Self>> = entries.into_iter().map(Self::parse).collect();
		Ok((next, entries.ok_or("another entry")?))
	}

	/// `[key, length, time]`.
	fn parse(entry: Reply) -> Option<Self> {
		let Reply::Array(fields) = entry else { return None };
		let [Reply::Bulk(key), Reply::Integer(value_len), Reply::Integer(written)] =
			<[Reply; 3]>::try_from(fields).ok()?
		else {
			return None;
		};
		let (value_len, written) = (value_len.try_into().ok()?, written.try_into().ok()?);
		Some(Self { key, value_len, written })
	}
}

impl Dataset {
	/// Looks at every object that any backend has, and closely at what the doubted shards hold. `progress` is told the number of objects so far, and how many
	/// there are about.
	pub async fn survey(
		&self,
		check: Check,
		doubted: &[usize],
		progress: &(dyn Fn(u64, u64) + Sync),
	) -> Result<Survey, DispersalError> {
		let mut survey = self.new_survey();
		let look = Look { check, doubted };
		let reachable = self.reach(&mut survey).await;
		let sizes = join_all(reachable.iter().map(|shard| self.size(*shard))).await;
		let about = sizes.into_iter().filter_map(Result::ok).max().unwrap_or(0);
		for (position, shard) in reachable.iter().enumerate() {
			let before = reachable.get(..position).unwrap_or_default();
			let mut cursor = None;
			while let Some((next, ids)) = self.page(*shard, cursor).await? {
				self.look_at(&ids, before, &reachable, look, &mut survey).await?;
				progress(survey.objects, about.max(survey.objects));
				cursor = Some(next);
			}
		}
		survey.wanting.sort_by_key(|wanting| wanting.good);
		Ok(survey)
	}

	/// Looks at these objects only, closely. What no node has is no object of this dataset, or of any.
	pub(super) async fn survey_of(&self, ids: &[ObjectId]) -> Result<Survey, DispersalError> {
		let mut survey = self.new_survey();
		let look = Look { check: Check::All, doubted: &[] };
		let reachable = self.reach(&mut survey).await;
		for ids in ids.chunks(ASKED) {
			self.look_at(ids, &[], &reachable, look, &mut survey).await?;
		}
		survey.wanting.sort_by_key(|wanting| wanting.good);
		Ok(survey)
	}

	fn new_survey(&self) -> Survey {
		Survey { by_good_shards: vec![0; self.pipeline.total() + 1], ..Survey::default() }
	}

	/// The backends that answer; the survey is told of the others.
	async fn reach(&self, survey: &mut Survey) -> Vec<usize> {
		let mut reachable = Vec::new();
		for (shard, outcome) in self.load_reachable_logs().await.into_iter().enumerate() {
			match outcome {
				Ok(()) => reachable.push(shard),
				// It answers, but damage keeps it from opening its log: what is damaged can be mended, and then it will.
				Err(BackendError::Refused(_)) => {
					reachable.push(shard);
					survey.closed_logs.push(shard);
				},
				Err(error) => {
					let node = self.links.get(shard).map_or(0, |link| link.backend().node);
					survey.unreachable.push((node, error));
				},
			}
		}
		reachable
	}

	/// How many objects a backend has.
	async fn size(&self, shard: usize) -> Result<u64, DispersalError> {
		let replies = self.call_many(shard, [[b"DBSIZE".as_slice()]].into_iter()).await?;
		match replies.first() {
			Some(Reply::Integer(keys)) => Ok(u64::try_from(*keys).unwrap_or(0)),
			other => Err(self.odd(shard, "DBSIZE", &format!("{other:?}"))),
		}
	}

	fn odd(&self, shard: usize, command: &str, answer: &str) -> DispersalError {
		self.failed(shard, BackendError::Protocol(format!("{command} answered {answer}")))
	}

	/// The next objects of a backend and where to go on; `None` at the end.
	async fn page(
		&self,
		shard: usize,
		cursor: Option<Vec<u8>>,
	) -> Result<Option<(Vec<u8>, Vec<ObjectId>)>, DispersalError> {
		let page = self.scan_page(shard, cursor).await?;
		// Keys of another length are not objects.
		Ok(page.map(|(next, entries)| {
			(next, entries.into_iter().filter_map(|entry| entry.id()).collect())
		}))
	}

	/// The next records of a backend and where to go on; `None` at the end.
	pub(crate) async fn scan_page(
		&self,
		shard: usize,
		cursor: Option<Vec<u8>>,
	) -> Result<Option<(Vec<u8>, Vec<Scanned>)>, DispersalError> {
		let mut request: Vec<&[u8]> = vec![b"SCAN"];
		request.extend(cursor.as_deref());
		let reply = match self.link(shard)?.call(&request).await {
			Ok(reply) => reply,
			Err(BackendError::Refused(text)) if text.contains("No more data") => return Ok(None),
			Err(error) => return Err(self.failed(shard, error)),
		};
		let page = Scanned::parse_page(reply);
		page.map(Some).map_err(|what| self.odd(shard, "SCAN", what))
	}

	/// Finds out what some objects have, unless a backend before was asked for them already.
	async fn look_at(
		&self,
		ids: &[ObjectId],
		before: &[usize],
		reachable: &[usize],
		look: Look<'_>,
		survey: &mut Survey,
	) -> Result<(), DispersalError> {
		let held = try_join_all(reachable.iter().map(|shard| self.held(*shard, ids))).await?;
		let has = |position: usize, at: usize| {
			held.get(position).and_then(|held| held.get(at)).copied().unwrap_or(false)
		};
		let mut found: Vec<Held> = Vec::new();
		for (at, id) in ids.iter().enumerate() {
			if (0..before.len()).any(|position| has(position, at)) {
				continue;
			}
			let split = reachable.iter().enumerate().partition(|(position, _)| has(*position, at));
			let (present, missing): (Vec<_>, Vec<_>) = split;
			let shards = |list: Vec<(usize, &usize)>| -> Vec<usize> {
				list.into_iter().map(|(_, shard)| *shard).collect()
			};
			if !present.is_empty() {
				found.push((*id, shards(present), shards(missing)));
			}
		}
		for found in found.chunks(VERIFYING) {
			let mut looked: Vec<Vec<usize>> =
				found.iter().map(|(id, present, _)| look.shards(id, present)).collect();
			let mut damaged = self.damaged_of(&pairs(found, &looked)).await?;
			// What is damaged on a doubted node is looked at as a whole: it may belong to another key.
			let mut rest = vec![Vec::new(); found.len()];
			for (place, (_, present, _)) in found.iter().enumerate() {
				let is_damaged = damaged.get(place).is_some_and(|damaged| !damaged.is_empty());
				if let (true, Some(looked), Some(rest)) =
					(is_damaged, looked.get_mut(place), rest.get_mut(place))
				{
					rest.extend(present.iter().filter(|shard| !looked.contains(shard)));
					looked.clone_from(present);
				}
			}
			for (damaged, more) in
				damaged.iter_mut().zip(self.damaged_of(&pairs(found, &rest)).await?)
			{
				damaged.extend(more);
			}
			for (((id, present, missing), looked), mut damaged) in
				found.iter().zip(&looked).zip(damaged)
			{
				// Damage hits some shards; that none of enough verifies is a matter of keys.
				if damaged.len() == present.len() && present.len() >= self.pipeline.data() {
					damaged.clear();
				}
				survey.verified += looked.len() as u64;
				survey.take(*id, present.len() - damaged.len(), missing, &damaged);
			}
		}
		Ok(())
	}

	/// Which shards of each of these objects do not verify, of those that are there.
	async fn damaged_of(
		&self,
		objects: &[(ObjectId, &[usize])],
	) -> Result<Vec<Vec<usize>>, DispersalError> {
		let mut by_shard: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
		for (place, (_, present)) in objects.iter().enumerate() {
			for shard in *present {
				by_shard.entry(*shard).or_default().push(place);
			}
		}
		let fetches = by_shard.iter().map(|(shard, places)| async move {
			let ids = places.iter().filter_map(|place| objects.get(*place)).map(|(id, _)| *id);
			self.fetch_many(*shard, &ids.collect::<Vec<_>>()).await
		});
		let fetched = try_join_all(fetches).await?;
		let mut damaged = vec![Vec::new(); objects.len()];
		for ((shard, places), found) in by_shard.iter().zip(fetched) {
			for (place, found) in places.iter().zip(found) {
				match found {
					Found::Good => {},
					Found::Damaged | Found::Missing | Found::Failed(BackendError::Refused(_)) => {
						damaged.get_mut(*place).into_iter().for_each(|list| list.push(*shard));
					},
					Found::Failed(error) => return Err(self.failed(*shard, error)),
				}
			}
		}
		Ok(damaged)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_sample_takes_its_share_and_another_seed_takes_others() {
		let ids: Vec<ObjectId> = (0..20_000u32)
			.map(|number| crate::kdf::keyed_hash(&[1; 32], &[&number.to_le_bytes()]))
			.collect();
		let taken = |check: Check| ids.iter().map(|id| check.takes(id)).collect::<Vec<_>>();
		let count = |taken: &[bool]| taken.iter().filter(|taken| **taken).count();
		let one = taken(Check::Sample { share: 0.1, seed: 1 });
		let two = taken(Check::Sample { share: 0.1, seed: 2 });
		assert!((1800..2200).contains(&count(&one)), "{}", count(&one));
		let both = one.iter().zip(&two).filter(|(a, b)| **a && **b).count();
		assert!((120..280).contains(&both), "{both} of both");
		assert_eq!(count(&taken(Check::All)), ids.len());
		assert_eq!(count(&taken(Check::Presence)), 0);
		assert_eq!(count(&taken(Check::Sample { share: 0.0, seed: 9 })), 0);
		assert_eq!(count(&taken(Check::Sample { share: 1.0, seed: 9 })), ids.len());
	}
}
