//! HELLO, PING, ECHO, TIME, QUIT, and what redis' clients and exporters ask that has a short answer here.

use super::{access::log_in, client::set_name, Answer};
use crate::server::{Args, Flow, Output, Session};
use std::time::{SystemTime, UNIX_EPOCH};

/// The redis release whose clients are at home here.
pub(super) const REDIS_VERSION: &str = "7.0.0";

/// `PING [text]`.
pub(super) fn ping(args: Args<'_>, output: &mut Output) -> Answer {
	match args.get(1) {
		None => output.simple("PONG"),
		Some(text) => output.bulk(text),
	}
	Ok(Flow::Continue)
}

/// `ECHO text`.
pub(super) fn echo(args: Args<'_>, output: &mut Output) -> Answer {
	let (Some(text), 2) = (args.get(1), args.len()) else { return Err("Unexpected arguments") };
	output.bulk(text);
	Ok(Flow::Continue)
}

/// `QUIT`.
pub(super) fn quit(output: &mut Output) -> Answer {
	output.ok();
	Ok(Flow::Close)
}

/// `TIME`: seconds and microseconds.
pub(super) fn time(output: &mut Output) -> Answer {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	output.strings(&[&now.as_secs().to_string(), &now.subsec_micros().to_string()]);
	Ok(Flow::Continue)
}

/// `HELLO [2|3 [AUTH user password] [SETNAME name]]`. With RESP3 a missing value is a null and pairs are maps.
pub(super) fn hello(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let is_resp3 = match args.get(1) {
		None => output.is_resp3,
		Some(b"2") => false,
		Some(b"3") => true,
		Some(_) => return Err("NOPROTO unsupported protocol version"),
	};
	let mut position = 2;
	while let Some(option) = args.get(position) {
		match (
			option.to_ascii_uppercase().as_slice(),
			args.get(position + 1),
			args.get(position + 2),
		) {
			(b"AUTH", Some(_), Some(password)) => {
				log_in(session, password)?;
				position += 3;
			},
			(b"SETNAME", Some(name), _) => {
				set_name(session, name)?;
				position += 2;
			},
			_ => return Err("ERR Syntax error in HELLO"),
		}
	}
	output.is_resp3 = is_resp3;
	session.registration.update(|facts| facts.is_resp3 = is_resp3);
	output.map(7);
	for (name, value) in [("server", "granary-zdb"), ("version", REDIS_VERSION)] {
		output.bulk(name.as_bytes());
		output.bulk(value.as_bytes());
	}
	output.bulk(b"proto");
	output.integer(if is_resp3 { 3 } else { 2 });
	output.bulk(b"id");
	output.integer(i64::try_from(session.id).unwrap_or(i64::MAX));
	let role = if session.is_on_replica() { "replica" } else { "master" };
	for (name, value) in [("mode", "standalone"), ("role", role)] {
		output.bulk(name.as_bytes());
		output.bulk(value.as_bytes());
	}
	output.bulk(b"modules");
	output.array(0);
	Ok(Flow::Continue)
}

/// `LATENCY LATEST|HISTORY|HISTOGRAM|RESET|DOCTOR`: there are no samples, since slow commands are in the slow log.
pub(super) fn latency(args: Args<'_>, output: &mut Output) -> Answer {
	match args.get(1).unwrap_or_default().to_ascii_uppercase().as_slice() {
		b"LATEST" | b"HISTORY" => output.array(0),
		b"HISTOGRAM" => output.map(0),
		b"RESET" => output.integer(0),
		b"DOCTOR" => {
			output.bulk(b"Latency is not sampled. SLOWLOG GET lists commands that took long.")
		},
		_ => return Err("ERR unknown LATENCY subcommand"),
	}
	Ok(Flow::Continue)
}

/// `MODULE LIST`: none.
pub(super) fn module(args: Args<'_>, output: &mut Output) -> Answer {
	if !args.get(1).is_some_and(|name| name.eq_ignore_ascii_case(b"LIST")) {
		return Err("ERR unknown MODULE subcommand");
	}
	output.array(0);
	Ok(Flow::Continue)
}

/// `ROLE`: `[master, 0, []]`, or `[slave, primary, port, connected or connect, records behind]` on a replica.
pub(super) fn role(session: &mut Session, output: &mut Output) -> Answer {
	let replica = session.shared.options.replica.as_ref().filter(|replica| !replica.is_promoted());
	let Some(replica) = replica else {
		output.array(3);
		output.bulk(b"master");
		output.integer(0);
		output.array(0);
		return Ok(Flow::Continue);
	};
	let (host, port) = replica.primary();
	let status = replica.status();
	output.array(5);
	output.bulk(b"slave");
	output.bulk(host.as_bytes());
	output.integer(i64::from(port));
	output.bulk(if status.is_connected() { b"connected" } else { b"connect" });
	output.integer(i64::try_from(status.behind).unwrap_or(i64::MAX));
	Ok(Flow::Continue)
}
