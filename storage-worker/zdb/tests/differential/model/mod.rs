//! What 0-db's documentation says, in memory: no files, no index, no sharing of code with the server. Where the server differs on purpose
//! (`docs/zdb.md`), so does this.

mod administration;

use sha1::{Digest, Sha1};
use std::collections::BTreeMap;

pub(crate) type Bytes = Vec<u8>;

/// What a reply has to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expect {
	Simple(&'static str),
	Error(&'static str),
	Integer(i64),
	Bulk(Bytes),
	Nil,
	Array(Vec<Expect>),
	/// The present time in seconds, more or less.
	Now,
	/// A bulk string of so many bytes.
	Opaque(usize),
	/// A simple string of so many letters.
	Word(usize),
	/// A text with these lines.
	Lines(Vec<String>),
}
use Expect::{Error, Integer, Nil, Simple};

/// One version of a value; without a time it was written now.
#[derive(Clone, Debug)]
pub(crate) struct Version {
	pub(crate) value: Bytes,
	pub(crate) time: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
	Open,
	Locked,
	Frozen,
}

/// A namespace.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
	/// Tells one from an earlier one of the same name.
	number: u64,
	sequential: bool,
	public: bool,
	worm: bool,
	/// Every write is one too many.
	full: bool,
	password: Option<String>,
	access: Access,
	used: bool,
	next_id: u64,
	/// Live keys in the order of their last writing, each with its versions, newest last.
	keys: Vec<(Bytes, Vec<Version>)>,
}

/// What the server remembers of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Client {
	namespace: String,
	number: u64,
	admin: bool,
	can_write: bool,
	/// The challenge that it was given last.
	pub(crate) nonce: Option<String>,
}

/// The server.
#[derive(Debug)]
pub(crate) struct Model {
	admin_password: Option<&'static str>,
	protected: bool,
	namespaces: BTreeMap<String, Namespace>,
	/// Namespaces that were made so far.
	made: u64,
}

const DENIED: Expect = Error("Permission denied");
const READ_ONLY: Expect = Error("Namespace is in read-only mode");
const FROZEN: Expect = Error("Namespace is temporarily frozen (read-write disabled)");
const LOCKED: Expect = Error("Namespace is temporarily locked (read-only)");
const COUNT: Expect = Error("Unexpected arguments");
const INVALID: Expect = Error("Invalid argument");
const INVALID_KEY: Expect = Error("Invalid key");
const OK: Expect = Simple("OK");

impl Namespace {
	fn new(number: u64) -> Self {
		Self {
			number,
			sequential: false,
			public: true,
			worm: false,
			full: false,
			password: None,
			access: Access::Open,
			used: false,
			next_id: 0,
			keys: Vec::new(),
		}
	}

	fn find(&self, key: &[u8]) -> Option<&Vec<Version>> {
		self.keys.iter().find(|(known, _)| known == key).map(|(_, versions)| versions)
	}

	fn newest(&self, key: &[u8]) -> Option<&Version> {
		self.find(key).and_then(|versions| versions.last())
	}

	/// Live keys as a scan lists them: key, length, time.
	pub(crate) fn listed(&self) -> Vec<Expect> {
		let mut keys: Vec<_> = self.keys.iter().collect();
		if self.sequential {
			keys.sort_by_key(|(key, _)| u64::from_le_bytes(key.as_slice().try_into().unwrap()));
		}
		let entry = |(key, versions): &(Bytes, Vec<Version>)| {
			let newest = versions.last().unwrap();
			let length = Integer(newest.value.len() as i64);
			Expect::Array(vec![Expect::Bulk(key.clone()), length, time(newest)])
		};
		keys.into_iter().map(entry).collect()
	}

