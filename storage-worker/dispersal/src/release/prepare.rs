//! One node's shorter log: asked for, followed, and computed on this side as well.

use crate::{dataset::ObjectId, resp::Reply, BackendError, Dataset, DispersalError};
use granary_por::{Hash, Peaks};
use std::{
	collections::{HashMap, HashSet},
	time::Duration,
};
use tokio::time::sleep;

/// Keys that one command names.
const KEYS_AT_ONCE: usize = 500;
/// How often a node is asked whether its log is there.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How often a node is asked again of which it is not known whether it was asked.
const UNSURE_MAX: usize = 4;
/// What zdb says at the end of a list.
const END: &str = "No more data";

/// How far a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStage {
	/// Nothing is asked for, or keys are still being named.
	Idle,
	/// It makes the shorter log.
	Preparing,
	/// The log is there.
	Prepared,
	/// It signed for it, in this epoch.
	Signed(u64),
}

/// What a node says of its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseState {
	/// How far it is.
	pub stage: ReleaseStage,
	/// Bytes that it looked at, and all there are.
	pub done_bytes: u64,
	/// Bytes of its present log.
	pub total_bytes: u64,
	/// Leaves of the present log up to which records were left out.
	pub cut_leaves: u64,
	/// Leaves of the shorter log.
	pub leaf_count: u64,
	/// The root over them.
	pub root: Hash,
	/// Writers that began before and have not ended.
	pub older_holds: u64,
}

/// A shorter log that both sides computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedRelease {
	/// The shard whose node made it.
	pub shard: usize,
	/// Leaves in it.
	pub leaf_count: u64,
	/// Its root.
	pub root: Hash,
	/// Leaves of the present log that are not in it.
	pub removed_leaves: u64,
}

/// A record as a node lists it.
pub(crate) struct Listed {
	key: Vec<u8>,
	is_newest: bool,
	leaves: Vec<Hash>,
}

/// Walks through a node's list of leaves and computes both logs.
struct Walk<'w> {
	leaving: &'w HashMap<ObjectId, u64>,
	recorded: (u64, Hash),
	present: Peaks,
	shorter: Peaks,
	/// The present log had the root on record where it had that many leaves.
	is_recorded: bool,
	cursor: Option<Vec<u8>>,
	/// Keys that go from this node.
	found: Vec<ObjectId>,
	/// Keys of records that the node calls superseded: each must come again.
	superseded: HashSet<Vec<u8>>,
}

impl Walk<'_> {
	fn take(&mut self, record: Listed, is_before_request: bool) {
		let id = ObjectId::try_from(record.key.as_slice()).ok();
		let leaves = id.filter(|id| is_before_request && self.leaving.contains_key(id));
		record.leaves.iter().for_each(|leaf| self.present.push(*leaf));
		match (record.is_newest, leaves) {
			(true, None) => {
				record.leaves.iter().for_each(|leaf| self.shorter.push(*leaf));
				self.superseded.remove(&record.key);
			},
			(true, Some(id)) => {
				self.found.push(id);
				self.superseded.remove(&record.key);
			},
			(false, _) => {
				self.superseded.insert(record.key);
			},
		}
		self.is_recorded |=
			self.present.leaf_count() == self.recorded.0 && self.present.root() == self.recorded.1;
	}
}

impl Dataset {
	/// Has a node make its log without these objects, computes the same from its list of leaves, and compares. `recorded` is the leaf count and the
	/// root that both sides signed last. `progress` is told bytes done and bytes in all. `None` if nothing of this goes from that node.
	///
	/// Errors: [`DispersalError::BadList`] if the list does not lead to the recorded root or both sides do not come to the same; then the node
	/// gives the shorter log up.
	pub async fn prepare_release(
		&self,
		shard: usize,
		leaving: &HashMap<ObjectId, u64>,
		recorded: (u64, Hash),
		progress: &(dyn Fn(u64, u64) + Sync),
	) -> Result<Option<PreparedRelease>, DispersalError> {
		let mut walk = Walk {
			leaving,
			recorded,
			present: Peaks::new(),
			shorter: Peaks::new(),
			is_recorded: false,
			cursor: None,
			found: Vec::new(),
			superseded: HashSet::new(),
		};
		self.walk_leaves(shard, &mut walk, None).await?;
		if !walk.is_recorded {
			return Err(self.bad_list(shard, "its leaves do not lead to the root on record"));
		}
		if walk.found.is_empty() {
			return Ok(None);
		}
		if walk.shorter.leaf_count() == 0 {
			return Err(self.bad_list(shard, "nothing would stay; close the reservation instead"));
		}
		self.simple(shard, &[b"REMOVAL", b"BEGIN"]).await?;
		for ids in walk.found.chunks(KEYS_AT_ONCE) {
			let request = [b"REMOVAL".as_slice(), b"ADD"].into_iter();
			let request: Vec<&[u8]> = request.chain(ids.iter().map(|id| id.as_slice())).collect();
			match self.ask(shard, &request).await? {
				Reply::Integer(known) if known == ids.len() as i64 => {},
				_ => return Err(self.bad_list(shard, "it does not have keys that it listed")),
			}
		}
		self.begin_preparing(shard).await?;
		let state = self.until_prepared(shard, progress).await?;
		self.walk_leaves(shard, &mut walk, Some(state.cut_leaves)).await?;
		let is_same = walk.superseded.is_empty()
			&& walk.present.leaf_count() == state.cut_leaves
			&& walk.shorter.leaf_count() == state.leaf_count
			&& walk.shorter.root() == state.root;
		if !is_same {
			self.drop_release(shard).await?;
			return Err(self.bad_list(shard, "it made another log than it was asked for"));
		}
		Ok(Some(PreparedRelease {
			shard,
			leaf_count: walk.shorter.leaf_count(),
			root: walk.shorter.root(),
			removed_leaves: walk.present.leaf_count() - walk.shorter.leaf_count(),
		}))
	}

