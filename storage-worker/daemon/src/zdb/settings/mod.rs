//! The settings of `granary zdb serve`: flags, then environment, then the file.

mod plan;

use crate::{cli::parse_bytes, keys::read_private};
use anyhow::{ensure, Context as _, Result};
use clap::{Args, ValueEnum};
use granary_zdb::{ServerOptions, StoreOptions};
use serde::{Deserialize, Deserializer};
use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
};

/// When records are made durable.
#[derive(Debug, Clone, Copy, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sync {
	/// Before each answer.
	Always,
	/// Every second, or every `--synctime` seconds.
	Everysec,
	/// When the system likes.
	Os,
}

/// Which modes namespaces may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ModeSetting {
	/// Clients name the keys.
	User,
	/// The store numbers them.
	Seq,
	/// Each namespace as it likes.
	Mixed,
}

/// Every setting; the file has them under the flags' names.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
	/// Data directory
	#[arg(long, visible_alias = "data", env = "GRANARY_ZDB_DIR")]
	dir: Option<PathBuf>,
	/// Address to listen on, with or without a port; loopback only [default: 127.0.0.1:9900]
	#[arg(long, value_name = "ADDRESS", env = "GRANARY_ZDB_LISTEN")]
	listen: Option<String>,
	/// Address to listen on with TLS as well, on any network; needs a certificate and its key
	#[arg(long, value_name = "ADDRESS:PORT", env = "GRANARY_ZDB_TLS_LISTEN")]
	tls_listen: Option<SocketAddr>,
	/// PEM file with the certificate and those that signed it
	#[arg(long, value_name = "FILE", env = "GRANARY_ZDB_TLS_CERT")]
	tls_cert: Option<PathBuf>,
	/// PEM file with the certificate's private key; only its owner may read it
	#[arg(long, value_name = "FILE", env = "GRANARY_ZDB_TLS_KEY")]
	tls_key: Option<PathBuf>,
	/// Port to listen on [default: 9900]
	#[arg(long, env = "GRANARY_ZDB_PORT")]
	port: Option<u16>,
	/// Unix socket to listen on, instead of TCP unless --dualnet, --listen or --port is given
	#[arg(long, visible_alias = "unix", value_name = "PATH", env = "GRANARY_ZDB_SOCKET")]
	socket: Option<PathBuf>,
	/// Listen on TCP beside the Unix socket
	#[arg(long, env = "GRANARY_ZDB_DUALNET")]
	dualnet: bool,
	/// Administrator's password; other users of this machine can see it on the command line, prefer the file or the environment
	#[arg(long, value_name = "PASSWORD", env = "GRANARY_ZDB_ADMIN", hide_env_values = true)]
	admin: Option<String>,
	/// File with the administrator's password; without one everyone is administrator
	#[arg(
		long,
		value_name = "FILE",
		env = "GRANARY_ZDB_ADMIN_PASSWORD_FILE",
		conflicts_with = "admin"
	)]
	admin_password_file: Option<PathBuf>,
	/// Account that is an administrator once it has signed in, as an SS58 address or public key in hex; repeat it for more
	#[arg(
		long = "admin-account",
		value_name = "ACCOUNT",
		value_parser = account,
		value_delimiter = ',',
		env = "GRANARY_ZDB_ADMIN_ACCOUNT"
	)]
	#[serde(deserialize_with = "accounts", rename = "admin-account")]
	admin_accounts: Vec<Account>,
	/// Only administrators write into the default namespace; needs a password
	#[arg(long, env = "GRANARY_ZDB_PROTECT")]
	protect: bool,
	/// Mode of all namespaces [default: mixed]
	#[arg(long, value_enum, env = "GRANARY_ZDB_MODE")]
	mode: Option<ModeSetting>,
	/// When records are made durable; alone: always [default: everysec]
	#[arg(
		long,
		value_enum,
		num_args = 0..=1,
		default_missing_value = "always",
		env = "GRANARY_ZDB_SYNC"
	)]
	sync: Option<Sync>,
	/// Seconds after which records are durable at the latest, with `--sync everysec`
	#[arg(long, value_name = "SECONDS", env = "GRANARY_ZDB_SYNCTIME")]
	synctime: Option<u64>,
	/// Size at which a segment is left for the next, for example 256MiB or 256M [default: 256MiB]
	#[arg(long, value_name = "SIZE", value_parser = parse_size, env = "GRANARY_ZDB_DATASIZE")]
	#[serde(deserialize_with = "size")]
	datasize: Option<u64>,
	/// Longest value, at most 64MiB; each connection may hold one in memory [default: 8MiB]
	#[arg(long, value_name = "SIZE", value_parser = parse_size, env = "GRANARY_ZDB_MAX_VALUE")]
	#[serde(deserialize_with = "size")]
	max_value: Option<u64>,
	/// Make a segment durable before it is left for the next, whatever --sync says
	#[arg(long, env = "GRANARY_ZDB_SECURE")]
	secure: bool,
	/// The most that the default namespace may use on disk [default: no limit]
	#[arg(long, value_name = "SIZE", value_parser = parse_size, env = "GRANARY_ZDB_MAXSIZE")]
	#[serde(deserialize_with = "size")]
	maxsize: Option<u64>,
	/// Seconds after which a namespace that was written to goes on in a new segment [default: never]
	#[arg(long, value_name = "SECONDS", env = "GRANARY_ZDB_ROTATE")]
	rotate: Option<u64>,
	/// Program that is told of events, see docs/zdb.md
	#[arg(long, value_name = "PROGRAM", env = "GRANARY_ZDB_HOOK")]
	hook: Option<PathBuf>,
	/// Go on in the background once clients are served
	#[arg(long, env = "GRANARY_ZDB_BACKGROUND")]
	background: bool,
	/// File that remarks and errors are appended to, instead of the standard error
	#[arg(long, value_name = "FILE", env = "GRANARY_ZDB_LOGFILE")]
	logfile: Option<PathBuf>,
	/// Follow the server at HOST:PORT: copy all of it and refuse changes until REPLICA PROMOTE
	#[arg(long, value_name = "HOST:PORT", env = "GRANARY_ZDB_REPLICA_OF")]
	replica_of: Option<String>,
	/// File with the primary's administrator password, if it has one
	#[arg(long, value_name = "FILE", env = "GRANARY_ZDB_PRIMARY_PASSWORD_FILE")]
	primary_password_file: Option<PathBuf>,
	/// Connections at once [default: 1024]
	#[arg(long, env = "GRANARY_ZDB_MAX_CONNECTIONS")]
	max_connections: Option<usize>,
	/// Threads that serve clients [default: half of the processors]
	#[arg(long, value_name = "N", env = "GRANARY_ZDB_THREADS")]
	threads: Option<usize>,
	/// Memory for records that are read or written often, taken as it is needed; 0 is none [default: 256MiB]
	#[arg(long, value_name = "SIZE", value_parser = parse_size, env = "GRANARY_ZDB_CACHE")]
	#[serde(deserialize_with = "size")]
	cache: Option<u64>,
	/// Bytes that compaction reads in a second at most; 0 turns it off [default: 64MiB]
	#[arg(long, value_name = "SIZE", value_parser = parse_size, env = "GRANARY_ZDB_COMPACT_RATE")]
	#[serde(deserialize_with = "size")]
	compact_rate: Option<u64>,
	/// Days in which everything on the disk is read once and compared with its checksums; 0 turns it off [default: 7]
	#[arg(long, value_name = "DAYS", env = "GRANARY_ZDB_SCRUB_DAYS")]
	scrub_days: Option<u32>,
	/// Address of /metrics, /healthz and /readyz over HTTP; loopback only [default: none]
	#[arg(long, value_name = "ADDRESS", env = "GRANARY_ZDB_METRICS")]
	metrics: Option<SocketAddr>,
}

