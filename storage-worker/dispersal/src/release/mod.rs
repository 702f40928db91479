//! Giving space back: objects that nobody refers to any more leave the nodes' logs.
//!
//! Which objects these are is not known here; whoever knows gives [`Dataset::leftovers`] what stays. A node makes a log without them beside its
//! present one. The tenant computes the root of that log by itself ([`Dataset::prepare_release`]): from the hashes of all leaves, which
//! the node lists and which are checked against the root that both sides signed last. So what it signs is what it asked for. That the
//! list puts a value's leaves under the right key is the node's word, as it is when an audit is passed: roots know values, not keys.

mod hold;
mod prepare;

pub use hold::Hold;
#[cfg(feature = "fuzzing")]
pub(crate) use prepare::parse_page;
pub use prepare::{PreparedRelease, ReleaseStage, ReleaseState};

use crate::{dataset::ObjectId, Dataset, DispersalError};
use std::collections::HashMap;

/// What could be given back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
	/// Objects that nobody refers to and that are old enough, with the bytes of their shards over all nodes.
	pub objects: HashMap<ObjectId, u64>,
	/// Objects that nobody refers to and that are too young: they may belong to a publish that is under way.
	pub young: u64,
	/// Objects that stay because something refers to them.
	pub referred: u64,
	/// Bytes of the shards of all objects that stay.
	pub staying_bytes: u64,
}

impl Leftovers {
	/// Bytes of the shards that would be given back, over all nodes.
	pub fn bytes(&self) -> u64 {
		self.objects.values().sum()
	}
}

/// An object while nodes are walked through.
#[derive(Default)]
struct Met {
	bytes: u64,
	/// When any node wrote it last, unix seconds.
	newest: u64,
}

impl Dataset {
	/// Walks through what every backend has and tells what `stays` does not hold and no node got after `until`, in unix seconds. `progress` is
	/// told how many shards were looked at.
	pub async fn leftovers(
		&self,
		stays: &(dyn Fn(&ObjectId) -> bool + Sync),
		until: u64,
		progress: &(dyn Fn(u64) + Sync),
	) -> Result<Leftovers, DispersalError> {
		let (mut met, mut found, mut looked) = (HashMap::new(), Leftovers::default(), 0);
		for shard in 0..self.links.len() {
			let (mut cursor, mut referred) = (None, 0);
			while let Some((next, entries)) = self.scan_page(shard, cursor).await? {
				looked += entries.len() as u64;
				for entry in entries {
					let bytes = u64::from(entry.value_len);
					match entry.id().filter(|id| !stays(id)) {
						Some(id) => {
							let met: &mut Met = met.entry(id).or_default();
							met.bytes += bytes;
							met.newest = met.newest.max(entry.written);
						},
						None => {
							found.staying_bytes += bytes;
							referred += 1;
						},
					}
				}
				progress(looked);
				cursor = Some(next);
			}
			found.referred = found.referred.max(referred);
		}
		for (id, met) in met {
			match met.newest <= until {
				true => {
					found.objects.insert(id, met.bytes);
				},
				false => {
					found.young += 1;
					found.staying_bytes += met.bytes;
				},
			}
		}
		Ok(found)
	}
}
