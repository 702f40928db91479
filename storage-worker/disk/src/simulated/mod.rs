//! A disk in memory that fails when it is told to, and that after a loss of power holds no more than a disk promises.

mod loss;
mod random;
mod state;
#[cfg(test)]
mod tests;

use crate::door::{Entry, FileOperations, FileSystem, Open};
use state::{Change, Class, Effect, NodeId, State};
use std::{
	io::{self, ErrorKind},
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering::Relaxed},
		Arc, Mutex, MutexGuard, PoisonError,
	},
};

/// What a disk writes as a whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
	/// The call fails with `EIO`. A sync that fails so has dropped what it should have made durable, as kernels do: no later one
	/// brings it back.
	Error,
	/// The disk is full: what needs space fails with `ENOSPC`. If it lasts, the first write still finds room for half of its bytes.
	Full,
	/// A write takes half of its bytes and says so.
	Short,
	/// A sync fails, as under `Error`; everything else works.
	Sync,
}

/// A fault to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
	/// Happens at the first call from this number on (see [`SimulatedDisk::calls`]) that it can happen to.
	pub call: u64,
	/// What goes wrong.
	pub kind: FaultKind,
	/// Whether it goes on until [`SimulatedDisk::heal`], or happens once.
	pub lasting: bool,
}

/// What becomes of what was not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
	/// Nothing is lost: the process was killed and the kernel lives.
	Nothing,
	/// All is lost.
	All,
	/// Any part of it is lost, as the seed says: sectors of writes, cuts, names, renames, each for itself; what was lost within a
	/// file's length reads as zeros or as garbage.
	Any(u64),
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
	/// An empty disk. The seed decides whatever chance decides.
	pub fn new(seed: u64) -> Self {
		Self(Arc::new(Mutex::new(State::new(seed))))
	}

	fn state(&self) -> MutexGuard<'_, State> {
		// A test that panicked elsewhere has failed already; what it left is still consistent.
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Calls so far.
	pub fn calls(&self) -> u64 {
		self.state().calls
	}

	/// Lets something go wrong. There is one fault at a time.
	pub fn inject(&self, fault: Fault) {
		let mut state = self.state();
		state.fault = Some(fault);
		state.hits = 0;
	}

	/// Takes the fault away; says how many calls it hit.
	pub fn heal(&self) -> u64 {
		let mut state = self.state();
		state.fault = None;
		std::mem::take(&mut state.hits)
	}

	/// How many calls the fault has hit so far.
	pub fn hits(&self) -> u64 {
		self.state().hits
	}

	/// From now on every call fails: the machine is off, or the process is dead.
	pub fn cut_power(&self) {
		self.state().is_off = true;
	}

	/// Lets the power fail at the call of this number and ever after.
	pub fn cut_power_at(&self, call: u64) {
		self.state().off_at = Some(call);
	}

	/// Whether the power is off.
	pub fn is_off(&self) -> bool {
		self.state().is_off
	}

	/// Turns the machine on again. Files that were open before are dead.
	pub fn restore_power(&self, loss: Loss) {
		self.state().restart(loss);
	}

	/// Changes a byte of a file behind everyone's back, durably: `change` tells the new one from the old.
	pub fn damage(
		&self,
		path: &Path,
		offset: usize,
		change: impl FnOnce(u8) -> u8,
	) -> io::Result<()> {
		let mut state = self.state();
		let node = state.find(path)?;
		let file = state.file_mut(node)?;
		for content in [&mut file.written, &mut file.durable] {
			if let Some(byte) = content.get_mut(offset) {
				*byte = change(*byte);
				return Ok(());
			}
		}
		Err(ErrorKind::UnexpectedEof.into())
	}

	/// The same files and names on a disk of its own, all of them durable.
	#[must_use]
	pub fn copy(&self) -> Self {
		Self(Arc::new(Mutex::new(self.state().copy())))
	}
}

impl FileSystem for SimulatedDisk {
	fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn FileOperations>> {
		let mut state = self.state();
		let makes = matches!(how, Open::Create | Open::Replace);
		let found = state.find(path).ok();
		let class = if makes && found.is_none() { Class::Space } else { Class::Other };
		state.pass(class, path)?;
		let node = match found {
			Some(node) => node,
			None if makes => state.make_file(path)?,
			None => return Err(ErrorKind::NotFound.into()),
		};
		let file = state.file_mut(node)?;
		if how == Open::Replace && !file.written.is_empty() {
			file.change(Change::Len(0));
		}
		let boot = state.boot;
		let has_lock = AtomicBool::new(false);
		Ok(Box::new(SimulatedFile { disk: self.clone(), node, boot, has_lock }))
	}

	fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
		let mut state = self.state();
		state.pass(Class::Other, dir)?;
		state.entries(dir)
	}

	fn make_dir(&self, dir: &Path) -> io::Result<()> {
		let mut state = self.state();
		if state.find(dir).is_ok() {
			return Err(ErrorKind::AlreadyExists.into());
		}
		state.pass(Class::Space, dir)?;
		state.make_dir(dir)
	}

	fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
		let mut state = self.state();
		state.pass(Class::Space, from)?;
		state.rename(from, to)
	}

	fn remove_file(&self, path: &Path) -> io::Result<()> {
		let mut state = self.state();
		state.pass(Class::Other, path)?;
		let node = state.find(path)?;
		state.file_mut(node)?;
		state.unlink(path)
	}

	fn remove_dir(&self, dir: &Path) -> io::Result<()> {
		let mut state = self.state();
		state.pass(Class::Other, dir)?;
		if !state.entries(dir)?.is_empty() {
			return Err(ErrorKind::DirectoryNotEmpty.into());
		}
		state.unlink(dir)
	}

	fn sync_dir(&self, dir: &Path) -> io::Result<()> {
		let mut state = self.state();
		let effect = state.pass(Class::Sync, dir)?;
		let node = state.find(dir)?;
		let dir = state.dir_mut(node)?;
		if effect == Effect::FailSync {
			dir.pending.clear();
			return Err(io::Error::from_raw_os_error(libc::EIO));
		}
		dir.settle();
		Ok(())
	}

	fn free_bytes(&self, _: &Path) -> io::Result<u64> {
		let full = self.state().fault.is_some_and(|fault| fault.kind == FaultKind::Full);
		Ok(if full { 0 } else { 1 << 40 })
	}
}

/// An open file.
#[derive(Debug)]
struct SimulatedFile {
	disk: SimulatedDisk,
	node: NodeId,
	/// Which start of the machine it was opened in.
	boot: u64,
	/// Whether the file's lock is its own.
	has_lock: AtomicBool,
}

impl SimulatedFile {
	/// The disk, if the file outlived no restart and the call is let through.
	fn pass(&self, class: Class) -> io::Result<(MutexGuard<'_, State>, Effect)> {
		let mut state = self.disk.state();
		if state.boot != self.boot {
			return Err(io::Error::from_raw_os_error(libc::EIO));
		}
		let effect = state.pass(class, Path::new("an open file"))?;
		Ok((state, effect))
	}
}

impl FileOperations for SimulatedFile {
	fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
		let (mut state, _) = self.pass(Class::Other)?;
		let file = state.file_mut(self.node)?;
		let at = usize::try_from(offset).map_err(io::Error::other)?;
		let rest = file.written.get(at..).unwrap_or_default();
		let read = rest.len().min(buffer.len());
		buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
		Ok(read)
	}

	fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
		let (mut state, effect) = self.pass(Class::Space)?;
		let taken = match effect {
			Effect::Short => bytes.len().div_ceil(2),
			_ => bytes.len(),
		};
		let bytes = bytes.get(..taken).unwrap_or_default().to_vec();
		let at = usize::try_from(offset).map_err(io::Error::other)?;
		state.file_mut(self.node)?.change(Change::Write { at, bytes });
		Ok(taken)
	}

	fn sync(&self) -> io::Result<()> {
		let (mut state, effect) = self.pass(Class::Sync)?;
		let file = state.file_mut(self.node)?;
		if effect == Effect::FailSync {
			file.pending.clear();
			return Err(io::Error::from_raw_os_error(libc::EIO));
		}
		file.settle();
		Ok(())
	}

	fn set_len(&self, len_bytes: u64) -> io::Result<()> {
		let len = usize::try_from(len_bytes).map_err(io::Error::other)?;
		let (mut state, _) = self.pass(Class::Other)?;
		state.file_mut(self.node)?.change(Change::Len(len));
		Ok(())
	}

	fn len_bytes(&self) -> io::Result<u64> {
		let (mut state, _) = self.pass(Class::Other)?;
		Ok(state.file_mut(self.node)?.written.len() as u64)
	}

	fn try_lock(&self) -> io::Result<bool> {
		let (mut state, _) = self.pass(Class::Other)?;
		let file = state.file_mut(self.node)?;
		let taken = !std::mem::replace(&mut file.is_locked, true);
		self.has_lock.fetch_or(taken, Relaxed);
		Ok(taken)
	}
}

impl Drop for SimulatedFile {
	fn drop(&mut self) {
		let mut state = self.disk.state();
		if self.has_lock.load(Relaxed) && state.boot == self.boot {
			if let Ok(file) = state.file_mut(self.node) {
				file.is_locked = false;
			}
		}
	}
}
