//! The nodes' logs as the tenant computes them: what it signs is what it wrote.

use crate::{resp::Reply, BackendError};
use granary_por::{Hash, Peaks};

/// The state of one node's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
	/// The node.
	pub node: u32,
	/// Leaves in the log.
	pub leaf_count: u64,
	/// Its peaks, highest mountain first.
	pub peaks: Vec<Hash>,
	/// Its root.
	pub root: Hash,
}

impl LogState {
	pub(crate) fn of(node: u32, peaks: &Peaks) -> Self {
		Self {
			node,
			leaf_count: peaks.leaf_count(),
			peaks: peaks.peaks().to_vec(),
			root: peaks.root(),
		}
	}
}

/// Reads the answer to `NSLOG`: `[leaf_count, root, peak...]`, and checks that the peaks lead to the root.
pub(crate) fn parse(reply: Reply) -> Result<Peaks, BackendError> {
	let broken = |what: &str| BackendError::Protocol(what.to_owned());
	let Reply::Array(elements) = reply else { return Err(broken("NSLOG did not answer a list")) };
	let mut elements = elements.into_iter();
	let Some(Reply::Integer(leaf_count)) = elements.next() else {
		return Err(broken("NSLOG did not answer a leaf count"));
	};
	let leaf_count =
		u64::try_from(leaf_count).map_err(|_| broken("NSLOG answered a negative leaf count"))?;
	let mut hashes = elements.map(|element| match element {
		Reply::Bulk(bytes) => Hash::try_from(bytes).map_err(|_| broken("a hash has not 32 bytes")),
		_ => Err(broken("NSLOG answered something that is no hash")),
	});
	let root = hashes.next().ok_or_else(|| broken("NSLOG did not answer a root"))??;
	let peaks = hashes.collect::<Result<Vec<_>, _>>()?;
	let peaks = Peaks::from_parts(leaf_count, peaks).map_err(|error| broken(&error.to_string()))?;
	if peaks.root() != root {
		return Err(broken("the peaks of NSLOG do not lead to its root"));
	}
	Ok(peaks)
}
