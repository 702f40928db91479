//! What the benchmarks share.

#![allow(dead_code, reason = "each benchmark uses its part")]

use granary_dispersal::{Backend, Dataset};
use std::{error::Error, time::Duration};
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

/// Bytes of a direction that may be under way.
const UNDER_WAY: usize = 1024;

/// An address behind which every byte to and from a backend takes so much longer, however many there are.
pub(crate) async fn far_away(address: String, one_way: Duration) -> Outcome<String> {
	let listener = TcpListener::bind("127.0.0.1:0").await?;
	let near = listener.local_addr()?.to_string();
	tokio::spawn(async move {
		while let Ok((client, _)) = listener.accept().await {
			let Ok(server) = TcpStream::connect(&address).await else { continue };
			// Small requests shall not wait for company.
			let _ = (client.set_nodelay(true), server.set_nodelay(true));
			let (from_client, to_client) = client.into_split();
			let (from_server, to_server) = server.into_split();
			tokio::spawn(carry(from_client, to_server, one_way));
			tokio::spawn(carry(from_server, to_client, one_way));
		}
	});
	Ok(near)
}

async fn carry(
	mut from: impl AsyncRead + Unpin + Send + 'static,
	mut to: impl AsyncWrite + Unpin,
	one_way: Duration,
) {
	let (sender, mut receiver) = mpsc::channel(UNDER_WAY);
	tokio::spawn(async move {
		let mut buffer = vec![0; 64 << 10];
		while let Ok(read @ 1..) = from.read(&mut buffer).await {
			let piece = buffer.get(..read).unwrap_or_default().to_vec();
			if sender.send((Instant::now() + one_way, piece)).await.is_err() {
				return;
			}
		}
	});
	while let Some((due, piece)) = receiver.recv().await {
		sleep_until(due).await;
		if to.write_all(&piece).await.is_err() {
			return;
		}
	}
}
