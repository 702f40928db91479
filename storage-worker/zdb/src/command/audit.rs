//! NSLOG, NSLEAVES, REMOVAL, HOLD: the log of an audited namespace, and what is to go from it.

use super::{errors, Answer};
use crate::{
	limits::{HOLD_MAX_SECONDS, HOLD_TOKEN_MAX_BYTES, KEY_MAX_BYTES},
	server::{Args, Flow, Output, Reply, Session},
	RemovalStage, RemovalStatus,
};
use std::time::Duration;

/// `NSLOG [leaf_count root]`: `[leaf_count, root, peak...]`, highest mountain first. With a state that the log had, that of the present log or
/// of the one that is signed for, whichever had it.
pub(super) fn nslog(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if args.len() > 1 {
		return nslog_after(session, args);
	}
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

/// The log that is signed for may have to catch up first.
fn nslog_after(session: &mut Session, args: Args<'_>) -> Answer {
	args.exact(3)?;
	let known = args.text(1).and_then(|text| text.parse().ok());
	let known_root = args.get(2).and_then(|root| <[u8; 32]>::try_from(root).ok());
	let (Some(known), Some(root)) = (known, known_root) else { return Err("Invalid argument") };
	let namespace = session.namespace.clone();
	session.job = Some(Box::new(move || {
		let state = namespace.log_state_after(known, &root);
		let state = state.map_err(|error| errors::text(&error).to_owned())?;
		let state = state.ok_or_else(|| "The log never had that root".to_owned())?;
		let (leaf_count, root, peaks) = state;
		let leaf_count = Reply::Integer(i64::try_from(leaf_count).unwrap_or(i64::MAX));
		let hashes = std::iter::once(root).chain(peaks).map(|hash| Reply::Bulk(hash.to_vec()));
		Ok(Reply::Array(std::iter::once(leaf_count).chain(hashes).collect()))
	}));
	Ok(Flow::Later)
}

/// `NSLEAVES [cursor]`: `[cursor, [[key, 1 if it is the key's newest record or 0, hashes of the value's leaves], ...]]` in the order of the
/// log, or the error `No more data`.
pub(super) fn nsleaves(session: &mut Session, args: Args<'_>) -> Answer {
	if args.len() > 2 {
		return Err("Unexpected arguments");
	}
	let (namespace, cursor) = (session.namespace.clone(), args.get(1).map(<[u8]>::to_vec));
	session.job = Some(Box::new(move || {
		let page = namespace.leaves(cursor.as_deref());
		let page = page.map_err(|error| errors::text(&error).to_owned())?;
		let page = page.ok_or_else(|| "No more data".to_owned())?;
		let entries = page.entries.into_iter().map(|entry| {
			let is_newest = Reply::Integer(i64::from(entry.is_newest));
			Reply::Array(vec![
				Reply::Bulk(entry.key),
				is_newest,
				Reply::Bulk(entry.leaves.concat()),
			])
		});
		Ok(Reply::Array(vec![Reply::Bulk(page.cursor.to_vec()), Reply::Array(entries.collect())]))
	}));
	Ok(Flow::Later)
}

/// `REMOVAL BEGIN | ADD key [key ...] | PREPARE | STATUS | DROP`, by who may write. ADD answers how many of the keys there are.
pub(super) fn removal(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let subcommand = args.get(1).unwrap_or_default().to_ascii_uppercase();
	let namespace = session.namespace.clone();
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	match subcommand.as_slice() {
		b"ADD" => {
			if args.rest().any(|key| key.len() > KEY_MAX_BYTES) {
				return Err(errors::INVALID_KEY);
			}
			let mut known = 0;
			for key in args.rest().skip(1) {
				let added = namespace.add_to_removal(key);
				known += i64::from(added.map_err(|error| errors::text(&error))?);
			}
			output.integer(known);
			return Ok(Flow::Continue);
		},
		_ => args.exact(2)?,
	}
	match subcommand.as_slice() {
		b"BEGIN" => {
			namespace.begin_removal().map_err(|error| errors::text(&error))?;
			output.ok();
		},
		b"PREPARE" => {
			namespace.ask_for_removal().map_err(|error| errors::text(&error))?;
			session.shared.store.wake_background();
			output.ok();
		},
		b"DROP" => {
			namespace.drop_removal().map_err(|error| errors::text(&error))?;
			output.ok();
		},
		b"STATUS" => removal_status(&namespace.removal_status(), output),
		_ => return Err("Unknown REMOVAL subcommand"),
	}
	Ok(Flow::Continue)
}

/// `[stage, done bytes, all bytes, cut leaves, leaf count, root, epoch, older holds, why it failed]`.
fn removal_status(status: &RemovalStatus, output: &mut Output) {
	let (stage, epoch, reason) = match &status.stage {
		RemovalStage::Idle => ("idle", 0, ""),
		RemovalStage::Collecting => ("collecting", 0, ""),
		RemovalStage::Preparing => ("preparing", 0, ""),
		RemovalStage::Failed(reason) => ("failed", 0, reason.as_str()),
		RemovalStage::Prepared => ("prepared", 0, ""),
		RemovalStage::Signed { epoch } => ("signed", *epoch, ""),
	};
	output.array(9);
	output.bulk(stage.as_bytes());
	for number in [status.done_bytes, status.total_bytes, status.cut_leaves, status.leaf_count] {
		output.integer(i64::try_from(number).unwrap_or(i64::MAX));
	}
	output.bulk(&status.root);
	for number in [epoch, status.older_holds] {
		output.integer(i64::try_from(number).unwrap_or(i64::MAX));
	}
	output.bulk(reason.as_bytes());
}

/// `HOLD token seconds [held]`, by who may write: for so many seconds nothing is signed for that was begun after this client, which began `held` seconds
/// ago. With 0 seconds the hold ends.
pub(super) fn hold(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !(3..=4).contains(&args.len()) {
		return Err("Unexpected arguments");
	}
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	let token = args.get(1).unwrap_or_default();
	let seconds = |at| args.text(at).and_then(|text| text.parse::<u64>().ok());
	let held = if args.len() == 4 { seconds(3) } else { Some(0) };
	let (Some(ahead), Some(held)) = (seconds(2), held) else { return Err("Invalid argument") };
	if token.is_empty() || token.len() > HOLD_TOKEN_MAX_BYTES || ahead > HOLD_MAX_SECONDS {
		return Err("Invalid argument");
	}
	let held = session.namespace.hold(token, Duration::from_secs(held), Duration::from_secs(ahead));
	held.map_err(|error| errors::text(&error))?;
	output.ok();
	Ok(Flow::Continue)
}
