//! Random commands: mostly sensible ones, with arguments of which some do not fit.

use crate::model::{sha1, Bytes, Client};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};

const NAMESPACES: [&str; 4] = ["default", "one", "two", "three"];
const PASSWORDS: [&str; 2] = ["word", "other"];

/// What a connection does next.
pub(crate) enum Step {
	/// Commands in one go.
	Commands(Vec<Vec<Bytes>>),
	/// All keys, or those behind or before one.
	Scan { back: bool, from: Option<Bytes> },
	/// All versions of a key.
	History(Bytes),
}

pub(crate) struct Generator {
	random: StdRng,
	admin: Option<&'static str>,
}

impl Generator {
	pub(crate) fn new(seed: u64, admin: Option<&'static str>) -> Self {
		Self { random: StdRng::seed_from_u64(seed), admin }
	}

	pub(crate) fn below(&mut self, end: usize) -> usize {
		self.random.gen_range(0..end)
	}

	fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
		texts.choose(&mut self.random).unwrap()
	}

	fn key(&mut self) -> Bytes {
		match self.below(20) {
			0 => Vec::new(),
			1 => vec![b'k'; 255],
			2 => vec![b'k'; 256],
			3..=8 => (self.below(8) as u64).to_le_bytes().to_vec(),
			9 => vec![0xff, 0, b'\r', b'\n'],
			_ => self.pick(&["a", "b", "aa", "ab", "c"]).into(),
		}
	}

	fn value(&mut self) -> Bytes {
		match self.below(8) {
			0 => Vec::new(),
			1 => vec![b'v'; 900],
			2 => (0..=255).collect(),
			_ => format!("value-{}", self.below(4)).into_bytes(),
		}
	}

	fn name(&mut self) -> Bytes {
		match self.below(30) {
			0 => vec![b'n'; 129],
			1 => b"..".to_vec(),
			2 => b"a/b".to_vec(),
			3 => Vec::new(),
			_ => self.pick(&NAMESPACES).into(),
		}
	}

	/// What is to be done next by a client of whom the model knows this.
	pub(crate) fn step(&mut self, client: &Client) -> Step {
		match self.below(40) {
			0 | 1 => Step::Scan { back: self.random.gen(), from: None },
			2 | 3 => {
				let from = Some(self.key());
				Step::Scan { back: self.random.gen(), from }
			},
			4 | 5 => Step::History(self.key()),
			// Challenges are answered when they are known, so they travel alone.
			6 | 7 => Step::Commands(vec![self.secret(client)]),
			8..=13 => Step::Commands(vec![self.administration()]),
			_ => {
				let count = 1 + self.below(8);
				Step::Commands((0..count).map(|_| self.data()).collect())
			},
		}
	}

	fn data(&mut self) -> Vec<Bytes> {
		let name = self.pick(&[
			"SET", "SET", "SET", "SET", "setx", "GET", "get", "MGET", "DEL", "EXISTS", "CHECK",
			"LENGTH", "KEYTIME", "KEYCUR", "DBSIZE", "KSCAN", "PING", "GE", "*", "",
		]);
		let mut args: Vec<Bytes> = vec![name.into()];
		match name {
			"SET" | "setx" => {
				let new_id = self.below(4) == 0;
				args.push(if new_id { Vec::new() } else { self.key() });
				args.push(self.value());
				if self.below(5) == 0 {
					args.push(self.below(2_000_000_000).to_string().into_bytes());
				}
			},
			"DBSIZE" | "PING" | "*" | "" => {},
			"MGET" => args.extend((0..self.below(6)).map(|_| self.key()).collect::<Vec<_>>()),
			"DEL" if self.below(4) == 0 => args.extend([self.key(), b"12".to_vec()]),
			_ => args.push(self.key()),
		}
		let counts = !matches!(name, "DBSIZE" | "PING" | "*" | "" | "GE");
		if counts && self.below(25) == 0 {
			// One argument too few, or more than there can be.
			match self.random.gen() {
				true if args.len() > 1 => drop(args.pop()),
				_ => args.extend([b"x".to_vec(), b"y".to_vec(), b"z".to_vec()]),
			}
		}
		args
	}

	/// AUTH and SELECT in all their forms.
	fn secret(&mut self, client: &Client) -> Vec<Bytes> {
		let word = match self.below(4) {
			0 => "wrong",
			1 => self.admin.unwrap_or("root"),
			_ => self.pick(&PASSWORDS),
		};
		let nonce = client.nonce.clone().unwrap_or_default();
		let hash = if self.below(6) == 0 { "short".to_owned() } else { sha1(&nonce, word) };
		let name = self.name();
		let name = String::from_utf8_lossy(&name).into_owned();
		let admin = self.admin.unwrap_or("root");
		let text = match self.below(9) {
			0 => format!("AUTH {word}"),
			1 => format!("AUTH {admin}"),
			2 => "AUTH SECURE CHALLENGE".to_owned(),
			3 => format!("AUTH SECURE {}", sha1(&nonce, admin)),
			4 => "AUTH OTHER x".to_owned(),
			5 => format!("SELECT {name} SECURE {hash}"),
			6 => format!("SELECT {name} {word}"),
			7 => format!("SELECT {name} a b c"),
			_ => format!("SELECT {name}"),
		};
		text.split(' ').map(Bytes::from).collect()
	}

	fn administration(&mut self) -> Vec<Bytes> {
		let command = self.pick(&[
			"NSNEW", "NSNEW", "NSDEL", "RELOAD", "NSJUMP", "NSLIST", "NSINFO", "NSINFO", "FLUSH",
			"SELECT", "SELECT", "NSSET", "NSSET", "NSSET", "NSSET", "NSSET",
		]);
		let mut args: Vec<Bytes> = vec![command.into()];
		if !matches!(command, "NSJUMP" | "NSLIST" | "FLUSH") {
			args.push(self.name());
		}
		if command == "NSSET" {
			let (property, value) = match self.below(14) {
				0 | 1 => ("mode", self.pick(&["user", "seq", "seq", "other"])),
				2 => ("lock", self.pick(&["1", "0"])),
				3 => ("freeze", self.pick(&["1", "0", "yes"])),
				// Locks are mostly opened, so that something happens.
				4 | 5 => ("lock", "0"),
				6 | 7 => ("public", self.pick(&["1", "0"])),
				8 => ("worm", self.pick(&["1", "0", "0"])),
				9 => ("maxsize", self.pick(&["0", "0", "1", "ten"])),
				10 | 11 => ("password", self.pick(&["word", "other", "*"])),
				_ => ("nothing", "1"),
			};
			args.extend([Bytes::from(property), Bytes::from(value)]);
		}
		args
	}
}
