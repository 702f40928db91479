//! What the benchmarks share.

#![allow(dead_code, reason = "each benchmark uses its part")]

use granary_dispersal::{Backend, Dataset};
use std::{
	error::Error,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::mpsc,
	time::{sleep_until, Instant},
};

/// What may go wrong in a benchmark.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Bytes that do not compress, others for each seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
	let mut state = seed | 1;
	(0..len / 8)
		.flat_map(|_| {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			state.to_le_bytes()
		})
		.collect()
}

/// A number that no earlier run had.
pub(crate) fn fresh_seed() -> Outcome<u64> {
	Ok(std::time::UNIX_EPOCH.elapsed()?.as_nanos() as u64)
}

/// The most memory that this process had, in MiB.
pub(crate) fn peak_mebibytes() -> Outcome<u64> {
	let status = std::fs::read_to_string("/proc/self/status")?;
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
	let kibibytes: u64 =
		line.and_then(|line| line.trim().split(' ').next()).ok_or("no VmHWM")?.parse()?;
	Ok(kibibytes / 1024)
}

/// Bytes that the namespaces of all backends take on their disks, as they say themselves.
pub(crate) async fn disk_bytes(dataset: &Dataset, shards: usize) -> Outcome<u64> {
	let mut all = 0;
	for shard in 0..shards {
		let told = dataset.command(shard, &[b"NSINFO".to_vec(), b"default".to_vec()]).await?;
		let told = String::from_utf8(told)?;
		let line = told.lines().find_map(|line| line.strip_prefix("disk_size_bytes: "));
		all += line.ok_or("NSINFO does not tell the size on disk")?.parse::<u64>()?;
	}
	Ok(all)
}

/// A local backend of this number.
pub(crate) fn backend(node: usize, address: &str) -> Backend {
	Backend {
		node: node as u32,
		routes: vec![address.into()],
		namespace: "default".to_owned(),
		password: None,
		tls: None,
	}
}

/// Backends from arguments of the form `ADDRESS` or `ADDRESS=PID`, and the process ids.
pub(crate) fn backends(arguments: impl Iterator<Item = String>) -> (Vec<Backend>, Vec<String>) {
	let (mut backends, mut pids) = (Vec::new(), Vec::new());
	for (node, argument) in arguments.enumerate() {
		let (address, pid) = argument.split_once('=').unwrap_or((&argument, ""));
		backends.push(backend(node, address));
		pids.extend(Some(pid.to_owned()).filter(|pid| !pid.is_empty()));
	}
	(backends, pids)
}

/// Pieces of a direction that may be under way.
const UNDER_WAY: usize = 1024;
/// How long a piece may wait for those before it until its sender is held up.
const QUEUE: Duration = Duration::from_millis(100);

/// What lies between here and a backend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distance {
	/// How much longer every byte takes, however many there are.
	pub(crate) one_way: Duration,
	/// How many bytes pass in each direction, over all connections together.
	pub(crate) bytes_per_second: Option<f64>,
}

/// One direction of the way to a backend, which all connections share.
struct Lane {
	distance: Distance,
	/// When the last piece so far has left.
	free_at: Mutex<Instant>,
}

impl Lane {
	fn new(distance: Distance) -> Arc<Self> {
		Arc::new(Self { distance, free_at: Mutex::new(Instant::now()) })
	}

	/// Takes a piece on its way; answers when it has left.
	fn leave(&self, bytes: usize) -> Instant {
		let Some(rate) = self.distance.bytes_per_second else { return Instant::now() };
		let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
		*free_at = (*free_at).max(Instant::now()) + Duration::from_secs_f64(bytes as f64 / rate);
		*free_at
	}
}

/// An address here behind which a backend is so far away.
pub(crate) async fn far_away(listen: &str, address: String, distance: Distance) -> Outcome<String> {
	let listener = TcpListener::bind(listen).await?;
	let near = listener.local_addr()?.to_string();
	let (there, back) = (Lane::new(distance), Lane::new(distance));
	tokio::spawn(async move {
		while let Ok((client, _)) = listener.accept().await {
			let Ok(server) = TcpStream::connect(&address).await else { continue };
			// Small requests shall not wait for company.
			let _ = (client.set_nodelay(true), server.set_nodelay(true));
			let (from_client, to_client) = client.into_split();
			let (from_server, to_server) = server.into_split();
			tokio::spawn(carry(from_client, to_server, there.clone()));
			tokio::spawn(carry(from_server, to_client, back.clone()));
		}
	});
	Ok(near)
}

async fn carry(
	mut from: impl AsyncRead + Unpin + Send + 'static,
	mut to: impl AsyncWrite + Unpin,
	lane: Arc<Lane>,
) {
	let (sender, mut receiver) = mpsc::channel(UNDER_WAY);
	tokio::spawn(async move {
		let mut buffer = vec![0; 64 << 10];
		while let Ok(read @ 1..) = from.read(&mut buffer).await {
			let piece = buffer.get(..read).unwrap_or_default().to_vec();
			let left_at = lane.leave(read);
			if sender.send((left_at + lane.distance.one_way, piece)).await.is_err() {
				return;
			}
			sleep_until(left_at - QUEUE).await;
		}
	});
	while let Some((due, piece)) = receiver.recv().await {
		sleep_until(due).await;
		if to.write_all(&piece).await.is_err() {
			return;
		}
	}
}
