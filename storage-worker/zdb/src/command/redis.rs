//! What redis clients say when they connect, and PING, ECHO, TIME, QUIT.

use super::{access::log_in, Answer};
use crate::{
	limits::CLIENT_NAME_MAX_BYTES,
	server::{Args, Flow, Output, Session, SLOW},
};
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
	output.map(7);
	for (name, value) in [("server", "granary-zdb"), ("version", REDIS_VERSION)] {
		output.bulk(name.as_bytes());
		output.bulk(value.as_bytes());
	}
	output.bulk(b"proto");
	output.integer(if is_resp3 { 3 } else { 2 });
	output.bulk(b"id");
	output.integer(i64::try_from(session.id).unwrap_or(i64::MAX));
	for (name, value) in [("mode", "standalone"), ("role", "master")] {
		output.bulk(name.as_bytes());
		output.bulk(value.as_bytes());
	}
	output.bulk(b"modules");
	output.array(0);
	Ok(Flow::Continue)
}

fn set_name(session: &mut Session, name: &[u8]) -> Result<(), &'static str> {
	if name.len() > CLIENT_NAME_MAX_BYTES || name.iter().any(|byte| !byte.is_ascii_graphic()) {
		return Err("ERR Client names cannot contain spaces, newlines or special characters.");
	}
	session.client_name = name.to_vec();
	Ok(())
}

/// `CLIENT SETNAME|GETNAME|SETINFO|ID|INFO|NO-EVICT|NO-TOUCH`.
pub(super) fn client(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let subcommand = args.get(1).unwrap_or_default().to_ascii_uppercase();
	match subcommand.as_slice() {
		b"SETNAME" => {
			set_name(session, args.get(2).ok_or("Unexpected arguments")?)?;
			output.ok();
		},
		b"GETNAME" if session.client_name.is_empty() => output.nil(),
		b"GETNAME" => output.bulk(&session.client_name),
		b"SETINFO" | b"NO-EVICT" | b"NO-TOUCH" => output.ok(),
		b"ID" => output.integer(i64::try_from(session.id).unwrap_or(i64::MAX)),
		b"INFO" => {
			let name = String::from_utf8_lossy(&session.client_name);
			let line = format!("id={} name={name} ns={}\n", session.id, session.namespace.name());
			output.bulk(line.as_bytes());
		},
		_ => return Err("ERR unknown CLIENT subcommand"),
	}
	Ok(Flow::Continue)
}

/// `COMMAND [COUNT|DOCS|...]`: no tables; clients then go without completion.
pub(super) fn command(args: Args<'_>, output: &mut Output) -> Answer {
	match args.get(1).map(<[u8]>::to_ascii_uppercase).as_deref() {
		Some(b"COUNT") => output.integer(0),
		_ => output.array(0),
	}
	Ok(Flow::Continue)
}

/// `CONFIG GET name...`: what redis-benchmark and exporters ask for.
pub(super) fn config(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !args.get(1).is_some_and(|subcommand| subcommand.eq_ignore_ascii_case(b"GET")) {
		return Err("ERR only CONFIG GET is supported; settings are given at the start");
	}
	let max_clients = session.shared.options.max_connections.to_string();
	let slow = SLOW.as_micros().to_string();
	let known = [
		("appendonly", "yes"),
		("databases", "1"),
		("maxclients", max_clients.as_str()),
		("maxmemory", "0"),
		("proto-max-bulk-len", "8388608"),
		("save", ""),
		("slowlog-log-slower-than", slow.as_str()),
	];
	let asked: Vec<Vec<u8>> = args.rest().skip(1).map(<[u8]>::to_ascii_lowercase).collect();
	let found: Vec<&str> = known
		.iter()
		.filter(|(name, _)| asked.iter().any(|asked| asked == b"*" || asked == name.as_bytes()))
		.flat_map(|(name, value)| [*name, *value])
		.collect();
	output.map(found.len() / 2);
	found.iter().for_each(|text| output.bulk(text.as_bytes()));
	Ok(Flow::Continue)
}