	/// All keys are named. A node that makes the log already refuses to be asked again, so where it is not known whether it was asked its state says so.
	async fn begin_preparing(&self, shard: usize) -> Result<(), DispersalError> {
		for _ in 0..UNSURE_MAX {
			match self.link(shard)?.call_once(&[b"REMOVAL", b"PREPARE"]).await {
				Ok(_) => return Ok(()),
				Err(BackendError::Unsure) => {},
				Err(error) => return Err(self.failed(shard, error)),
			}
			if self.release_state(shard).await?.stage != ReleaseStage::Idle {
				return Ok(());
			}
		}
		Err(self.failed(shard, BackendError::Unsure))
	}

	async fn until_prepared(
		&self,
		shard: usize,
		progress: &(dyn Fn(u64, u64) + Sync),
	) -> Result<ReleaseState, DispersalError> {
		loop {
			let state = self.release_state(shard).await?;
			match state.stage {
				ReleaseStage::Prepared => return Ok(state),
				ReleaseStage::Preparing => progress(state.done_bytes, state.total_bytes),
				_ => return Err(self.bad_list(shard, "somebody else gave the removal up")),
			}
			sleep(LOOK_INTERVAL).await;
		}
	}

	/// What a node says of its removal.
	pub async fn release_state(&self, shard: usize) -> Result<ReleaseState, DispersalError> {
		let odd = || self.bad_list(shard, "REMOVAL STATUS answered something else");
		let Reply::Array(fields) = self.ask(shard, &[b"REMOVAL", b"STATUS"]).await? else {
			return Err(odd());
		};
		let fields: [Reply; 9] = fields.try_into().map_err(|_| odd())?;
		let [Reply::Bulk(stage), Reply::Integer(done), Reply::Integer(total), Reply::Integer(cut), Reply::Integer(leaf_count), Reply::Bulk(root), Reply::Integer(epoch), Reply::Integer(holds), Reply::Bulk(reason)] =
			fields
		else {
			return Err(odd());
		};
		let number = |number: i64| u64::try_from(number).map_err(|_| odd());
		let stage = match stage.as_slice() {
			b"idle" | b"collecting" => ReleaseStage::Idle,
			b"preparing" => ReleaseStage::Preparing,
			b"prepared" => ReleaseStage::Prepared,
			b"signed" => ReleaseStage::Signed(number(epoch)?),
			_ => return Err(self.bad_list(shard, &String::from_utf8_lossy(&reason))),
		};
		Ok(ReleaseState {
			stage,
			done_bytes: number(done)?,
			total_bytes: number(total)?,
			cut_leaves: number(cut)?,
			leaf_count: number(leaf_count)?,
			root: root.try_into().map_err(|_| odd())?,
			older_holds: number(holds)?,
		})
	}

	/// Has a node give up a shorter log that is not signed for.
	pub async fn drop_release(&self, shard: usize) -> Result<(), DispersalError> {
		self.simple(shard, &[b"REMOVAL", b"DROP"]).await
	}

	/// Goes on through a node's list until the present log has so many leaves, or to the list's end.
	async fn walk_leaves(
		&self,
		shard: usize,
		walk: &mut Walk<'_>,
		until: Option<u64>,
	) -> Result<(), DispersalError> {
		let is_done =
			|walk: &Walk<'_>| until.is_some_and(|until| walk.present.leaf_count() >= until);
		while !is_done(walk) {
			let mut request: Vec<&[u8]> = vec![b"NSLEAVES"];
			request.extend(walk.cursor.as_deref());
			let reply = match self.link(shard)?.call(&request).await {
				Err(BackendError::Refused(text)) if text.contains(END) => return Ok(()),
				reply => reply.map_err(|error| self.failed(shard, error))?,
			};
			let (cursor, records) = parse_page(reply)
				.ok_or_else(|| self.bad_list(shard, "NSLEAVES answered something else"))?;
			walk.cursor = Some(cursor);
			for record in records {
				if is_done(walk) {
					return Ok(());
				}
				walk.take(record, until.is_none());
			}
		}
		Ok(())
	}

	async fn simple(&self, shard: usize, request: &[&[u8]]) -> Result<(), DispersalError> {
		self.ask(shard, request).await.map(drop)
	}

	async fn ask(&self, shard: usize, request: &[&[u8]]) -> Result<Reply, DispersalError> {
		self.link(shard)?.call(request).await.map_err(|error| self.failed(shard, error))
	}

	fn bad_list(&self, shard: usize, reason: &str) -> DispersalError {
		let node = self.links.get(shard).map_or(0, |link| link.backend().node);
		DispersalError::BadList { node, reason: reason.to_owned() }
	}
}

/// `[cursor, [[key, newest, hashes], ...]]`.
pub(crate) fn parse_page(reply: Reply) -> Option<(Vec<u8>, Vec<Listed>)> {
	let Reply::Array(parts) = reply else { return None };
	let [Reply::Bulk(cursor), Reply::Array(entries)] = <[Reply; 2]>::try_from(parts).ok()? else {
		return None;
	};
	let records = entries.into_iter().map(|entry| {
		let Reply::Array(fields) = entry else { return None };
		let [Reply::Bulk(key), Reply::Integer(newest), Reply::Bulk(hashes)] =
			<[Reply; 3]>::try_from(fields).ok()?
		else {
			return None;
		};
		let (leaves, rest) = hashes.as_chunks::<32>();
		rest.is_empty().then(|| Listed { key, is_newest: newest == 1, leaves: leaves.to_vec() })
	});
	Some((cursor, records.collect::<Option<_>>()?))
}