/// An account's key.
type Account = [u8; 32];

fn account(text: &str) -> Result<Account, String> {
	let account = granary_zdb::parse_account(text);
	account.ok_or_else(|| {
		format!("'{text}' is no account; give an SS58 address or a public key of 64 hex digits")
	})
}

/// Accounts in the file: one, or a list.
fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Account>, D::Error> {
	#[derive(Deserialize)]
	#[serde(untagged)]
	enum Accounts {
		One(String),
		Several(Vec<String>),
	}
	let texts = match Accounts::deserialize(deserializer)? {
		Accounts::One(text) => vec![text],
		Accounts::Several(texts) => texts,
	};
	texts.iter().map(|text| account(text).map_err(serde::de::Error::custom)).collect()
}

/// Sizes as elsewhere, and 0-db's suffixes k, M, G, T.
fn parse_size(text: &str) -> Result<u64, String> {
	let short = text
		.strip_suffix(['k', 'M', 'G', 'T'])
		.filter(|number| number.ends_with(|last: char| last.is_ascii_digit()));
	match (short, text.chars().last()) {
		(Some(number), Some('k')) => parse_bytes(&format!("{number}KiB")),
		(Some(number), Some(suffix)) => parse_bytes(&format!("{number}{suffix}iB")),
		_ => parse_bytes(text),
	}
}

