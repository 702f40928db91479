//! How a server is set up, and how it is extended.

use crate::{
	limits::CONNECTIONS_DEFAULT,
	server::{
		events::MissingData, hooks::Hooks, listen::instance, Replica, Reply, ServerError,
		TlsOptions,
	},
	sys, AccountKey, Mode, SegmentSource,
};
use std::{
	net::SocketAddr,
	os::unix::ffi::OsStrExt,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct ServerOptions {
	/// Address to listen on.
	pub tcp: Option<SocketAddr>,
	/// Encrypted address to listen on.
	pub tls: Option<TlsOptions>,
	/// Unix socket to listen on; one that a dead process left is replaced.
	pub unix: Option<PathBuf>,
	/// Password of the administrator. Without one, and without accounts, everyone is administrator, unless `protected`.
	pub admin_password: Option<String>,
	/// Accounts that are administrators once they have signed in.
	pub admin_accounts: Vec<AccountKey>,
	/// Without an admin password nobody is administrator, and only administrators write into the default namespace.
	pub protected: bool,
	/// The server that this one follows; until it is promoted, clients cannot change anything.
	pub replica: Option<Arc<Replica>>,
	/// The one mode that namespaces may have.
	pub fixed_mode: Option<Mode>,
	/// After so long a namespace that was written to goes on in a new segment.
	pub rotate: Option<Duration>,
	/// Program that is told of events; see `docs/zdb.md`. Who opens the store first calls [`ServerOptions::announce_store`].
	pub hook: Option<PathBuf>,
	/// Threads that serve clients; `None` is half of the processors.
	pub threads: Option<usize>,
	/// Connections at once.
	pub max_connections: usize,
	/// Time that a command may take to arrive once it has begun, beside a second for each 64 KiB of it.
	/// Connections may be idle between commands for ever.
	pub frame_timeout: Duration,
	/// Time that a client may take to receive a reply.
	pub write_timeout: Duration,
	/// Time that running commands get when the server stops.
	pub drain_timeout: Duration,
}

impl Default for ServerOptions {
	fn default() -> Self {
		Self {
			tcp: None,
			tls: None,
			unix: None,
			admin_password: None,
			admin_accounts: Vec::new(),
			protected: false,
			replica: None,
			fixed_mode: None,
			rotate: None,
			hook: None,
			threads: None,
			max_connections: CONNECTIONS_DEFAULT,
			frame_timeout: Duration::from_secs(30),
			write_timeout: Duration::from_secs(60),
			drain_timeout: Duration::from_secs(10),
		}
	}
}

impl ServerOptions {
	/// Runs the hook `namespaces-init` and waits for it: to be called before the store in `dir` is opened, so that the hook can put
	/// files there.
	pub fn announce_store(&self, dir: &Path) -> Result<(), ServerError> {
		let hooks = Hooks::new(self.hook.clone(), instance(self.tcp, self.unix.as_deref()));
		let hooks = hooks.map_err(ServerError::Threads)?;
		let namespaces = dir.join("namespaces").display().to_string();
		if !hooks.run("namespaces-init", &[&namespaces, &namespaces], None) {
			tracing::warn!("the namespaces-init hook failed; what is there is opened");
		}
		Ok(())
	}

	/// Lets the hook `missing-data` be asked for segments that are missing: for [`StoreOptions::segment_source`](crate::StoreOptions::segment_source)
	/// of the store that is to be served. `None` without a hook.
	pub fn segment_source(&self) -> Result<Option<Arc<dyn SegmentSource>>, ServerError> {
		if self.hook.is_none() {
			return Ok(None);
		}
		let hooks = Hooks::new(self.hook.clone(), instance(self.tcp, self.unix.as_deref()));
		Ok(Some(Arc::new(MissingData(hooks.map_err(ServerError::Threads)?))))
	}

	/// Lets the hook `crash` be run when a fault ends this process.
	pub fn announce_crash(&self) -> Result<(), ServerError> {
		let Some(program) = &self.hook else { return Ok(()) };
		let instance = instance(self.tcp, self.unix.as_deref());
		let words = [program.as_os_str().as_bytes(), b"crash", instance.as_bytes()];
		sys::run_at_crash(&words).map_err(ServerError::CrashHook)
	}
}

/// Commands beyond those of the server.
pub trait Extension: Send + Sync {
	/// Answers a command that the server does not know; `None` if it is not one of ours either. `command` is in upper
	/// case, `args` are what follows it. The call comes from a thread that may block.
	fn call(&self, command: &[u8], args: &[Vec<u8>]) -> Option<Result<Reply, String>>;

	/// Whether a TLS client may come in, by the certificate that it showed; the error is told to it. The call comes from a thread that may
	/// block.
	fn admit(&self, certificate: Option<&[u8]>) -> Result<(), String> {
		let _ = certificate;
		Ok(())
	}
}
