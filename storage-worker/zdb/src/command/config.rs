//! CONFIG GET: what redis' tools and exporters ask for, as it is here.

use super::Answer;
use crate::{
	server::{Args, Flow, Output, Session, SLOW, SLOW_KEPT},
	Durability,
};

/// `CONFIG GET pattern...`: names and values. `*` and `?` stand for letters.
pub(super) fn config(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !args.get(1).is_some_and(|subcommand| subcommand.eq_ignore_ascii_case(b"GET")) {
		return Err("ERR only CONFIG GET is supported; settings are given at the start");
	}
	if args.len() < 3 {
		return Err("Missing arguments");
	}
	let asked: Vec<Vec<u8>> = args.rest().skip(1).map(<[u8]>::to_ascii_lowercase).collect();
	let mut known = settings(session);
	known.retain(|(name, _)| asked.iter().any(|pattern| matches(pattern, name.as_bytes())));
	output.map(known.len());
	for (name, value) in &known {
		output.bulk(name.as_bytes());
		output.bulk(value.as_bytes());
	}
	Ok(Flow::Continue)
}

fn settings(session: &Session) -> Vec<(&'static str, String)> {
	let shared = &session.shared;
	let options = &shared.options;
	let fsync = match shared.store.default_durability() {
		Durability::Always => "always",
		Durability::Every(_) => "everysec",
		Durability::Os => "no",
	};
	let bind = options.tcp.map_or_else(String::new, |address| address.ip().to_string());
	let socket = options.unix.as_ref().map_or_else(String::new, |path| path.display().to_string());
	let yes_no = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
	let mut known = vec![
		("appendfsync", fsync.to_owned()),
		("appendonly", "yes".to_owned()),
		("bind", bind),
		("cluster-enabled", "no".to_owned()),
		("databases", "1".to_owned()),
		("latency-monitor-threshold", "0".to_owned()),
		("maxclients", options.max_connections.to_string()),
		("maxmemory", "0".to_owned()),
		("maxmemory-policy", "noeviction".to_owned()),
		("port", shared.tcp_port.to_string()),
		("proto-max-bulk-len", shared.store.max_value_bytes().to_string()),
		("protected-mode", yes_no(options.protected)),
		("save", String::new()),
		("slowlog-log-slower-than", SLOW.as_micros().to_string()),
		("slowlog-max-len", SLOW_KEPT.to_string()),
		("timeout", "0".to_owned()),
		("unixsocket", socket),
	];
	if session.is_admin {
		known.push(("dir", shared.store.dir().display().to_string()));
	}
	known
}

/// Whether a text is as the pattern says. The star that was met last takes as much as it must.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
	let (mut at, mut in_text) = (0, 0);
	let mut star: Option<(usize, usize)> = None;
	while in_text < text.len() {
		match pattern.get(at) {
			Some(b'*') => {
				star = Some((at, in_text));
				at += 1;
			},
			Some(letter) if *letter == b'?' || text.get(in_text) == Some(letter) => {
				at += 1;
				in_text += 1;
			},
			_ => match &mut star {
				None => return false,
				Some((before, taken)) => {
					*taken += 1;
					(at, in_text) = (*before + 1, *taken);
				},
			},
		}
	}
	pattern.get(at..).unwrap_or_default().iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
	use super::matches;

	#[test]
	fn patterns_are_globs() {
		for (pattern, text) in [
			("*", "save"),
			("save", "save"),
			("s?ve", "save"),
			("max*-*y", "maxmemory-policy"),
			("**e", "save"),
		] {
			assert!(matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
		}
		for (pattern, text) in [("", "save"), ("sav", "save"), ("save?", "save"), ("*x", "save")] {
			assert!(!matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
		}
		// A pattern from outside must not take time that grows with every star.
		assert!(!matches(&b"*a".repeat(2000), &b"b".repeat(40)));
	}
}
