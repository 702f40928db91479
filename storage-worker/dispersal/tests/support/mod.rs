//! Backends that are processes of their own, so that they can be killed and stopped.
//!
//! A backend is this test binary again, running only its test `backend_process`, which is given its directory in the environment.

#![allow(dead_code, reason = "each test file uses its part")]

use granary_dispersal::{Backend, Dataset, DatasetKey, DatasetOptions, Route};
use granary_zdb::{Extension, NamespaceOptions, Reply, Server, ServerOptions, Store, StoreOptions};
use rand::{RngCore, SeedableRng};
use std::{
	env,
	io::{Read, Write},
	net::Shutdown,
	os::unix::net::{UnixListener, UnixStream},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tempfile::TempDir;

const DIR_VARIABLE: &str = "GRANARY_TEST_BACKEND_DIR";
/// The namespace that every backend has.
pub(crate) const NAMESPACE: &str = "shards";
/// Its password.
pub(crate) const PASSWORD: &str = "of the tenant";

fn open_store(dir: &Path) -> Store {
	Store::open(StoreOptions::new(dir.join("data"))).unwrap()
}

/// Puts shorter logs in force when it is told to: `SIGN epoch leaf_count root` and `APPLY`, as a worker does when the chain says so.
struct Driver(Arc<Store>);

impl Extension for Driver {
	fn call(&self, command: &[u8], args: &[Vec<u8>]) -> Option<Result<Reply, String>> {
		let number = |at: usize| std::str::from_utf8(&args[at]).unwrap().parse::<u64>().unwrap();
		let done = match command {
			b"SIGN" => {
				let root = args[2].as_slice().try_into().unwrap();
				self.0.namespace(NAMESPACE).unwrap().sign_removal(number(0), number(1), root)
			},
			b"APPLY" => self.0.apply_removal(NAMESPACE),
			_ => return None,
		};
		Some(done.map(|()| Reply::Simple("OK".to_owned())).map_err(|error| error.to_string()))
	}
}

/// The process behind a [`Grid`]'s backend: serves until its standard input ends. Without the variable it has nothing to do.
pub(crate) fn serve_from_environment() {
	let Some(dir) = env::var_os(DIR_VARIABLE).map(PathBuf::from) else { return };
	let store = Arc::new(open_store(&dir));
	let options = ServerOptions { unix: Some(dir.join("socket")), ..ServerOptions::default() };
	let runtime = tokio::runtime::Runtime::new().unwrap();
	runtime.block_on(async {
		let driver: Arc<dyn Extension> = Arc::new(Driver(store.clone()));
		let server = Server::bind(options, store, Some(driver)).await.unwrap();
		let (stop, stopped) = tokio::sync::oneshot::channel();
		std::thread::spawn(move || {
			// Whoever started us holds the other end; its death ends ours.
			let _ = std::io::stdin().read_to_end(&mut Vec::new());
			let _ = stop.send(());
		});
		let shutdown = async {
			let _ = stopped.await;
		};
		server.run(shutdown).await.unwrap();
	});
}

/// Settings of an audited namespace.
pub(crate) fn audited() -> NamespaceOptions {
	NamespaceOptions {
		audited: true,
		password: Some(PASSWORD.to_owned()),
		..NamespaceOptions::default()
	}
}

/// Some backends, each a process with an audited namespace. They end with the grid.
pub(crate) struct Grid {
	dir: TempDir,
	processes: Vec<Option<Child>>,
}

impl Grid {
	/// Starts so many backends.
	pub(crate) fn start(count: usize) -> Self {
		let mut grid = Self { dir: tempfile::tempdir().unwrap(), processes: Vec::new() };
		for node in 0..count {
			std::fs::create_dir(grid.path(node)).unwrap();
			open_store(&grid.path(node)).create_namespace(NAMESPACE, audited()).unwrap();
			grid.processes.push(None);
			grid.revive(node);
		}
		grid
	}

	fn path(&self, node: usize) -> PathBuf {
		self.dir.path().join(node.to_string())
	}

	/// How the backends are reached, in shard order. Node numbers begin at 100.
	pub(crate) fn backends(&self) -> Vec<Backend> {
		(0..self.processes.len())
			.map(|node| Backend {
				node: 100 + node as u32,
				routes: vec![Route::Socket(self.path(node).join("socket"))],
				namespace: NAMESPACE.to_owned(),
				password: Some(PASSWORD.to_owned()),
				tls: None,
			})
			.collect()
	}

	/// Starts a backend's process and waits until it listens.
	pub(crate) fn revive(&mut self, node: usize) {
		let child = Command::new(env::current_exe().unwrap())
			.args(["--exact", "backend_process", "--nocapture"])
			.env(DIR_VARIABLE, self.path(node))
			.stdin(Stdio::piped())
			.stdout(Stdio::null())
			.spawn()
			.unwrap();
		self.processes[node] = Some(child);
		let deadline = Instant::now() + Duration::from_secs(30);
		while UnixStream::connect(self.path(node).join("socket")).is_err() {
			assert!(Instant::now() < deadline, "backend {node} does not listen");
			std::thread::sleep(Duration::from_millis(5));
		}
	}

	/// Bytes of all files of a backend.
	pub(crate) fn disk_bytes(&self, node: usize) -> u64 {
		fn below(dir: &Path) -> u64 {
			let of = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
				true => below(&entry.path()),
				false => entry.metadata().unwrap().len(),
			};
			std::fs::read_dir(dir).unwrap().map(|entry| of(entry.unwrap())).sum()
		}
		below(&self.path(node).join("data"))
	}

	/// As `kill -9` does.
	pub(crate) fn kill(&mut self, node: usize) {
		let mut child = self.processes[node].take().expect("it runs");
		child.kill().unwrap();
		child.wait().unwrap();
	}

	/// Stops a backend's process where it is: connections stay open, nothing is answered.
	pub(crate) fn freeze(&self, node: usize) {
		let pid = self.processes[node].as_ref().expect("it runs").id().to_string();
		assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
	}

	/// The disk of a backend is replaced by an empty one.
	pub(crate) fn wipe(&mut self, node: usize) {
		self.kill(node);
		let store = self.store(node);
		store.remove_namespace(NAMESPACE).unwrap();
		store.create_namespace(NAMESPACE, audited()).unwrap();
		drop(store);
		self.revive(node);
	}

	/// Flips a bit in the middle of a value on a backend's disk, where its process does not see it.
	pub(crate) fn damage(&mut self, node: usize, key: &[u8]) {
		self.kill(node);
		let value = self.store(node).namespace(NAMESPACE).unwrap().get(key).unwrap().unwrap();
		let dir = self.path(node).join("data/namespaces").join(NAMESPACE);
		let damaged = std::fs::read_dir(dir).unwrap().any(|entry| {
			let path = entry.unwrap().path();
			let mut bytes = std::fs::read(&path).unwrap_or_default();
			let found = bytes.windows(value.len()).position(|window| window == value);
			found
				.map(|at| {
					bytes[at + value.len() / 2] ^= 8;
					std::fs::write(&path, bytes).unwrap();
				})
				.is_some()
		});
		assert!(damaged, "the value is in one of the segments");
		self.revive(node);
	}

	/// The store of a backend that was killed.
	pub(crate) fn store(&self, node: usize) -> Store {
		assert!(self.processes[node].is_none(), "backend {node} still uses its store");
		open_store(&self.path(node))
	}
}

