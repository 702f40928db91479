//! Random commands of several connections, against the server and against a model of 0-db's documentation: every reply has to be the model's.
//!
//! `GRANARY_SEED` repeats a run, `GRANARY_STEPS` makes it longer.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod generate;
mod model;
#[path = "../support/mod.rs"]
mod support;

use generate::{Generator, Step};
use model::{Bytes, Client as ModelClient, Expect, Model};
use std::time::{SystemTime, UNIX_EPOCH};
use support::{encode, Client, Process};

const CONNECTIONS: usize = 5;
const STEPS: usize = 2500;

/// A reply as it came.
#[derive(Clone, Debug, PartialEq)]
enum Reply {
	Simple(String),
	Error(String),
	Integer(i64),
	Bulk(Bytes),
	Nil,
	Array(Vec<Reply>),
}

fn parse(bytes: &[u8]) -> (Reply, &[u8]) {
	let end = bytes.windows(2).position(|pair| pair == b"\r\n").unwrap();
	let (line, rest) = (String::from_utf8_lossy(&bytes[1..end]).into_owned(), &bytes[end + 2..]);
	match bytes[0] {
		b'+' => (Reply::Simple(line), rest),
		b'-' => (Reply::Error(line), rest),
		b':' => (Reply::Integer(line.parse().unwrap()), rest),
		b'$' if line == "-1" => (Reply::Nil, rest),
		b'$' => {
			let len: usize = line.parse().unwrap();
			(Reply::Bulk(rest[..len].to_vec()), &rest[len + 2..])
		},
		_ => {
			let (mut found, mut rest) = (Vec::new(), rest);
			for _ in 0..line.parse::<usize>().unwrap() {
				let (one, behind) = parse(rest);
				found.push(one);
				rest = behind;
			}
			(Reply::Array(found), rest)
		},
	}
}

/// Whether the reply is what it has to be.
fn fits(reply: &Reply, expected: &Expect) -> bool {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
	match (reply, expected) {
		(Reply::Simple(text), Expect::Simple(wanted)) => text == wanted,
		(Reply::Simple(text), Expect::Word(letters)) => text.len() == *letters,
		(Reply::Error(text), Expect::Error(wanted)) => text == wanted,
		(Reply::Integer(number), Expect::Integer(wanted)) => number == wanted,
		(Reply::Integer(number), Expect::Now) => (now - 600..=now + 5).contains(number),
		(Reply::Bulk(bytes), Expect::Bulk(wanted)) => bytes == wanted,
		(Reply::Bulk(bytes), Expect::Opaque(len)) => bytes.len() == *len,
		(Reply::Bulk(bytes), Expect::Lines(lines)) => {
			let text = String::from_utf8_lossy(bytes);
			lines.iter().all(|wanted| text.lines().any(|line| line == wanted))
		},
		(Reply::Nil, Expect::Nil) => true,
		(Reply::Array(found), Expect::Array(wanted)) => {
			found.len() == wanted.len()
				&& found.iter().zip(wanted).all(|(reply, expected)| fits(reply, expected))
		},
		_ => false,
	}
}

/// A connection to the server, and what the model knows of it.
struct Pair {
	real: Client,
	model: ModelClient,
}

struct Run {
	process: Process,
	model: Model,
	pairs: Vec<Pair>,
	steps: usize,
	/// What went before, for whoever has to understand a difference.
	trace: Vec<String>,
	seed: u64,
}

impl Run {
	fn fail(&self, reply: &Reply, expected: &Expect) -> ! {
		let from = self.trace.len().saturating_sub(40);
		panic!(
			"GRANARY_SEED={}, step {}: the server said {reply:?}, the model {expected:?}; before:\n{}",
			self.seed,
			self.steps,
			self.trace[from..].join("\n")
		);
	}

	fn check(&self, reply: &Reply, expected: &Expect) {
		if !fits(reply, expected) {
			self.fail(reply, expected);
		}
	}

	fn reply(&mut self, who: usize) -> Reply {
		parse(&self.pairs[who].real.reply()).0
	}

	fn call(&mut self, who: usize, args: &[&[u8]]) -> Reply {
		self.pairs[who].real.send(&encode(args));
		self.reply(who)
	}

	/// A client whose namespace is gone is told so and cut off; another takes its place.
	fn renew_if_cut_off(&mut self, who: usize) {
		if self.model.is_cut_off(&self.pairs[who].model) {
			let reply = self.call(who, &[b"PING"]);
			let gone = "Your active namespace is not available anymore (probably removed).";
			self.check(&reply, &Expect::Error(gone));
			assert!(self.pairs[who].real.rest().is_empty(), "it was not cut off");
			self.pairs[who] = Pair { real: self.process.connect(), model: self.model.connect() };
		}
	}

	/// Sends several commands at once and compares their replies.
	fn pipeline(&mut self, who: usize, commands: &[Vec<Bytes>]) {
		let mut request = Vec::new();
		for args in commands {
			request.extend(encode(&args.iter().map(Vec::as_slice).collect::<Vec<_>>()));
		}
		self.pairs[who].real.send(&request);
		for args in commands {
			let shown: Vec<_> = args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
			let shown: String = shown.join(" ").chars().take(160).collect();
			self.trace.push(format!("{who}: {shown}"));
			let reply = self.reply(who);
			let expected = self.model.execute(&mut self.pairs[who].model, args);
			self.check(&reply, &expected);
			if let (Reply::Simple(nonce), Expect::Word(_)) = (reply, expected) {
				self.pairs[who].model.nonce = Some(nonce);
			}
			self.steps += 1;
		}
	}

