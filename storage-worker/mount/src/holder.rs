//! Keeping a mount while no process serves it.
//!
//! A mount lives as long as somebody has the descriptor of `/dev/fuse` through which it is served. A *holder* is a small process that has a second copy of it: when
//! the serving process ends, whatever way, requests wait in the kernel, and the next one gets the descriptor from the holder over a Unix
//! socket. What uses the mount meets a pause, not an error. The holder ends when the mount is gone, or when nobody has served it for its patience.
//!
//! On the socket the holder alone speaks: `w` to those who have to wait since somebody serves the mount, then `f`, the descriptor and the mount point. A process
//! serves as long as it keeps the connection.

use crate::MountError;
use rustix::{
	event::{poll, PollFd, PollFlags, Timespec},
	net::{
		recv, recvmsg, sendmsg, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags,
		SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
	},
};
use std::{
	collections::VecDeque,
	ffi::{OsStr, OsString},
	fs,
	io::{self, BufRead, BufReader, IoSlice, IoSliceMut, Write},
	mem::MaybeUninit,
	os::{
		fd::{AsFd, BorrowedFd, OwnedFd},
		unix::{
			ffi::OsStrExt,
			fs::PermissionsExt,
			net::{UnixListener, UnixStream},
			process::CommandExt,
		},
	},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

/// Processes that wait for the descriptor.
const WAITING_MAX: usize = 16;
/// How long an answer of the holder is waited for, where it need not wait itself.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
const WAIT: u8 = b'w';
const DESCRIPTOR: u8 = b'f';
/// What the holder's program says when it holds.
const READY: &str = "holding";

/// How a mount is kept when its process ends.
#[derive(Clone, Debug)]
pub struct Hold {
	/// Where the holder is found.
	pub socket: PathBuf,
	/// A command that calls [`hold`] with this socket.
	pub command: Vec<OsString>,
	/// For so long a process that serves the mount already is waited for; zero: it is an error that there is one.
	pub take_over: Duration,
}

/// What a holder hands out.
#[derive(Debug)]
pub(crate) struct Taken {
	pub(crate) fuse: OwnedFd,
	/// As long as it is open, this process serves the mount.
	pub(crate) connection: UnixStream,
	pub(crate) mount_point: PathBuf,
}

/// Whether somebody holds a mount behind this socket.
pub fn is_held(socket: &Path) -> bool {
	UnixStream::connect(socket).is_ok()
}

/// Keeps the descriptor of `/dev/fuse` that is the standard input, and hands it to one process after another. `patience` is how long nobody may serve the mount. Says that it
/// holds on the standard output.
pub fn hold(socket: &Path, mount_point: &Path, patience: Duration) -> Result<(), MountError> {
	let failed = |source| MountError::Kernel { what: "holding a mount", source };
	let _ = fs::remove_file(socket);
	let listener = UnixListener::bind(socket).map_err(failed)?;
	fs::set_permissions(socket, fs::Permissions::from_mode(0o600)).map_err(failed)?;
	let mut output = io::stdout();
	writeln!(output, "{READY}").and_then(|()| output.flush()).map_err(failed)?;
	let stdin = io::stdin();
	let mut holder = Holder {
		fuse: stdin.as_fd(),
		listener,
		mount_point,
		serving: None,
		waiting: VecDeque::new(),
		alone_since: Instant::now(),
	};
	let result = holder.run(patience).map_err(failed);
	let _ = fs::remove_file(socket);
	result
}

struct Holder<'a> {
	fuse: BorrowedFd<'a>,
	listener: UnixListener,
	mount_point: &'a Path,
	/// Whoever serves the mount.
	serving: Option<UnixStream>,
	waiting: VecDeque<UnixStream>,
	alone_since: Instant,
}

