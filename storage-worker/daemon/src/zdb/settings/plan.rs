//! What the settings come to: everything is checked before anything is opened.

use super::{first_line, ModeSetting, Plan, Settings, Sync};
use crate::keys::read_private;
use anyhow::{bail, ensure, Context as _, Result};
use granary_transport::server_with_certificate;
use granary_zdb::{
	CompactionOptions, Durability, Mode, Replica, ScrubOptions, ServerOptions, StoreOptions,
	TlsOptions,
};
use std::{
	fs,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use zeroize::Zeroizing;

const PORT: u16 = 9900;
/// More threads than these only get into each other's way.
const THREADS_MAX: usize = 1024;
/// 0-db's bound: smaller segments would be too many files.
const DATASIZE_MIN: u64 = 512 << 10;

impl Settings {
	/// Checks everything before anything is opened.
	pub(in crate::zdb) fn plan(self) -> Result<Plan> {
		let listen = self.address()?;
		for address in [listen, self.metrics].into_iter().flatten() {
			ensure!(
				address.ip().is_loopback(),
				"{address} is not a loopback address; it is served without encryption, so on loopback and Unix sockets only"
			);
		}
		let admin_password =
			first_line(self.admin_password_file.as_deref())?.or(self.admin.clone());
		let primary_password = first_line(self.primary_password_file.as_deref())?;
		ensure!(
			!self.protect || admin_password.is_some() || !self.admin_accounts.is_empty(),
			"--protect needs an administrator: give --admin-password-file or --admin-account"
		);
		ensure!(
			!self.dualnet || self.socket.is_some(),
			"--dualnet is TCP beside a Unix socket: give --socket PATH as well"
		);
		ensure!(
			self.threads.is_none_or(|threads| (1..=THREADS_MAX).contains(&threads)),
			"--threads must be between 1 and {THREADS_MAX}"
		);
		let (tls, store) = (self.tls()?, self.store()?);
		let defaults = ServerOptions::default();
		let server = ServerOptions {
			tcp: listen,
			tls,
			unix: self.socket,
			admin_password,
			admin_accounts: self.admin_accounts,
			protected: self.protect,
			replica: self.replica_of.as_ref().map(|primary| Arc::new(Replica::new(primary))),
			fixed_mode: match self.mode {
				Some(ModeSetting::User) => Some(Mode::User),
				Some(ModeSetting::Seq) => Some(Mode::Sequential),
				Some(ModeSetting::Mixed) | None => None,
			},
			rotate: self.rotate.filter(|seconds| *seconds > 0).map(Duration::from_secs),
			hook: self.hook,
			threads: self.threads,
			max_connections: self.max_connections.unwrap_or(defaults.max_connections),
			..defaults
		};
		let primary = self.replica_of.map(|primary| (primary, primary_password));
		Ok(Plan {
			store,
			server,
			max_bytes: self.maxsize,
			metrics: self.metrics,
			background: self.background,
			logfile: self.logfile,
			primary,
		})
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
		let scrub = match self.scrub_days {
			None => ScrubOptions::default(),
			Some(0) => ScrubOptions { enabled: false, ..ScrubOptions::default() },
			Some(days) => ScrubOptions {
				interval: Duration::from_secs(86_400 * u64::from(days)),
				..ScrubOptions::default()
			},
		};
		let limit = granary_zdb::limits::VALUE_LIMIT_BYTES;
		let max_value_bytes = match self.max_value {
			None => defaults.max_value_bytes,
			Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
		};
		ensure!(
			(1..=limit).contains(&max_value_bytes),
			"--max-value must be between 1 byte and 64MiB"
		);
		let cache_bytes = match self.cache {
			None => defaults.cache_bytes,
			Some(bytes) => {
				usize::try_from(bytes).context("--cache is more than this machine can address")?
			},
		};
		Ok(StoreOptions {
			durability,
			segment_bytes,
			max_value_bytes,
			sync_at_jump: self.secure,
			cache_bytes,
			compaction,
			scrub,
			..defaults
		})
	}

	/// 0-db gives host and port apart, redis' users write them together: both are understood. A Unix socket takes the place of
	/// TCP, unless something is said about that.
	fn address(&self) -> Result<Option<SocketAddr>> {
		let Some(listen) = &self.listen else {
			let only_unix = self.socket.is_some() && self.port.is_none() && !self.dualnet;
			let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port.unwrap_or(PORT)));
			return Ok(Some(usual).filter(|_| !only_unix));
		};
		if let Ok(address) = listen.parse::<SocketAddr>() {
			ensure!(
				self.port.is_none_or(|port| port == address.port()),
				"--listen {listen} and --port name different ports"
			);
			return Ok(Some(address));
		}
		let ip: IpAddr = match listen.as_str() {
			"localhost" => Ipv4Addr::LOCALHOST.into(),
			text => text.parse().with_context(|| {
				format!("'{listen}' is not an address; write for example 127.0.0.1:9900")
			})?,
		};
		Ok(Some((ip, self.port.unwrap_or(PORT)).into()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::zdb::settings::parse_size;

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
			("dir = 'x'\ndualnet = true", "--socket PATH"),
			("dir = 'x'\nmax-value = '65MiB'", "--max-value must be"),
			("dir = 'x'\nmax-value = 0", "--max-value must be"),
			("dir = 'x'\nthreads = 0", "--threads must be"),
			("dir = 'x'\nadmin-account = 'Alice'", "is no account"),
		] {
			let error = format!("{:#}", file(text).unwrap_err());
			assert!(error.contains(expected), "{text}: {error}");
		}
	}

	#[test]
	fn a_socket_takes_the_place_of_tcp_unless_told() {
		let plan = |text: &str| {
			let settings: Settings = toml::from_str(text).unwrap();
			settings.plan().unwrap().server
		};
		let alone = plan("dir = 'x'\nsocket = 's'");
		assert!(alone.tcp.is_none() && alone.unix.is_some());
		assert_eq!(plan("dir = 'x'\nsocket = 's'\ndualnet = true").tcp.unwrap().port(), PORT);
		assert_eq!(plan("dir = 'x'\nsocket = 's'\nport = 7").tcp.unwrap().port(), 7);
		assert_eq!(plan("dir = 'x'").tcp.unwrap().port(), PORT);
	}

	#[test]
	fn values_and_administrators_are_set() {
		let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
		let text = format!("dir = 'x'\nadmin-account = ['{alice}']\nprotect = true\nmax-value = '16MiB'\nsecure = true");
		let plan = file(&text).unwrap();
		assert_eq!(plan.server.admin_accounts.len(), 1);
		assert_eq!((plan.store.max_value_bytes, plan.store.sync_at_jump), (16 << 20, true));
	}

	#[test]
	fn threads_and_cache_are_set() {
		let plan = file("dir = 'x'\nthreads = 3\ncache = '1MiB'").unwrap();
		assert_eq!((plan.server.threads, plan.store.cache_bytes), (Some(3), 1 << 20));
		let plan = file("dir = 'x'\ncache = 0").unwrap();
		assert_eq!((plan.server.threads, plan.store.cache_bytes), (None, 0));
		assert_eq!(file("dir = 'x'").unwrap().store.cache_bytes, 256 << 20);
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