	/// Scans page by page, from a key on if one is given.
	fn scan(&mut self, who: usize, back: bool, from: Option<&Bytes>) {
		let command: &[u8] = if back { b"RSCAN" } else { b"SCANX" };
		self.trace.push(format!("{who}: scan, back {back}, from {from:?}"));
		let listed = self.model.readable(&self.pairs[who].model).map(|found| found.listed());
		let mut listed = match listed {
			Ok(listed) => listed,
			Err(refusal) => {
				let reply = self.call(who, &[command]);
				return self.check(&reply, &refusal);
			},
		};
		let mut cursor = None;
		if let Some(key) = from {
			let wanted = Expect::Bulk(key.clone());
			let is_it =
				|entry: &Expect| matches!(entry, Expect::Array(parts) if parts[0] == wanted);
			let Some(at) = listed.iter().position(is_it) else { return };
			let Reply::Bulk(found) = self.call(who, &[b"KEYCUR", key]) else { panic!("{key:?}") };
			cursor = Some(found);
			listed = if back { listed[..at].to_vec() } else { listed[at + 1..].to_vec() };
		}
		if back {
			listed.reverse();
		}
		let mut found = Vec::new();
		loop {
			let mut args = vec![command];
			args.extend(cursor.as_deref());
			match self.call(who, &args) {
				Reply::Array(mut parts) => {
					let (Some(Reply::Array(page)), Some(Reply::Bulk(next))) =
						(parts.pop(), parts.pop())
					else {
						panic!("a page of another form");
					};
					found.extend(page);
					cursor = Some(next);
				},
				end => {
					self.check(&end, &Expect::Error("No more data"));
					break;
				},
			}
		}
		self.check(&Reply::Array(found), &Expect::Array(listed));
		self.steps += 1;
	}

	/// Follows the versions of a key to the oldest.
	fn history(&mut self, who: usize, key: &Bytes) {
		self.trace.push(format!("{who}: history of {key:?}"));
		let versions = self.model.history(&self.pairs[who].model, key);
		let mut reply = self.call(who, &[b"HISTORY", key]);
		let versions = match versions {
			Ok(versions) => versions,
			Err(refusal) => return self.check(&reply, &refusal),
		};
		for (number, version) in versions.iter().enumerate() {
			let is_oldest = number + 1 == versions.len();
			let Reply::Array(parts) = &reply else { panic!("{reply:?}") };
			let time = match version.time {
				Some(time) => Expect::Bulk(time.to_string().into_bytes()),
				None => Expect::Opaque(10),
			};
			let older = if is_oldest { Expect::Nil } else { Expect::Opaque(8) };
			let wanted = Expect::Array(vec![older, time, Expect::Bulk(version.value.clone())]);
			self.check(&reply, &wanted);
			if let Reply::Bulk(cursor) = parts[0].clone() {
				reply = self.call(who, &[b"HISTORY", key, &cursor]);
			}
		}
		self.steps += 1;
	}
}

fn compare(admin: Option<&'static str>, protected: bool, salt: u64) {
	let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
	let seed = number("GRANARY_SEED").unwrap_or_else(rand::random);
	let steps = number("GRANARY_STEPS").map_or(STEPS, |steps| steps as usize);
	let dir = tempfile::tempdir().unwrap();
	let mut arguments = vec!["--segment-bytes", "8192", "--sync", "os"];
	arguments.extend(admin.into_iter().flat_map(|word| ["--admin", word]));
	arguments.extend(protected.then_some("--protected"));
	let process = Process::start(dir.path(), &arguments);
	// Compaction changes the order of a scan, and ends histories.
	let mut operator = process.connect();
	if let Some(word) = admin {
		operator.text(&format!("AUTH {word}"));
	}
	assert_eq!(operator.text("COMPACT STOP"), "+OK\r\n");
	let model = Model::new(admin, protected);
	let pairs = (0..CONNECTIONS)
		.map(|_| Pair { real: process.connect(), model: model.connect() })
		.collect();
	let mut run = Run { process, model, pairs, steps: 0, trace: Vec::new(), seed };
	let mut generator = Generator::new(seed ^ salt, admin);
	while run.steps < steps {
		let who = generator.below(CONNECTIONS);
		run.renew_if_cut_off(who);
		match generator.step(&run.pairs[who].model) {
			Step::Commands(commands) => run.pipeline(who, &commands),
			Step::Scan { back, from } => run.scan(who, back, from.as_ref()),
			Step::History(key) => run.history(who, &key),
		}
	}
	run.process.stop();
}

#[test]
fn a_server_without_administrator_answers_as_documented() {
	compare(None, false, 1);
}

#[test]
fn a_server_with_administrator_answers_as_documented() {
	compare(Some("root"), false, 2);
}

#[test]
fn a_protected_server_answers_as_documented() {
	compare(Some("root"), true, 3);
}