impl Holder<'_> {
	fn run(&mut self, patience: Duration) -> io::Result<()> {
		loop {
			let left = match self.serving {
				Some(_) => None,
				None => match patience.checked_sub(self.alone_since.elapsed()) {
					Some(left) => Some(left),
					None => return Ok(()),
				},
			};
			let [gone, came, ended] = self.wait(left)?;
			if gone {
				return Ok(());
			}
			if ended {
				self.serving = None;
				self.alone_since = Instant::now();
			}
			if came {
				self.accept()?;
			}
			while self.serving.is_none() {
				let Some(next) = self.waiting.pop_front() else { break };
				// One that went away meanwhile is passed over.
				if send_descriptor(&next, self.fuse, self.mount_point).is_ok() {
					self.serving = Some(next);
				}
			}
		}
	}

	/// Waits until the mount is gone, somebody comes, or whoever serves it ends.
	fn wait(&self, left: Option<Duration>) -> io::Result<[bool; 3]> {
		let mut watched = vec![
			PollFd::new(&self.fuse, PollFlags::empty()),
			PollFd::new(&self.listener, PollFlags::IN),
		];
		if let Some(serving) = &self.serving {
			watched.push(PollFd::new(serving, PollFlags::empty()));
		}
		let left = left.map(|left| Timespec {
			tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
			tv_nsec: left.subsec_nanos().into(),
		});
		match poll(&mut watched, left.as_ref()) {
			Ok(_) | Err(rustix::io::Errno::INTR) => {},
			Err(error) => return Err(error.into()),
		}
		let happened = |at: usize| watched.get(at).is_some_and(|fd| !fd.revents().is_empty());
		Ok([happened(0), happened(1), happened(2)])
	}

	fn accept(&mut self) -> io::Result<()> {
		let (mut stream, _) = self.listener.accept()?;
		// Whoever only looked whether there is a holder does not wait.
		self.waiting.retain(|waiting| !is_closed(waiting));
		if self.waiting.len() >= WAITING_MAX {
			return Ok(());
		}
		if self.serving.is_none() || stream.write_all(&[WAIT]).is_ok() {
			self.waiting.push_back(stream);
		}
		Ok(())
	}
}

/// Whether the other side has gone: it never says anything.
fn is_closed(stream: &UnixStream) -> bool {
	let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
	recv(stream, &mut [0u8; 1], flags).is_ok()
}

fn send_descriptor(to: &UnixStream, fuse: BorrowedFd<'_>, mount_point: &Path) -> io::Result<()> {
	let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
	let mut control = SendAncillaryBuffer::new(&mut space);
	let descriptors = [fuse];
	control.push(SendAncillaryMessage::ScmRights(&descriptors));
	let text = [IoSlice::new(&[DESCRIPTOR]), IoSlice::new(mount_point.as_os_str().as_bytes())];
	sendmsg(to, &text, &mut control, SendFlags::NOSIGNAL)?;
	Ok(())
}

/// Asks the holder behind this socket for its mount; nothing if there is none. Waits for `patience` until whoever serves it ends.
pub(crate) fn take(socket: &Path, patience: Duration) -> io::Result<Option<Taken>> {
	let connection = match UnixStream::connect(socket) {
		Ok(connection) => connection,
		Err(error) => match error.kind() {
			io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => return Ok(None),
			_ => return Err(error),
		},
	};
	connection.set_read_timeout(Some(patience.max(ANSWER_PATIENCE)))?;
	loop {
		let mut text = [0; 1 + libc::PATH_MAX as usize];
		let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
		let mut control = RecvAncillaryBuffer::new(&mut space);
		let received = recvmsg(
			&connection,
			&mut [IoSliceMut::new(&mut text)],
			&mut control,
			RecvFlags::CMSG_CLOEXEC,
		);
		let received = match received {
			Err(rustix::io::Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
			received => received?,
		};
		let mut fuse = None;
		for message in control.drain() {
			if let RecvAncillaryMessage::ScmRights(descriptors) = message {
				fuse = descriptors.last();
			}
		}
		let text = text.get(..received.bytes).unwrap_or_default();
		if text.is_empty() {
			// It has just let go.
			return Ok(None);
		}
		let after = text.iter().position(|byte| *byte == DESCRIPTOR).map(|at| text.get(at + 1..));
		match (fuse, after.flatten()) {
			(Some(fuse), Some(path)) => {
				let mount_point = Path::new(OsStr::from_bytes(path)).to_owned();
				return Ok(Some(Taken { fuse, connection, mount_point }));
			},
			_ if patience.is_zero() => return Err(io::ErrorKind::WouldBlock.into()),
			_ => {},
		}
	}
}

/// Starts a holder of a mount that was just made; this process is the first that serves it.
pub(crate) fn start(hold: &Hold, fuse: BorrowedFd<'_>) -> io::Result<(Child, UnixStream)> {
	let (program, arguments) = hold.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
	let mut child = Command::new(program)
		.args(arguments)
		.stdin(Stdio::from(fuse.try_clone_to_owned()?))
		.stdout(Stdio::piped())
		// Whoever reads this process's errors to their end must not wait for the holder.
		.stderr(Stdio::null())
		// What interrupts this process must not end the holder.
		.process_group(0)
		.spawn()?;
	let mut line = String::new();
	if let Some(output) = child.stdout.take() {
		BufReader::new(output).read_line(&mut line)?;
	}
	let taken = match line.trim_end() {
		READY => take(&hold.socket, Duration::ZERO)?,
		_ => None,
	};
	match taken {
		Some(taken) => Ok((child, taken.connection)),
		None => {
			let _ = child.kill();
			let _ = child.wait();
			Err(io::Error::other("the process that should hold the mount did not start"))
		},
	}
}
