//! A running 0-db, or another server of its protocol, as a place to copy from and to.

use super::settings::first_line;
use anyhow::{bail, ensure, Context as _, Result};
use clap::Args;
use granary_zdb::Mode;
use redis::{cmd, Cmd, Connection, Value};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How the other server is reached.
#[derive(Debug, Default, Args)]
pub(super) struct RemoteArgs {
	/// File with the other server's administrator password, if it has one
	#[arg(long, value_name = "FILE")]
	remote_admin_password_file: Option<PathBuf>,
	/// Password of a private namespace there, in a file; repeat it for each
	#[arg(long = "remote-password", value_name = "NAMESPACE=FILE")]
	passwords: Vec<String>,
	/// Only this namespace; repeat it for more [default: all]
	#[arg(long = "namespace", value_name = "NAME")]
	namespaces: Vec<String>,
}

impl RemoteArgs {
	/// Whether this namespace is to be copied.
	pub(super) fn wants(&self, name: &str) -> bool {
		self.namespaces.is_empty() || self.namespaces.iter().any(|wanted| wanted == name)
	}

	fn password(&self, namespace: &str) -> Result<Option<String>> {
		for pair in &self.passwords {
			let Some((name, file)) = pair.split_once('=') else {
				bail!("'{pair}' is not NAMESPACE=FILE");
			};
			if name == namespace {
				return first_line(Some(Path::new(file)));
			}
		}
		Ok(None)
	}
}

/// A connection to the other server.
pub(super) struct Remote {
	connection: Connection,
	address: String,
}

/// What NSINFO says of a namespace.
pub(super) struct RemoteNamespace {
	pub(super) name: String,
	pub(super) mode: Mode,
	pub(super) entries: u64,
	pub(super) public: bool,
	pub(super) worm: bool,
	pub(super) max_bytes: u64,
	pub(super) has_password: bool,
}

/// A key as SCAN lists it.
pub(super) struct RemoteKey {
	pub(super) key: Vec<u8>,
	pub(super) timestamp: u32,
}

impl Remote {
	/// Connects to `HOST:PORT`.
	pub(super) fn connect(address: &str, args: &RemoteArgs) -> Result<Self> {
		let client = redis::Client::open(format!("redis://{address}/"))
			.with_context(|| format!("'{address}' is not HOST:PORT"))?;
		let connection = client
			.get_connection_with_timeout(CONNECT_TIMEOUT)
			.with_context(|| format!("connecting to {address}"))?;
		let mut remote = Self { connection, address: address.to_owned() };
		if let Some(password) = first_line(args.remote_admin_password_file.as_deref())? {
			remote.call(cmd("AUTH").arg(password)).context("the administrator's password")?;
		}
		Ok(remote)
	}

	/// Sends a command; a refusal is an error.
	pub(super) fn call(&mut self, command: &Cmd) -> Result<Value> {
		let reply = command.query::<Value>(&mut self.connection);
		reply.with_context(|| format!("asking {}", self.address))
	}

	/// The names of its namespaces.
	pub(super) fn names(&mut self) -> Result<Vec<String>> {
		texts(&self.call(&cmd("NSLIST"))?)
	}

	/// What it says about a namespace.
	pub(super) fn describe(&mut self, name: &str) -> Result<RemoteNamespace> {
		let reply = self.call(cmd("NSINFO").arg(name))?;
		let text = String::from_utf8_lossy(&bytes(&reply)?).into_owned();
		let field = |name: &str| {
			let mut lines = text.lines().filter_map(|line| line.split_once(": "));
			lines.find(|(field, _)| *field == name).map(|(_, value)| value.trim().to_owned())
		};
		let number = |name: &str| field(name).and_then(|value| value.parse().ok()).unwrap_or(0);
		let is_set = |name: &str| field(name).as_deref() == Some("yes");
		let mode = match field("mode").as_deref() {
			Some("userkey" | "user") => Mode::User,
			Some("sequential") => Mode::Sequential,
			other => bail!("namespace '{name}' has a mode that is not known: {other:?}"),
		};
		Ok(RemoteNamespace {
			name: name.to_owned(),
			mode,
			entries: number("entries"),
			public: is_set("public"),
			worm: is_set("worm"),
			max_bytes: number("data_limits_bytes"),
			has_password: is_set("password"),
		})
	}

	/// Attaches to a namespace.
	pub(super) fn select(&mut self, name: &str, args: &RemoteArgs) -> Result<()> {
		let mut command = cmd("SELECT");
		command.arg(name);
		if let Some(password) = args.password(name)? {
			command.arg(password);
		}
		self.call(&command).map(drop).with_context(|| {
			format!("opening namespace '{name}'; a private one needs --remote-password {name}=FILE")
		})
	}

	/// The keys behind a cursor, and the next cursor; `None` at the end.
	pub(super) fn scan(
		&mut self,
		cursor: Option<&[u8]>,
	) -> Result<Option<(Vec<u8>, Vec<RemoteKey>)>> {
		let mut command = cmd("SCAN");
		command.arg(cursor);
		let reply = match command.query::<Value>(&mut self.connection) {
			// The end of the keys is an error here, of which clients compare the text.
			Err(error) if error.to_string().contains("more data") => return Ok(None),
			reply => reply.with_context(|| format!("scanning {}", self.address))?,
		};
		let [next, keys] = array(&reply)? else { bail!("SCAN answered in another form") };
		let mut found = Vec::new();
		for entry in array(keys)? {
			let [key, _, Value::Int(timestamp)] = array(entry)? else {
				bail!("SCAN listed a key in another form");
			};
			found.push(RemoteKey {
				key: bytes(key)?,
				timestamp: u32::try_from(*timestamp).unwrap_or_default(),
			});
		}
		Ok(Some((bytes(next)?, found)))
	}

	/// The values of keys, in their order; `None` for those that are gone meanwhile.
	pub(super) fn values(&mut self, keys: &[RemoteKey]) -> Result<Vec<Option<Vec<u8>>>> {
		let mut command = cmd("MGET");
		keys.iter().for_each(|key| {
			command.arg(&key.key);
		});
		let reply = self.call(&command)?;
		let values = array(&reply)?;
		ensure!(
			values.len() == keys.len(),
			"MGET answered {} of {} keys",
			values.len(),
			keys.len()
		);
		values
			.iter()
			.map(|value| match value {
				Value::Nil => Ok(None),
				value => bytes(value).map(Some),
			})
			.collect()
	}
}

fn array(value: &Value) -> Result<&[Value]> {
	match value {
		Value::Array(values) => Ok(values),
		other => bail!("an array was expected, not {other:?}"),
	}
}

/// A string's bytes.
pub(super) fn bytes(value: &Value) -> Result<Vec<u8>> {
	match value {
		Value::BulkString(bytes) => Ok(bytes.clone()),
		Value::SimpleString(text) => Ok(text.clone().into_bytes()),
		other => bail!("a string was expected, not {other:?}"),
	}
}

fn texts(value: &Value) -> Result<Vec<String>> {
	let name = |value| Ok(String::from_utf8_lossy(&bytes(value)?).into_owned());
	array(value)?.iter().map(name).collect()
}
