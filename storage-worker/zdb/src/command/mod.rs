//! The commands: from arguments to a reply. One file per group.

mod access;
mod admin;
mod audit;
mod client;
mod config;
mod data;
mod docs;
mod errors;
mod info;
mod memory;
mod namespace;
mod nsset;
mod redis;
mod replicate;
mod scan;
mod table;
mod wait;

use crate::{
	engine::Durability,
	server::{Args, Flow, Output, Session, SlowLog, Teller},
};
use std::sync::atomic::Ordering::Relaxed;

/// No command of ours has a longer name.
const NAME_MAX_BYTES: usize = 16;

/// What a command function answers: a reply is in the output, or this error is the reply.
type Answer = Result<Flow, &'static str>;

/// Executes a command and appends its reply to the output, unless it is [`Flow::Unknown`].
pub(crate) fn execute(session: &mut Session, args: Args<'_>, output: &mut Output) -> Flow {
	// An empty line, by which some clients keep a connection awake.
	if args.len() == 0 {
		return Flow::Continue;
	}
	if session.namespace.is_removed() && session.awaits_namespace() {
		if !session.may_block {
			return Flow::Elsewhere;
		}
		session.await_namespace();
	}
	if !session.has_namespace() {
		session.commands += 1;
		output.error("Your active namespace is not available anymore (probably removed).");
		return Flow::Close;
	}
	if session.is_master {
		return execute_for_another(session, args, output);
	}
	let owner = u64::from(session.shared.stats.instance_id);
	execute_for(owner, session, args, output)
}

/// Executes what was given to another server first. What was given to this one first has come back and is left out: so loops of mirrors
/// end.
fn execute_for_another(session: &mut Session, args: Args<'_>, output: &mut Output) -> Flow {
	let split = args.split_last().filter(|(args, _)| args.len() > 0);
	let owned =
		split.ok_or("Missing arguments").and_then(|(args, id)| Ok((args, wait::owner(id)?)));
	match owned {
		Err(text) => {
			output.error(text);
			Flow::Continue
		},
		Ok((_, owner)) if owner == u64::from(session.shared.stats.instance_id) => {
			output.simple("Known");
			Flow::Continue
		},
		Ok((args, owner)) => match execute_for(owner, session, args, output) {
			// An extension knows nothing of owners.
			Flow::Unknown => {
				unknown(session, output);
				Flow::Continue
			},
			flow => flow,
		},
	}
}

fn execute_for(owner: u64, session: &mut Session, args: Args<'_>, output: &mut Output) -> Flow {
	let mut upper = [0; NAME_MAX_BYTES];
	let name = args.get(0).unwrap_or_default();
	let Some(upper) = upper.get_mut(..name.len()) else { return Flow::Unknown };
	upper.copy_from_slice(name);
	upper.make_ascii_uppercase();
	session.registration.note(upper);
	if session.is_on_replica() && changes(upper) {
		output.error("This server is a replica and takes no changes");
		return Flow::Continue;
	}
	if !session.may_block && is_slow(upper, session, args) {
		return Flow::Elsewhere;
	}
	let (began, traffic) = (SlowLog::begin(), session.traffic);
	let outcome = dispatch(upper, session, args, output);
	session.shared.slow.end(began, session.id, args);
	if outcome == Err(errors::NOT_IN_MEMORY) {
		// What it counted is counted when it is executed anew, but for what is not done anew.
		if session.pairs_stored == 0 {
			session.traffic = traffic;
		}
		return Flow::Elsewhere;
	}
	session.commands += 1;
	match outcome {
		Ok(flow) => {
			if flow != Flow::Unknown && session.shared.watchers.any() {
				let name = String::from_utf8_lossy(upper);
				let (watchers, namespace) = (&session.shared.watchers, session.namespace.name());
				watchers.tell(Teller { client: session.id, owner, namespace }, &name, args);
			}
			flow
		},
		Err(text) => {
			if text == errors::PERMISSION_DENIED {
				session.shared.stats.commands_unauthorized.fetch_add(1, Relaxed);
			}
			session.shared.stats.error_replies.fetch_add(1, Relaxed);
			session.traffic.refusals += 1;
			output.error(text);
			Flow::Continue
		},
	}
}

/// Whether the command changes what is stored: replicas refuse those.
fn changes(name: &[u8]) -> bool {
	const CHANGING: [&[u8]; 13] = [
		b"SET", b"SETX", b"MSET", b"MEND", b"DEL", b"FLUSH", b"NSNEW", b"NSDEL", b"NSSET",
		b"NSJUMP", b"COMPACT", b"REMOVAL", b"HOLD",
	];
	CHANGING.contains(&name)
}

