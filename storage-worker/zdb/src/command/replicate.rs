//! REPLICATE, which replicas ask, and REPLICA, which their operators ask.

use super::{errors, Answer};
use crate::{
	server::{Args, Flow, Output, Reply, Session},
	Durability, Mode,
};

/// Records of one answer, at most.
const RECORDS_MAX: usize = 4096;

fn number(number: u64) -> Reply {
	Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `REPLICATE ID`, `REPLICATE SETTINGS namespace` and `REPLICATE READ namespace sequence count`, by an administrator: what a replica needs.
pub(super) fn replicate(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	if args.get(1).is_some_and(|name| name.eq_ignore_ascii_case(b"ID")) {
		output.bulk(session.shared.store.id().as_bytes());
		return Ok(Flow::Continue);
	}
	let name = args.text(2).ok_or("Missing arguments")?;
	let namespace = session.shared.store.namespace(name).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	match args.get(1).unwrap_or_default().to_ascii_uppercase().as_slice() {
		b"SETTINGS" => {
			let settings = namespace.settings();
			let durability = match settings.durability {
				Durability::Always => 0,
				Durability::Os => -1,
				Durability::Every(milliseconds) => i64::try_from(milliseconds).unwrap_or(i64::MAX),
			};
			let flag = |flag: bool| Reply::Integer(i64::from(flag));
			let password = settings.password.map(String::into_bytes);
			let owner = settings.owner.map(Vec::from);
			session.job = Some(Box::new(move || {
				Ok(Reply::Array(vec![
					flag(settings.mode == Mode::Sequential),
					flag(settings.public),
					flag(settings.worm),
					flag(settings.audited),
					number(settings.max_bytes.unwrap_or(0)),
					Reply::Integer(durability),
					password.map_or(Reply::Nil, Reply::Bulk),
					owner.map_or(Reply::Nil, Reply::Bulk),
				]))
			}));
		},
		b"READ" => {
			let sequence = args.text(3).and_then(|text| text.parse().ok());
			let count = args.text(4).and_then(|text| text.parse::<usize>().ok());
			let (Some(sequence), Some(count)) = (sequence, count) else {
				return Err("Invalid argument");
			};
			session.job = Some(Box::new(move || {
				let page = namespace.records_from(sequence, count.min(RECORDS_MAX));
				let page = page.map_err(|error| errors::text(&error).to_owned())?;
				let records = page.records.into_iter().map(|record| {
					Reply::Array(vec![
						number(record.sequence),
						number(record.ordinal),
						Reply::Integer(i64::from(record.moved)),
						Reply::Integer(i64::from(record.timestamp)),
						Reply::Bulk(record.key),
						record.value.map_or(Reply::Nil, Reply::Bulk),
					])
				});
				let records = Reply::Array(records.collect());
				let restart = Reply::Integer(i64::from(page.must_restart));
				Ok(Reply::Array(vec![restart, number(page.next_sequence), records]))
			}));
		},
		_ => return Err("Unknown REPLICATE subcommand"),
	}
	Ok(Flow::Later)
}

/// `REPLICA STATUS` and `REPLICA PROMOTE`, by an administrator of a replica.
pub(super) fn replica(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let replica = session.shared.options.replica.as_ref().ok_or("This server is no replica")?;
	match args.get(1).unwrap_or_default().to_ascii_uppercase().as_slice() {
		b"STATUS" => output.bulk(replica.describe().as_bytes()),
		b"PROMOTE" => {
			replica.promote();
			session.shared.store.end_following();
			output.ok();
		},
		_ => return Err("Unknown REPLICA subcommand"),
	}
	Ok(Flow::Continue)
}
