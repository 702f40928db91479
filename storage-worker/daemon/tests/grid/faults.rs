//! Mounts that meet faults: processes that are killed, nodes that are silent or gone, data that are damaged, full disks, a reservation that ends.

use crate::{
	chain::{damage, patiently, Chain, Mount},
	common::{text, Running},
};
use serde_json::Value;
use std::{
	fs::{self, File, OpenOptions},
	os::unix::fs::{FileExt, OpenOptionsExt},
	path::{Path, PathBuf},
	process::{Command, Stdio},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
		Arc,
	},
	thread,
	time::{Duration, Instant},
};

const FARMERS: [&str; 3] = ["Bob", "Charlie", "Eve"];
/// A table of a database: chunks of 32 KiB.
const TABLE: &str = "table_00_32";
const CHUNK: usize = 32 << 10;
const CHUNKS: usize = 96;

/// A snapshot at 2+1 over three workers.
struct Stage {
	dir: tempfile::TempDir,
	chain: Chain,
	workers: Vec<Option<Running>>,
	nodes: Vec<u64>,
	reservation: String,
	snapshot: String,
	content: Vec<u8>,
}

impl Stage {
	fn set() -> Self {
		let dir = tempfile::tempdir().unwrap();
		let chain = Chain::start(dir.path());
		let workers = FARMERS
			.iter()
			.map(|name| Some(chain.worker(&dir.path().join(name), &format!("//{name}"))))
			.collect();
		patiently("three nodes are registered", 120, || {
			chain.json(&["node", "list"]).as_array().unwrap().len() == FARMERS.len()
		});
		let node = |name: &str| {
			let dir = dir.path().join(name).display().to_string();
			chain.json(&["worker", "status", "--dir", &dir])["node"].as_u64().unwrap()
		};
		let nodes: Vec<u64> = FARMERS.into_iter().map(node).collect();
		let listed: Vec<String> = nodes.iter().map(u64::to_string).collect();
		let reserve = "reservation create --data 2 --parity 1 --size 32MiB --blocks 3000 --public-read --suri //Dave --nodes";
		let mut words: Vec<&str> = reserve.split(' ').collect();
		let listed = listed.join(",");
		words.push(&listed);
		let reservation = chain.json(&words)["id"].to_string();
		let content: Vec<u8> = (0..(CHUNKS * CHUNK / 4) as u32)
			.flat_map(|i| i.wrapping_mul(2_654_435_761).rotate_left(i % 31).to_le_bytes())
			.collect();
		fs::create_dir(dir.path().join("base")).unwrap();
		fs::write(dir.path().join("base").join(TABLE), &content).unwrap();
		let snapshot = String::new();
		let mut stage = Self { dir, chain, workers, nodes, reservation, snapshot, content };
		let create = format!(
			"snapshot create @base --reservation {} --key @key --name faulty --suri //Dave",
			stage.reservation
		);
		stage.snapshot = stage.json(&create)["id"].to_string();
		stage
	}

	fn path(&self, name: &str) -> PathBuf {
		self.dir.path().join(name)
	}

	/// The words of a line; `@name` is a path in the test's directory.
	fn words(&self, line: &str) -> Vec<String> {
		let shown = |name: &str| self.path(name).display().to_string();
		line.split_whitespace()
			.map(|word| word.strip_prefix('@').map_or_else(|| word.to_owned(), shown))
			.collect()
	}

	fn json(&self, line: &str) -> Value {
		let words = self.words(line);
		self.chain.json(&words.iter().map(String::as_str).collect::<Vec<_>>())
	}

	fn command(&self, line: &str) -> Command {
		let words = self.words(line);
		self.chain.command(&words.iter().map(String::as_str).collect::<Vec<_>>())
	}

	fn mount_line(&self, name: &str, more: &str) -> String {
		let snapshot = &self.snapshot;
		format!(
			"mount {snapshot} @{name} --key @key --state-dir @{name}-state --no-prefetch {more}"
		)
	}

	/// Mounts, with a cache of its own.
	fn mount(&self, name: &str, more: &str) -> Mount {
		let _ = fs::create_dir(self.path(name));
		Mount { process: self.serve(name, more), point: self.path(name) }
	}