	fn write(&mut self, key: &[u8], value: &[u8], time: Option<u32>) -> Bytes {
		self.used = true;
		let key = match key.is_empty() {
			true => self.next_id.to_le_bytes().to_vec(),
			false => key.to_vec(),
		};
		// An update consumes an id as well.
		self.next_id += u64::from(self.sequential);
		let place = self.keys.iter().position(|(known, _)| *known == key);
		let mut versions = place.map_or_else(Vec::new, |place| self.keys.remove(place).1);
		versions.push(Version { value: value.to_vec(), time });
		self.keys.push((key.clone(), versions));
		key
	}
}

/// The time of a version as a number.
fn time(version: &Version) -> Expect {
	version.time.map_or(Expect::Now, |time| Integer(i64::from(time)))
}

fn digits(text: &[u8]) -> u32 {
	let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
	digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

/// An exact number of arguments, none of them empty.
fn exact(args: &[Bytes], count: usize) -> Result<(), Expect> {
	match args.len() == count {
		false => Err(COUNT),
		true if args.iter().any(Vec::is_empty) => Err(INVALID),
		true => Ok(()),
	}
}

impl Model {
	pub(crate) fn new(admin_password: Option<&'static str>, protected: bool) -> Self {
		let namespaces = BTreeMap::from([("default".to_owned(), Namespace::new(0))]);
		Self { admin_password, protected, namespaces, made: 0 }
	}

	pub(crate) fn connect(&self) -> Client {
		let (admin, can_write) = (self.admin_password.is_none(), !self.protected);
		Client { namespace: "default".to_owned(), number: 0, admin, can_write, nonce: None }
	}

	/// Whether the client's next command is its last, because its namespace is gone.
	pub(crate) fn is_cut_off(&self, client: &Client) -> bool {
		let found = self.namespaces.get(&client.namespace);
		found.is_none_or(|namespace| namespace.number != client.number)
	}

	/// Executes a command; both halves of the result are replies.
	pub(crate) fn execute(&mut self, client: &mut Client, args: &[Bytes]) -> Expect {
		let name = String::from_utf8_lossy(&args[0]).to_uppercase();
		let done = match name.as_str() {
			"SET" | "SETX" => self.set(client, args),
			"DEL" => self.del(client, args),
			"GET" | "EXISTS" | "CHECK" | "LENGTH" | "KEYTIME" | "KEYCUR" => {
				self.look(client, &name, args)
			},
			"MGET" => self.mget(client, args),
			"DBSIZE" => Ok(Integer(self.namespaces[&client.namespace].keys.len() as i64)),
			"KSCAN" => self.kscan(client, args),
			"FLUSH" => self.flush(client),
			"SELECT" => self.select(client, args),
			"AUTH" => self.auth(client, args),
			"NSNEW" | "NSDEL" | "RELOAD" => self.administer(client, &name, args),
			"NSSET" => self.nsset(client, args),
			"NSINFO" => self.nsinfo(client, args),
			"NSJUMP" => client.admin.then_some(OK).ok_or(DENIED),
			"NSLIST" => {
				let others = self.namespaces.keys().filter(|name| *name != "default");
				let names = std::iter::once("default").chain(others.map(String::as_str));
				Ok(Expect::Array(names.map(|name| Expect::Bulk(name.into())).collect()))
			},
			"PING" => Ok(Simple("PONG")),
			"" | "*" => Err(Error("This is not a valid command")),
			_ => Err(Error("Command not supported")),
		};
		done.unwrap_or_else(|refusal| refusal)
	}

	fn set(&mut self, client: &Client, args: &[Bytes]) -> Result<Expect, Expect> {
		let time = match args.len() {
			4 if !client.admin => return Err(DENIED),
			4 => Some(digits(&args[3])),
			3 => None,
			_ => return Err(COUNT),
		};
		let (key, value) = (&args[1], &args[2]);
		if key.len() > 255 {
			return Err(Error("Key too large"));
		}
		let namespace = self.writable(client)?;
		let newest = namespace.newest(key);
		let refusal = match (namespace.sequential, newest) {
			(false, _) if key.is_empty() => Some(Error("Invalid argument, key needed")),
			(true, None) if !key.is_empty() => Some(Error("Invalid key, only update authorized")),
			(_, Some(_)) if namespace.worm => Some(Error("Namespace is protected by worm mode")),
			(_, Some(newest)) if newest.value == *value => Some(Nil),
			_ if namespace.full => Some(Error("No space left on this namespace")),
			_ => None,
		};
		match refusal {
			Some(refusal) => Err(refusal),
			None => Ok(Expect::Bulk(namespace.write(key, value, time))),
		}
	}

	/// The client's namespace, if it may be written.
	fn writable(&mut self, client: &Client) -> Result<&mut Namespace, Expect> {
		let namespace = self.namespaces.get_mut(&client.namespace).unwrap();
		match namespace.access {
			_ if !client.can_write => Err(READ_ONLY),
			Access::Frozen => Err(FROZEN),
			Access::Locked => Err(LOCKED),
			Access::Open => Ok(namespace),
		}
	}

	/// The client's namespace, if it may be read.
	pub(crate) fn readable(&self, client: &Client) -> Result<&Namespace, Expect> {
		let namespace = &self.namespaces[&client.namespace];
		(namespace.access != Access::Frozen).then_some(namespace).ok_or(FROZEN)
	}

	fn del(&mut self, client: &Client, args: &[Bytes]) -> Result<Expect, Expect> {
		match args.len() {
			3 if !client.admin => return Err(DENIED),
			3 => {},
			_ => exact(args, 2)?,
		}
		let key = &args[1];
		if key.len() > 255 {
			return Err(INVALID_KEY);
		}
		let namespace = self.writable(client)?;
		if namespace.find(key).is_none() {
			return Err(Error("Key not found"));
		}
		if namespace.worm {
			return Err(Error("Cannot delete a key when namespace is in worm mode"));
		}
		namespace.keys.retain(|(known, _)| known != key);
		Ok(OK)
	}

	fn look(&self, client: &Client, name: &str, args: &[Bytes]) -> Result<Expect, Expect> {
		exact(args, 2)?;
		if args[1].len() > 255 {
			return Err(INVALID_KEY);
		}
		let newest = self.readable(client)?.newest(&args[1]);
		Ok(match (name, newest) {
			("EXISTS", found) => Integer(i64::from(found.is_some())),
			("KEYCUR", Some(_)) => Expect::Opaque(17),
			("KEYCUR", None) => Error("Key not found"),
			(_, None) => Nil,
			("GET", Some(newest)) => Expect::Bulk(newest.value.clone()),
			("CHECK", Some(_)) => Integer(1),
			("LENGTH", Some(newest)) => Integer(newest.value.len() as i64),
			(_, Some(newest)) => time(newest),
		})
	}

	fn mget(&self, client: &Client, args: &[Bytes]) -> Result<Expect, Expect> {
		if args.len() < 2 {
			return Err(Error("Invalid arguments"));
		}
		if args.iter().any(|key| key.len() > 255) {
			return Err(INVALID_KEY);
		}
		let namespace = self.readable(client)?;
		let value = |key: &Bytes| match namespace.newest(key) {
			Some(newest) => Expect::Bulk(newest.value.clone()),
			None => Nil,
		};
		Ok(Expect::Array(args[1..].iter().map(value).collect()))
	}

	fn kscan(&self, client: &Client, args: &[Bytes]) -> Result<Expect, Expect> {
		if self.namespaces[&client.namespace].sequential {
			return Err(Error("Index running mode doesn't support this feature"));
		}
		exact(args, 2)?;
		let keys = self.readable(client)?.keys.iter().map(|(key, _)| key);
		let found: Vec<_> = keys.filter(|key| key.starts_with(&args[1])).cloned().collect();
		if found.is_empty() {
			return Err(Error("No keys match"));
		}
		let found = found.into_iter().map(Expect::Bulk).collect();
		Ok(Expect::Array(vec![Expect::Bulk(b"0".to_vec()), Expect::Array(found)]))
	}

	fn flush(&mut self, client: &Client) -> Result<Expect, Expect> {
		let namespace = &self.namespaces[&client.namespace];
		if namespace.public || namespace.password.is_none() {
			return Err(Error("Flushing public namespace denied"));
		}
		if client.can_write && namespace.worm {
			return Err(Error("Cannot delete a key when namespace is in worm mode"));
		}
		let namespace = self.writable(client)?;
		namespace.keys.clear();
		(namespace.used, namespace.next_id) = (false, 0);
		Ok(OK)
	}

	fn answers(nonce: &mut Option<String>, password: &str, hash: &[u8]) -> Result<(), Expect> {
		if nonce.is_none() {
			return Err(Error("No CHALLENGE requested, secure authentication not available"));
		}
		if hash.len() != 40 {
			return Err(Error("Invalid hash length"));
		}
		let nonce = nonce.take().unwrap();
		match sha1(&nonce, password).as_bytes() == hash {
			true => Ok(()),
			false => Err(Error("Access denied")),
		}
	}

	fn auth(&self, client: &mut Client, args: &[Bytes]) -> Result<Expect, Expect> {
		match args.len() {
			2 => {
				let own = self.admin_password.ok_or(Error("Authentication disabled"))?;
				match args[1].len() {
					0 => return Err(INVALID),
					129.. => return Err(Error("Password too long")),
					_ if args[1] != own.as_bytes() => return Err(Error("Access denied")),
					_ => {},
				}
			},
			3 if args[1].is_empty() || args[2].is_empty() => return Err(INVALID),
			3 if args[1] != b"SECURE" => return Err(Error("Only SECURE extra method supported")),
			3 if args[2] == b"CHALLENGE" => return Ok(Expect::Word(16)),
			3 => {
				let own = self.admin_password.ok_or(Error("Authentication disabled"))?;
				Self::answers(&mut client.nonce, own, &args[2])?;
			},
			_ => return Err(COUNT),
		}
		client.admin = true;
		Ok(OK)
	}

	fn select(&self, client: &mut Client, args: &[Bytes]) -> Result<Expect, Expect> {
		let Some(name) = args.get(1) else { return Err(INVALID) };
		if name.len() > 128 {
			return Err(Error("Namespace too long"));
		}
		let name = String::from_utf8_lossy(name).into_owned();
		let namespace = self.namespaces.get(&name).ok_or(Error("Namespace not found"))?;
		let is_protected = self.protected && name == "default";
		let password = match is_protected {
			true => self.admin_password,
			false => namespace.password.as_deref(),
		};
		client.can_write = match (password, args.len()) {
			_ if is_protected && client.admin => true,
			(None, _) => true,
			(Some(_), 2) if namespace.public => false,
			(Some(_), 2) => return Err(Error("Namespace protected and private")),
			(Some(_), 3) if args[2].len() > 255 => return Err(Error("Password too long")),
			(Some(password), 3) if args[2] == password.as_bytes() => true,
			(Some(_), 3) => return Err(Error("Access denied")),
			(Some(_), 4) if args[2].is_empty() || args[3].is_empty() => return Err(INVALID),
			(Some(_), 4) if args[2] != b"SECURE" => {
				return Err(Error("Only SECURE extra method supported"))
			},
			(Some(password), 4) => {
				Self::answers(&mut client.nonce, password, &args[3]).map(|()| true)?
			},
			_ => return Err(Error("Too many arguments")),
		};
		(client.namespace, client.number) = (name, namespace.number);
		Ok(OK)
	}

	/// The versions of a key as HISTORY leads through them: time and value, newest first.
	pub(crate) fn history(&self, client: &Client, key: &[u8]) -> Result<Vec<Version>, Expect> {
		let versions = self.readable(client)?.find(key).ok_or(Error("Key not found"))?;
		Ok(versions.iter().rev().cloned().collect())
	}
}

/// The answer to a challenge.
pub(crate) fn sha1(nonce: &str, password: &str) -> String {
	let hash = Sha1::digest(format!("{nonce}:{password}"));
	hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