/// A size in the file: a number of bytes or text as on the command line.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
	#[derive(Deserialize)]
	#[serde(untagged)]
	enum Size {
		Bytes(u64),
		Text(String),
	}
	match Size::deserialize(deserializer)? {
		Size::Bytes(bytes) => Ok(Some(bytes)),
		Size::Text(text) => parse_size(&text).map(Some).map_err(serde::de::Error::custom),
	}
}

/// What the settings come to.
#[derive(Debug)]
pub(super) struct Plan {
	pub(super) store: StoreOptions,
	pub(super) server: ServerOptions,
	/// Quota of the default namespace.
	pub(super) max_bytes: Option<u64>,
	pub(super) metrics: Option<SocketAddr>,
	/// Go on in the background.
	pub(super) background: bool,
	/// Where remarks and errors go.
	pub(super) logfile: Option<PathBuf>,
	/// The primary to follow, and its administrator's password.
	pub(super) primary: Option<(String, Option<String>)>,
}

impl Settings {
	/// These settings, and the file's where these say nothing.
	pub(super) fn over_file(self, path: Option<&Path>) -> Result<Self> {
		let Some(path) = path else { return Ok(self) };
		let text =
			fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
		let file: Self =
			toml::from_str(&text).with_context(|| format!("in the file {}", path.display()))?;
		let given_password = self.admin.is_some() || self.admin_password_file.is_some();
		let (admin, admin_password_file) = match given_password {
			true => (self.admin, self.admin_password_file),
			false => (file.admin, file.admin_password_file),
		};
		Ok(Self {
			dir: self.dir.or(file.dir),
			listen: self.listen.or(file.listen),
			tls_listen: self.tls_listen.or(file.tls_listen),
			tls_cert: self.tls_cert.or(file.tls_cert),
			tls_key: self.tls_key.or(file.tls_key),
			port: self.port.or(file.port),
			socket: self.socket.or(file.socket),
			dualnet: self.dualnet || file.dualnet,
			admin,
			admin_password_file,
			admin_accounts: match self.admin_accounts.is_empty() {
				true => file.admin_accounts,
				false => self.admin_accounts,
			},
			protect: self.protect || file.protect,
			mode: self.mode.or(file.mode),
			sync: self.sync.or(file.sync),
			synctime: self.synctime.or(file.synctime),
			datasize: self.datasize.or(file.datasize),
			max_value: self.max_value.or(file.max_value),
			secure: self.secure || file.secure,
			maxsize: self.maxsize.or(file.maxsize),
			rotate: self.rotate.or(file.rotate),
			hook: self.hook.or(file.hook),
			background: self.background || file.background,
			logfile: self.logfile.or(file.logfile),
			replica_of: self.replica_of.or(file.replica_of),
			primary_password_file: self.primary_password_file.or(file.primary_password_file),
			max_connections: self.max_connections.or(file.max_connections),
			threads: self.threads.or(file.threads),
			cache: self.cache.or(file.cache),
			compact_rate: self.compact_rate.or(file.compact_rate),
			scrub_days: self.scrub_days.or(file.scrub_days),
			metrics: self.metrics.or(file.metrics),
		})
	}
}

/// The first line of a file that only its owner may read.
pub(super) fn first_line(path: Option<&Path>) -> Result<Option<String>> {
	let Some(path) = path else { return Ok(None) };
	let text = String::from_utf8(read_private(path)?)
		.with_context(|| format!("{} is not text", path.display()))?;
	let password = text.lines().next().unwrap_or_default();
	ensure!(!password.is_empty(), "{} has no password in its first line", path.display());
	Ok(Some(password.to_owned()))
}