	/// Starts a process that serves a mount, and waits until it does.
	fn serve(&self, name: &str, more: &str) -> Running {
		let log = OpenOptions::new().create(true).append(true).open(self.path("mounts.log"));
		let line = self.mount_line(name, &format!("--cache-dir @{name}-cache {more}"));
		let process = self.command(&line).stderr(log.unwrap()).spawn().unwrap();
		let mut process = Running(process);
		let status = self.path(&format!("{name}-state/status.json"));
		let serves = |process: &Running| {
			let bytes = fs::read(&status).unwrap_or_default();
			let status: Value = serde_json::from_slice(&bytes).unwrap_or_default();
			status["process"] == process.0.id()
		};
		let deadline = Instant::now() + Duration::from_secs(60);
		while !serves(&process) {
			let log = || fs::read_to_string(self.path("mounts.log")).unwrap();
			let ended = process.0.try_wait().unwrap();
			assert!(ended.is_none(), "it ended with {ended:?}: {}", log());
			assert!(Instant::now() < deadline, "it does not serve: {}", log());
			thread::sleep(Duration::from_millis(50));
		}
		process
	}

	/// What a mount says of itself.
	fn status(&self, name: &str) -> Value {
		let file = self.path(name).join(".granary/status.json");
		serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
	}

	/// Reads a chunk through a mount, past the page cache.
	fn read(&self, name: &str, chunk: usize) -> std::io::Result<()> {
		read_chunk(&self.path(name).join(TABLE), &self.content, chunk)
	}

	fn signal(&self, signal: &str) {
		for worker in self.workers.iter().flatten() {
			let pid = worker.0.id().to_string();
			assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
		}
	}

	fn stop(&mut self, worker: usize) {
		self.workers[worker].take().unwrap().terminate();
	}

	fn start(&mut self, worker: usize) {
		let name = FARMERS[worker];
		self.workers[worker] = Some(self.chain.worker(&self.path(name), &format!("//{name}")));
		let node = self.nodes[worker].to_string();
		patiently("it answers on its new port", 60, || {
			self.chain.run(&["node", "ping", &node]).status.success()
		});
	}
}

fn read_chunk(path: &Path, content: &[u8], chunk: usize) -> std::io::Result<()> {
	// Whole pages, past the page cache: the mount has to answer.
	let file = OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path)?;
	let mut buffer = vec![0; CHUNK + 4096];
	let aligned = buffer.as_ptr().align_offset(4096);
	let page = &mut buffer[aligned..aligned + 4096];
	file.read_exact_at(page, (chunk * CHUNK) as u64)?;
	assert!(page == &content[chunk * CHUNK..chunk * CHUNK + 4096], "chunk {chunk}");
	Ok(())
}

fn is_eio(result: &std::io::Result<()>) -> bool {
	result.as_ref().is_err_and(|error| error.raw_os_error() == Some(libc::EIO))
}

#[test]
fn thin_mounts_meet_faults() {
	let mut stage = Stage::set();
	nobody_sees_that_the_process_changes(&stage);
	two_processes_on_one_layer_are_refused(&stage);
	silent_nodes_are_waited_for_as_long_as_was_said(&stage);
	a_cache_without_room_keeps_nothing_and_fails_nothing(&stage);
	nobody_answers_at_the_mount(&mut stage);
	damage_beyond_repair_is_told(&mut stage);
	the_reservation_ends(&stage);
}

/// Uses a mount until it is told to stop, and counts what it did; an error fails it.
fn use_it(
	stage: &Stage,
	name: &str,
	done: &Arc<(AtomicBool, AtomicU64)>,
) -> [thread::JoinHandle<()>; 2] {
	let (table, mine) = (stage.path(name).join(TABLE), stage.path(name).join("mine"));
	let (content, reading, writing) = (stage.content.clone(), done.clone(), done.clone());
	let reader = thread::spawn(move || {
		for number in 0.. {
			if reading.0.load(Relaxed) {
				return;
			}
			// Each time another chunk, of which some have not been fetched yet.
			read_chunk(&table, &content, number * 7 % CHUNKS).unwrap();
			reading.1.fetch_add(1, Relaxed);
		}
	});
	let writer = thread::spawn(move || {
		let file = File::options().create_new(true).read(true).write(true).open(mine).unwrap();
		for number in 0u64.. {
			if writing.0.load(Relaxed) {
				return;
			}
			let bytes = number.to_le_bytes();
			file.write_all_at(&bytes, number % 1000 * 8).unwrap();
			if number % 50 == 0 {
				file.sync_data().unwrap();
			}
			let mut found = [0; 8];
			file.read_exact_at(&mut found, number % 1000 * 8).unwrap();
			assert_eq!(found, bytes);
			writing.1.fetch_add(1, Relaxed);
		}
	});
	[reader, writer]
}

