//! What the tests of real mounts share.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

pub mod dir_lower;
pub mod operations;

use dir_lower::DirLower;
use granary_mount::{Lower, MountOptions, Mounted};
use std::{
	fs::{self, File},
	io::{BufRead, BufReader, Read},
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};

/// Held while a process is started and while a mount goes: between fork and exec a child has copies of all open files,
/// which would keep the mount of another test busy.
static PROCESS_START: Mutex<()> = Mutex::new(());

pub fn spawn(command: &mut Command) -> Child {
	let _alone = PROCESS_START.lock().unwrap_or_else(PoisonError::into_inner);
	command.spawn().unwrap()
}

/// Runs something that may start a process or that needs a mount to be idle.
pub fn alone<T>(run: impl FnOnce() -> T) -> T {
	let _alone = PROCESS_START.lock().unwrap_or_else(PoisonError::into_inner);
	run()
}

pub const SNAPSHOT_ID: [u8; 32] = [7; 32];

/// Three directories that a test needs: the tree below, the layer, the mount point.
pub struct Place {
	dir: tempfile::TempDir,
}

impl Place {
	pub fn new() -> Self {
		let dir = tempfile::tempdir().unwrap();
		for name in ["lower", "thin", "mnt"] {
			fs::create_dir(dir.path().join(name)).unwrap();
		}
		Self { dir }
	}

	pub fn path(&self, name: &str) -> PathBuf {
		self.dir.path().join(name)
	}

	pub fn lower(&self) -> PathBuf {
		self.path("lower")
	}

	pub fn thin(&self) -> PathBuf {
		self.path("thin")
	}

	pub fn mnt(&self) -> PathBuf {
		self.path("mnt")
	}

	pub fn options(&self) -> MountOptions {
		MountOptions::new(self.mnt(), self.thin(), SNAPSHOT_ID)
	}

	/// Mounts inside this process.
	pub fn mount(&self) -> Guard {
		self.mount_with(self.options())
	}

	pub fn mount_over(&self, lower: Arc<dyn Lower>) -> Guard {
		self.mount_over_with(lower, self.options())
	}

	pub fn mount_with(&self, options: MountOptions) -> Guard {
		self.mount_over_with(Arc::new(DirLower::open(&self.lower()).unwrap()), options)
	}

	fn mount_over_with(&self, lower: Arc<dyn Lower>, options: MountOptions) -> Guard {
		// A lock that is copied into a starting process outlives the mount that held it.
		let mounted = alone(|| granary_mount::mount(lower, options)).unwrap();
		Guard { mounted: Some(mounted), mount_point: self.mnt() }
	}

	/// Mounts in a process of its own, which can be killed.
	pub fn mount_in_child(&self) -> ChildMount {
		self.mount_in_child_of(&[])
	}

	/// The same, started by a command that ends by running its arguments.
	pub fn mount_in_child_of(&self, starter: &[&str]) -> ChildMount {
		self.start_child(starter, &[])
	}

	/// Mounts in a process whose mount outlives it for so many seconds, or goes on with such a mount.
	pub fn mount_held_in_child(&self, seconds: &str) -> ChildMount {
		self.start_child(&[], &[seconds])
	}

	/// Where the holder of such a mount is found.
	pub fn holder_socket(&self) -> PathBuf {
		self.thin().with_extension("held")
	}

	fn start_child(&self, starter: &[&str], more: &[&str]) -> ChildMount {
		let mut words: Vec<PathBuf> = starter.iter().map(PathBuf::from).collect();
		words.push(example());
		let mut command = Command::new(&words[0]);
		command
			.args(&words[1..])
			.args([self.lower(), self.mnt(), self.thin()])
			.args(more)
			.stdout(Stdio::piped());
		let mut child = spawn(&mut command);
		let mut line = String::new();
		BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
		let mount = ChildMount { child, mount_point: self.mnt() };
		assert_eq!(line.trim(), "mounted");
		mount
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		detach(&self.mnt());
	}
}

/// The example next to this test's own program.
fn example() -> PathBuf {
	let own = std::env::current_exe().unwrap();
	let program = own.parent().unwrap().parent().unwrap().join("examples/mount_dir");
	assert!(program.exists(), "{} is missing: cargo build --examples", program.display());
	program
}

/// Takes a mount away whatever state it is in; does nothing where there is none.
pub fn detach(mount_point: &Path) {
	if is_mounted(mount_point) {
		let _ = spawn(Command::new("umount").arg("-l").arg(mount_point)).wait();
	}
}

pub fn is_mounted(mount_point: &Path) -> bool {
	let wanted = mount_point.to_str().unwrap();
	fs::read_to_string("/proc/self/mountinfo")
		.unwrap()
		.lines()
		.any(|line| line.split(' ').nth(4) == Some(wanted))
}

/// A mount of this process.
pub struct Guard {
	pub mounted: Option<Mounted>,
	mount_point: PathBuf,
}

impl Guard {
	pub fn get(&self) -> &Mounted {
		self.mounted.as_ref().unwrap()
	}

	/// Unmounts and waits until everything is put away.
	pub fn unmount(mut self) {
		let mounted = self.mounted.take().unwrap();
		alone(|| mounted.unmount()).unwrap();
		mounted.wait().unwrap();
		assert!(!is_mounted(&self.mount_point));
	}
}

impl Drop for Guard {
	fn drop(&mut self) {
		detach(&self.mount_point);
	}
}

/// A mount of a process of its own.
pub struct ChildMount {
	child: Child,
	mount_point: PathBuf,
}

impl ChildMount {
	/// Ends the process as a crash would.
	pub fn kill(mut self) {
		self.child.kill().unwrap();
		self.child.wait().unwrap();
	}
}

impl ChildMount {
	/// The same, but what it mounted stays.
	pub fn kill_and_leave(mut self) {
		self.child.kill().unwrap();
		self.child.wait().unwrap();
		// Dropping it would unmount.
		std::mem::forget(self);
	}
}

impl Drop for ChildMount {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
		detach(&self.mount_point);
	}
}

/// Bytes that tell where they belong.
pub fn pattern(seed: u64, len: usize) -> Vec<u8> {
	(0..len as u64)
		.map(|at| {
			((at / 7).wrapping_mul(31).wrapping_add(at ^ seed.wrapping_mul(0x9e37_79b9)) % 251)
				as u8 + 1
		})
		.collect()
}

/// Reads a file past the kernel's page cache, so that the filesystem itself answers.
pub fn read_uncached(path: &Path) -> std::io::Result<Vec<u8>> {
	let mut file: File =
		fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path)?;
	// A file that the kernel reads itself wants what the filesystem below wants: aligned memory.
	let mut memory = vec![0; (1 << 20) + 4096];
	let aligned = memory.as_ptr().align_offset(4096);
	let buffer = &mut memory[aligned..][..1 << 20];
	let mut bytes = Vec::new();
	loop {
		match file.read(buffer)? {
			0 => return Ok(bytes),
			read => bytes.extend_from_slice(&buffer[..read]),
		}
	}
}

/// Waits until a condition holds; the test fails after `seconds`.
pub fn eventually(what: &str, seconds: u64, condition: impl Fn() -> bool) {
	let end = Instant::now() + Duration::from_secs(seconds);
	while !condition() {
		assert!(Instant::now() < end, "{what} did not happen within {seconds} s");
		std::thread::sleep(Duration::from_millis(5));
	}
}