/// Whether the command is slow by its nature or waits for the disk in any case, so that other clients of the thread would wait with it.
fn is_slow(name: &[u8], session: &Session, args: Args<'_>) -> bool {
	/// More keys than these take longer than handing the command over.
	const KEYS_FEW: usize = 64;
	match name {
		b"GET" | b"SET" | b"SETX" => false,
		b"MGET" => args.len() > KEYS_FEW,
		// Repeated from its start, it would issue ids again.
		b"MSET" => args.len() > KEYS_FEW || session.namespace.ids().is_some(),
		// What was written into the namespace before is made durable first.
		b"SELECT" => {
			session.unflushed_from.is_some() && session.namespace.durability() == Durability::Always
		},
		b"SCAN" | b"SCANX" | b"RSCAN" | b"KSCAN" | b"NSNEW" | b"NSDEL" | b"NSSET" | b"NSJUMP"
		| b"RELOAD" | b"FLUSH" | b"DATA" | b"MEND" | b"COMPACT" | b"NSLOG" => true,
		_ => false,
	}
}

/// Answers a command that nobody knows.
pub(crate) fn unknown(session: &mut Session, output: &mut Output) {
	session.shared.stats.commands_failed.fetch_add(1, Relaxed);
	output.error("Command not supported");
}

/// Names are compared as a whole and without case; 0-db's prefixes are not taken over.
fn dispatch(name: &[u8], session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	match name {
		b"GET" => data::get(session, args, output),
		b"SET" | b"SETX" => data::set(session, args, output),
		b"MGET" => data::mget(session, args, output),
		b"DEL" => data::del(session, args, output),
		b"EXISTS" => data::exists(session, args, output),
		b"MEND" => data::mend(session, args, output),
		b"LENGTH" => data::length(session, args, output),
		b"CHECK" => data::check(session, args, output),
		b"GETRANGE" => data::getrange(session, args, output),
		b"MSET" => data::mset(session, args, output),
		b"KEYCUR" => data::keycur(session, args, output),
		b"HISTORY" => data::history(session, args, output),
		b"KEYTIME" => data::keytime(session, args, output),
		b"DBSIZE" => data::dbsize(session, output),
		b"SCAN" | b"SCANX" => scan::scan(session, args, output),
		b"RSCAN" => scan::rscan(session, args, output),
		b"KSCAN" => scan::kscan(session, args, output),
		b"WAIT" => wait::wait(session, args),
		b"MIRROR" => wait::mirror(session, output),
		b"MASTER" => wait::master(session, output),
		b"AUTH" => access::auth(session, args, output),
		b"SELECT" => access::select(session, args, output),
		b"NSNEW" => namespace::nsnew(session, args, output),
		b"NSDEL" => namespace::nsdel(session, args, output),
		b"NSLIST" => namespace::nslist(session, output),
		b"NSINFO" => namespace::nsinfo(session, args, output),
		b"NSSET" => nsset::nsset(session, args, output),
		b"NSJUMP" => namespace::nsjump(session, output),
		b"RELOAD" => namespace::reload(session, args, output),
		b"FLUSH" => namespace::flush(session, output),
		b"STOP" => admin::stop(session, output),
		b"HOOKS" => admin::hooks(session, output),
		b"INDEX" => admin::index(session, args, output),
		b"DATA" => admin::data(session, args, output),
		b"COMPACT" => admin::compact(session, args, output),
		b"REPLICATE" => replicate::replicate(session, args, output),
		b"REPLICA" => replicate::replica(session, args, output),
		b"SCRUB" => admin::scrub(session, args, output),
		b"SLOWLOG" => admin::slowlog(session, args, output),
		b"NSLOG" => audit::nslog(session, args, output),
		b"NSLEAVES" => audit::nsleaves(session, args),
		b"REMOVAL" => audit::removal(session, args, output),
		b"HOLD" => audit::hold(session, args, output),
		b"PING" => redis::ping(args, output),
		b"ECHO" => redis::echo(args, output),
		b"QUIT" => redis::quit(output),
		b"TIME" => redis::time(output),
		b"HELLO" => redis::hello(session, args, output),
		b"CLIENT" => client::client(session, args, output),
		b"COMMAND" => docs::command(args, output),
		b"CONFIG" => config::config(session, args, output),
		b"LATENCY" => redis::latency(args, output),
		b"MEMORY" => memory::memory(session, args, output),
		b"MODULE" => redis::module(args, output),
		b"ROLE" => redis::role(session, output),
		b"TYPE" => data::key_type(session, args, output),
		b"INFO" => info::info(session, args, output),
		b"" | b"*" => Err("This is not a valid command"),
		_ => Ok(Flow::Unknown),
	}
}