fn nobody_sees_that_the_process_changes(stage: &Stage) {
	let done = Arc::new((AtomicBool::new(false), AtomicU64::new(0)));
	let mut mount = stage.mount("held", "--hold 60s");
	let users = use_it(stage, "held", &done);
	let goes_on = || {
		let before = done.1.load(Relaxed);
		patiently("the users go on", 60, || done.1.load(Relaxed) > before + 200);
	};
	for take_over in [false, true, false] {
		goes_on();
		if take_over {
			let line = stage.mount_line("held", "--cache-dir @held-cache --hold 60s");
			let refused = stage.command(&line).output().unwrap();
			assert_eq!(refused.status.code(), Some(1));
			assert!(text(&refused.stderr).contains("--take-over"), "{}", text(&refused.stderr));
		} else {
			mount.process.0.kill().unwrap();
			mount.process.0.wait().unwrap();
			// For a while nobody serves it.
			thread::sleep(Duration::from_millis(500));
		}
		let more = if take_over { "--hold 60s --take-over" } else { "--hold 60s" };
		let mut before = std::mem::replace(&mut mount.process, stage.serve("held", more));
		if take_over {
			assert_eq!(before.0.wait().unwrap().code(), Some(0), "the one before has left");
		}
	}
	goes_on();
	done.0.store(true, Relaxed);
	for user in users {
		user.join().unwrap();
	}
	assert_eq!(mount.process.terminate(), Some(0));
	assert!(!stage.path("held").join(TABLE).exists(), "it is unmounted");
	let holder = stage.path("held-state/holder");
	patiently("the holder ends with the mount", 20, || !holder.exists());

	// A mount that nobody holds cannot be taken over.
	let mut mount = stage.mount("held", "");
	let line = stage.mount_line("held", "--cache-dir @held-cache --take-over");
	let refused = stage.command(&line).output().unwrap();
	let said = text(&refused.stderr);
	assert!(!refused.status.success() && said.contains("not mounted with --hold"), "{said}");
	assert_eq!(mount.process.terminate(), Some(0));
}

fn two_processes_on_one_layer_are_refused(stage: &Stage) {
	let mut mount = stage.mount("one", "");
	fs::create_dir(stage.path("two")).unwrap();
	let line = stage.mount_line("two", "--cache-dir @one-cache").replace("two-state", "one-state");
	let refused = stage.command(&line).output().unwrap();
	let said = text(&refused.stderr);
	assert!(!refused.status.success() && said.contains("another mount uses it"), "{said}");
	stage.read("one", 0).unwrap();
	assert_eq!(mount.process.terminate(), Some(0));
}

fn silent_nodes_are_waited_for_as_long_as_was_said(stage: &Stage) {
	let mut mount = stage.mount("hasty", "--deadline 2");
	stage.read("hasty", 0).unwrap();
	stage.signal("-STOP");
	let began = Instant::now();
	let failed = stage.read("hasty", 1);
	assert!(is_eio(&failed) && began.elapsed() < Duration::from_secs(10), "{failed:?}");
	stage.read("hasty", 0).expect("what is in the cache needs nobody");
	fs::write(stage.path("hasty/mine"), b"written meanwhile").unwrap();
	let status = stage.status("hasty");
	assert!(status["fetch_errors"].as_u64().unwrap() >= 1, "{status}");
	assert!(status["last_error"].as_str().unwrap().contains("within 2 s"), "{status}");
	stage.signal("-CONT");
	patiently("it reads again", 60, || stage.read("hasty", 1).is_ok());
	assert_eq!(fs::read(stage.path("hasty/mine")).unwrap(), b"written meanwhile");
	assert_eq!(mount.process.terminate(), Some(0));

	let mut mount = stage.mount("patient", "--deadline 120");
	stage.read("patient", 0).unwrap();
	stage.signal("-STOP");
	let (table, content) = (stage.path("patient").join(TABLE), stage.content.clone());
	let reader = thread::spawn(move || read_chunk(&table, &content, 1));
	patiently("a read waits", 20, || stage.status("patient")["waiting"].as_u64() > Some(0));
	thread::sleep(Duration::from_secs(3));
	assert!(!reader.is_finished(), "it waits");
	stage.signal("-CONT");
	reader.join().unwrap().expect("it was worth it");
	assert_eq!(mount.process.terminate(), Some(0));
}

