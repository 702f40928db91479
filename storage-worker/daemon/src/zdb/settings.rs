//! The settings of `granary zdb serve`: flags, then environment, then the file.

use crate::{cli::parse_bytes, keys::read_private};
use anyhow::{bail, ensure, Context as _, Result};
use clap::{Args, ValueEnum};
use granary_transport::server_with_certificate;
use granary_zdb::{
	CompactionOptions, Durability, Mode, Replica, ServerOptions, StoreOptions, TlsOptions,
};
use serde::{Deserialize, Deserializer};
use std::{
	fs,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use zeroize::Zeroizing;

const PORT: u16 = 9900;
/// 0-db's bound: smaller segments would be too many files.
const DATASIZE_MIN: u64 = 512 << 10;

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
	/// Unix socket to listen on as well
	#[arg(long, visible_alias = "unix", value_name = "PATH", env = "GRANARY_ZDB_SOCKET")]
	socket: Option<PathBuf>,
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
	/// Follow the server at HOST:PORT: copy all of it and refuse changes until REPLICA PROMOTE
	#[arg(long, value_name = "HOST:PORT", env = "GRANARY_ZDB_REPLICA_OF")]
	replica_of: Option<String>,
	/// File with the primary's administrator password, if it has one
	#[arg(long, value_name = "FILE", env = "GRANARY_ZDB_PRIMARY_PASSWORD_FILE")]
	primary_password_file: Option<PathBuf>,
	/// Connections at once [default: 1024]
	#[arg(long, env = "GRANARY_ZDB_MAX_CONNECTIONS")]
	max_connections: Option<usize>,
	/// Bytes that compaction reads in a second at most; 0 turns it off [default: 64MiB]
	#[arg(long, value_name = "SIZE", value_parser = parse_size, env = "GRANARY_ZDB_COMPACT_RATE")]
	#[serde(deserialize_with = "size")]
	compact_rate: Option<u64>,
	/// Address of /metrics, /healthz and /readyz over HTTP; loopback only [default: none]
	#[arg(long, value_name = "ADDRESS", env = "GRANARY_ZDB_METRICS")]
	metrics: Option<SocketAddr>,
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
			admin,
			admin_password_file,
			protect: self.protect || file.protect,
			mode: self.mode.or(file.mode),
			sync: self.sync.or(file.sync),
			synctime: self.synctime.or(file.synctime),
			datasize: self.datasize.or(file.datasize),
			maxsize: self.maxsize.or(file.maxsize),
			rotate: self.rotate.or(file.rotate),
			hook: self.hook.or(file.hook),
			replica_of: self.replica_of.or(file.replica_of),
			primary_password_file: self.primary_password_file.or(file.primary_password_file),
			max_connections: self.max_connections.or(file.max_connections),
			compact_rate: self.compact_rate.or(file.compact_rate),
			metrics: self.metrics.or(file.metrics),
		})
	}

	/// Checks everything before anything is opened.
	pub(super) fn plan(self) -> Result<Plan> {
		let listen = self.address()?;
		for address in [Some(listen), self.metrics].into_iter().flatten() {
			ensure!(
				address.ip().is_loopback(),
				"{address} is not a loopback address; it is served without encryption, so on loopback and Unix sockets only"
			);
		}
		let admin_password =
			first_line(self.admin_password_file.as_deref())?.or(self.admin.clone());
		let primary_password = first_line(self.primary_password_file.as_deref())?;
		ensure!(
			!self.protect || admin_password.is_some(),
			"--protect needs an administrator's password: give --admin-password-file"
		);
		let (tls, store) = (self.tls()?, self.store()?);
		let defaults = ServerOptions::default();
		let server = ServerOptions {
			tcp: Some(listen),
			tls,
			unix: self.socket,
			admin_password,
			protected: self.protect,
			replica: self.replica_of.as_ref().map(|primary| Arc::new(Replica::new(primary))),
			fixed_mode: match self.mode {
				Some(ModeSetting::User) => Some(Mode::User),
				Some(ModeSetting::Seq) => Some(Mode::Sequential),
				Some(ModeSetting::Mixed) | None => None,
			},
			rotate: self.rotate.filter(|seconds| *seconds > 0).map(Duration::from_secs),
			hook: self.hook,
			max_connections: self.max_connections.unwrap_or(defaults.max_connections),
			..defaults
		};
		let primary = self.replica_of.map(|primary| (primary, primary_password));
		Ok(Plan { store, server, max_bytes: self.maxsize, metrics: self.metrics, primary })
	}

	fn tls(&self) -> Result<Option<TlsOptions>> {
		let (address, certificate, key) = match (&self.tls_listen, &self.tls_cert, &self.tls_key) {
			(None, None, None) => return Ok(None),
			(Some(address), Some(certificate), Some(key)) => (address, certificate, key),
			_ => {
				bail!("--tls-listen, --tls-cert and --tls-key go together: give all three or none")
			},
		};
		let chain =
			fs::read(certificate).with_context(|| format!("reading {}", certificate.display()))?;
		let secret = Zeroizing::new(read_private(key)?);
		let config = server_with_certificate(&chain, &secret).with_context(|| {
			format!("using the certificate {} with {}", certificate.display(), key.display())
		})?;
		Ok(Some(TlsOptions::new(*address, config)))
	}

	fn store(&self) -> Result<StoreOptions> {
		let Some(dir) = &self.dir else {
			bail!("no data directory: give --dir DIR, or 'dir' in the settings file");
		};
		let durability = match (self.sync, self.synctime) {
			(Some(Sync::Always), None) => Durability::Always,
			(Some(Sync::Os), None) => Durability::Os,
			(Some(Sync::Always | Sync::Os), Some(_)) => {
				bail!("--synctime goes with --sync everysec only")
			},
			(Some(Sync::Everysec) | None, seconds) => {
				Durability::Every(seconds.unwrap_or(1).saturating_mul(1000))
			},
		};
		let defaults = StoreOptions::new(dir.clone());
		let segment_bytes = self.datasize.unwrap_or(defaults.segment_bytes);
		ensure!(
			(DATASIZE_MIN..=granary_zdb::limits::SEGMENT_BYTES_MAX).contains(&segment_bytes),
			"--datasize must be between 512KiB and 2GiB"
		);
		let usual = CompactionOptions::default();
		let bytes_per_second = self.compact_rate.unwrap_or(usual.bytes_per_second);
		// A replica has its primary's records under their numbers, so it must not write any of its own.
		let (enabled, moves) = (bytes_per_second > 0, self.replica_of.is_none());
		let compaction = CompactionOptions { enabled, bytes_per_second, moves, ..usual };
		Ok(StoreOptions { durability, segment_bytes, compaction, ..defaults })
	}

	/// 0-db gives host and port apart, redis' users write them together: both are understood.
	fn address(&self) -> Result<SocketAddr> {
		let Some(listen) = &self.listen else {
			return Ok((Ipv4Addr::LOCALHOST, self.port.unwrap_or(PORT)).into());
		};
		if let Ok(address) = listen.parse::<SocketAddr>() {
			ensure!(
				self.port.is_none_or(|port| port == address.port()),
				"--listen {listen} and --port name different ports"
			);
			return Ok(address);
		}
		let ip: IpAddr = match listen.as_str() {
			"localhost" => Ipv4Addr::LOCALHOST.into(),
			text => text.parse().with_context(|| {
				format!("'{listen}' is not an address; write for example 127.0.0.1:9900")
			})?,
		};
		Ok((ip, self.port.unwrap_or(PORT)).into())
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

#[cfg(test)]
mod tests {
	use super::*;

	fn file(text: &str) -> Result<Plan> {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("zdb.toml");
		fs::write(&path, text).unwrap();
		let flags = Settings { port: Some(1234), ..Settings::default() };
		flags.over_file(Some(&path))?.plan()
	}

	#[test]
	fn flags_come_before_the_file() {
		let plan =
			file("dir = 'x'\nport = 9\nsync = 'always'\ndatasize = '1M'\nmode = 'seq'").unwrap();
		assert_eq!(plan.server.tcp.unwrap().port(), 1234);
		assert_eq!(plan.store.durability, Durability::Always);
		assert_eq!(plan.store.segment_bytes, 1 << 20);
		assert_eq!(plan.server.fixed_mode, Some(Mode::Sequential));
	}

	#[test]
	fn nonsense_is_refused_in_words() {
		for (text, expected) in [
			("port = 9", "no data directory"),
			("dir = 'x'\ndatasize = 5", "--datasize must be"),
			("dir = 'x'\nprotect = true", "--protect needs"),
			("dir = 'x'\nlisten = '0.0.0.0'", "not a loopback address"),
			("dir = 'x'\nlisten = 'here'", "is not an address"),
			("dir = 'x'\nsync = 'os'\nsynctime = 4", "--synctime goes with"),
			("dir = 'x'\ntls-listen = '0.0.0.0:1'", "go together"),
			("dir = 'x'\ncolour = 'red'", "colour"),
		] {
			let error = format!("{:#}", file(text).unwrap_err());
			assert!(error.contains(expected), "{text}: {error}");
		}
	}

	#[test]
	fn sizes_as_zdb_writes_them() {
		assert_eq!(parse_size("256M"), Ok(256 << 20));
		assert_eq!(parse_size("1.5k"), Ok(1536));
		assert_eq!(parse_size("2GiB"), Ok(2 << 30));
		assert_eq!(parse_size("77"), Ok(77));
		parse_size("M").unwrap_err();
	}
}
