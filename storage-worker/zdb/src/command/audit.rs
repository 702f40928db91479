//! NSLOG: the state of an audited namespace's log.

use super::{errors, Answer};
use crate::server::{Args, Flow, Output, Session};

/// `NSLOG`: `[leaf_count, root, peak...]`, highest mountain first.
pub(super) fn nslog(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	args.exact(1)?;
	let state = session.namespace.log_state();
	let (leaf_count, root, peaks) = state.map_err(|error| errors::text(&error))?;
	output.array(2 + peaks.len());
	output.integer(i64::try_from(leaf_count).unwrap_or(i64::MAX));
	output.bulk(&root);
	for peak in &peaks {
		output.bulk(peak);
	}
	Ok(Flow::Continue)
}