impl Drop for Grid {
	fn drop(&mut self) {
		for mut child in self.processes.drain(..).flatten() {
			let _ = child.kill();
			let _ = child.wait();
		}
	}
}

/// Stands between a client and a backend and lets no more than so many bytes of a connection through until it is opened.
pub(crate) struct Valve(Arc<AtomicBool>);

impl Valve {
	/// Puts a valve before a backend, whose address becomes the valve's.
	pub(crate) fn before(backend: &mut Backend, limit_bytes: usize) -> Self {
		let target = backend.address().strip_prefix("unix:").unwrap().to_owned();
		let valve = format!("{target}.valve");
		let listener = UnixListener::bind(&valve).unwrap();
		backend.routes = vec![Route::Socket(valve.into())];
		let opened = Arc::new(AtomicBool::new(false));
		let valve = opened.clone();
		std::thread::spawn(move || {
			for client in listener.incoming() {
				let (mut client, mut server) =
					(client.unwrap(), UnixStream::connect(&target).unwrap());
				let (mut replies, mut to_client) =
					(server.try_clone().unwrap(), client.try_clone().unwrap());
				std::thread::spawn(move || std::io::copy(&mut replies, &mut to_client));
				let valve = valve.clone();
				std::thread::spawn(move || {
					let (mut buffer, mut passed) = (vec![0; 64 << 10], 0);
					while let Ok(len @ 1..) = client.read(&mut buffer) {
						passed += len;
						while passed > limit_bytes && !valve.load(Ordering::Relaxed) {
							std::thread::sleep(Duration::from_millis(5));
						}
						if server.write_all(&buffer[..len]).is_err() {
							return;
						}
					}
					// The client has gone: so has this connection's other half.
					let _ = server.shutdown(Shutdown::Both);
				});
			}
		});
		Self(opened)
	}

	/// Lets everything through from now on.
	pub(crate) fn open(&self) {
		self.0.store(true, Ordering::Relaxed);
	}
}

/// Bytes that do not compress, the same for the same seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
	let mut bytes = vec![0; len];
	rand::rngs::StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
	bytes
}

/// A dataset over the whole grid, patient enough for a busy machine.
pub(crate) fn open(grid: &Grid, key: &DatasetKey, data: u8, parity: u8) -> Dataset {
	let mut options = DatasetOptions::new(data, parity, grid.backends());
	options.connect_timeout_ms = 5000;
	options.request_timeout_ms = 20_000;
	options.hedge_after_ms = 300;
	Dataset::new(key.clone(), options).unwrap()
}

/// A dataset of a new key that is ready to be written.
pub(crate) async fn fresh(grid: &Grid, data: u8, parity: u8) -> (DatasetKey, Dataset) {
	let key = DatasetKey::generate().unwrap();
	let dataset = open(grid, &key, data, parity);
	dataset.load_logs().await.unwrap();
	(key, dataset)
}

/// Every object is read back as it is.
pub(crate) async fn assert_readable(dataset: &Dataset, objects: &[Vec<u8>]) {
	for object in objects {
		assert_eq!(&dataset.get(dataset.object_id(object)).await.unwrap(), object);
	}
}

/// A few objects of different kinds: empty, small, compressible, noise.
pub(crate) fn objects() -> Vec<Vec<u8>> {
	vec![vec![], b"small".to_vec(), vec![7; 100_000], noise(1, 70_001), noise(2, 1 << 20)]
}