fn a_cache_without_room_keeps_nothing_and_fails_nothing(stage: &Stage) {
	let disk = stage.path("small-cache");
	fs::create_dir(&disk).unwrap();
	let tmpfs = ["-t", "tmpfs", "-o", "size=256k", "none"];
	assert!(Command::new("mount").args(tmpfs).arg(&disk).status().unwrap().success());
	let mut mount = stage.mount("small", "--cache-free 0");
	for round in 0..2 {
		for chunk in 0..CHUNKS {
			stage.read("small", chunk).unwrap_or_else(|error| panic!("{round}: {error}"));
		}
	}
	let status = stage.status("small");
	assert_eq!(status["fetch_errors"], 0, "{status}");
	assert_eq!(mount.process.terminate(), Some(0));
	assert!(Command::new("umount").arg(&disk).status().unwrap().success());
}

fn nobody_answers_at_the_mount(stage: &mut Stage) {
	(0..FARMERS.len()).for_each(|worker| stage.stop(worker));
	fs::create_dir(stage.path("vain")).unwrap();
	let began = Instant::now();
	let line = stage.mount_line("vain", "--cache-dir @vain-cache --deadline 5");
	let output = stage.command(&line).output().unwrap();
	let said = text(&output.stderr);
	assert!(!output.status.success() && said.contains("reading the manifest"), "{said}");
	assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
	(0..FARMERS.len()).for_each(|worker| stage.start(worker));
}

fn damage_beyond_repair_is_told(stage: &mut Stage) {
	for (worker, farmer) in FARMERS.iter().enumerate().take(2) {
		stage.stop(worker);
		damage(&stage.path(farmer));
		stage.start(worker);
	}
	let mut mount = stage.mount("damaged", "--deadline 30");
	let failed: Vec<usize> =
		(0..CHUNKS).filter(|chunk| is_eio(&stage.read("damaged", *chunk))).collect();
	assert!(!failed.is_empty() && failed.len() < CHUNKS, "{failed:?}");
	let began = Instant::now();
	assert!(is_eio(&stage.read("damaged", failed[0])));
	assert!(began.elapsed() < Duration::from_secs(10), "what cannot come is not waited for");
	let status = stage.status("damaged");
	let objects = status["failed_objects"].as_array().unwrap();
	assert!(objects.len() == failed.len().min(64), "{status}");
	let last = status["last_error"].as_str().unwrap();
	assert!(objects.iter().any(|id| last.contains(id.as_str().unwrap())), "{status}");
	let log = fs::read_to_string(stage.path("mounts.log")).unwrap();
	assert!(log.contains(objects[0].as_str().unwrap()), "the log names the object");
	assert_eq!(mount.process.terminate(), Some(0));
}

fn the_reservation_ends(stage: &Stage) {
	let mut mount = stage.mount("ended", "--deadline 2");
	stage.read("ended", 0).unwrap();
	stage.json(&format!("reservation close {} --suri //Dave", stage.reservation));
	// A chunk that was read is cached, so each is asked for once.
	let is_gone = (1..CHUNKS).any(|chunk| {
		thread::sleep(Duration::from_secs(1));
		is_eio(&stage.read("ended", chunk))
	});
	assert!(is_gone, "the nodes have dropped the data");
	stage.read("ended", 0).expect("what is in the cache stays readable");
	let mine = stage.path("ended/mine");
	fs::write(&mine, b"written").unwrap();
	assert_eq!(fs::read(&mine).unwrap(), b"written");
	assert_eq!(mount.process.terminate(), Some(0));
	let _ = Command::new("umount").arg("-l").arg(&mount.point).stderr(Stdio::null()).status();
}
