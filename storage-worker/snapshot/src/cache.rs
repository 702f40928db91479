//! The chunk cache on disk.
//!
//! Chunks lie in [`pack`]s, many in a file, below `DIR/packs`; where each of them is is kept in memory. A chunk counts from when its record is whole, and is
//! checked when a process reads it first; one that does not check is forgotten and fetched again. So a crash at any moment, and several processes on
//! one directory, do no harm: each process appends to a pack of its own, reads those of all, and looks at the directory again before it evicts.
//!
//! Eviction takes what was used once before what was used again, so that a scan does not empty the cache, and never what is pinned
//! (`DIR/pins/<name>`, one id a line).

mod pack;
mod room;
mod shelf;

use crate::{ObjectId, SnapshotError};
use pack::{check_of, taken, Pack, Place, Writer};
use parking_lot::Mutex;
use rustix::fs::{fadvise, Advice};
use shelf::Shelf;
use std::{
	collections::{BTreeMap, BTreeSet, HashSet},
	fs,
	fs::File,
	io,
	num::NonZeroU64,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, SystemTime},
};

/// A pack's data without an index is that of a pack that is being made, for so long.
const UNFINISHED_AGE: Duration = Duration::from_secs(600);
/// Where packs and pins are kept.
const PACKS: &str = "packs";
const PINS: &str = "pins";
/// A cache that is full has so many packs, as far as their size allows.
const PACKS_WANTED: u64 = 256;
const PACK_BYTES_MIN: u64 = 64 << 10;
const PACK_BYTES_MAX: u64 = 256 << 20;

/// How large the cache may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheOptions {
	/// Bytes that it may hold.
	pub quota_bytes: u64,
	/// What it is cut to when it is full, in percent of the quota.
	pub low_water_percent: u64,
	/// Bytes of its filesystem that it leaves free.
	pub free_floor_bytes: u64,
}

impl CacheOptions {
	/// Up to so many bytes, cut to nine tenths of it when full, a gibibyte of the filesystem left free.
	pub fn with_quota(quota_bytes: u64) -> Self {
		Self { quota_bytes, low_water_percent: 90, free_floor_bytes: 1 << 30 }
	}

	/// From this size on a pack takes no more chunks.
	fn pack_bytes(&self) -> u64 {
		(self.quota_bytes / PACKS_WANTED).clamp(PACK_BYTES_MIN, PACK_BYTES_MAX)
	}
}

/// Chunks on disk. Locks are taken in this order: making room, writer, state.
#[derive(Debug)]
pub struct ChunkCache {
	dir: PathBuf,
	packs_dir: PathBuf,
	options: CacheOptions,
	making_room: Mutex<()>,
	writer: Mutex<Option<Writer>>,
	state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
	shelf: Shelf,
	packs: BTreeMap<u32, Pack>,
	next_pack: u32,
	/// When the directory of packs had changed last when it was listed.
	listed: Option<SystemTime>,
	pinned: HashSet<ObjectId>,
	/// Packs that are about to go, which take nothing more.
	leaving: HashSet<u32>,
	/// Bytes put since the directory was read and since the room was looked at.
	since_scan: u64,
	since_look: u64,
	/// The filesystem has less room than the floor: nothing is kept for now.
	is_cramped: bool,
}

impl State {
	/// Bytes that the packs take.
	fn bytes(&self) -> u64 {
		self.packs.values().map(Pack::size).sum()
	}

	/// Where a chunk is, and the file that has it; forgets what is not there any more.
	fn locate(&mut self, id: &ObjectId) -> Option<(Place, Arc<File>)> {
		let place = self.shelf.get(id)?.place;
		let gone = match self.packs.get_mut(&place.pack).map(Pack::data) {
			Some(Ok(data)) => return Some((place, data)),
			Some(Err(error)) => error.kind() == io::ErrorKind::NotFound,
			None => true,
		};
		if gone {
			// Another process has evicted it.
			self.packs.remove(&place.pack);
			self.shelf.forget_packs(&HashSet::from([place.pack]));
		}
		None
	}

	/// Takes note of what was appended to the packs since.
	fn read_on(&mut self, pack_bytes: u64) -> io::Result<()> {
		for pack in self.packs.values_mut().filter(|pack| pack.size() < pack_bytes) {
			match pack.more() {
				Ok(records) => records.iter().for_each(|record| self.shelf.found(record)),
				// It is missed when something is read from it, or when the directory is listed.
				Err(error) if error.kind() == io::ErrorKind::NotFound => {},
				Err(error) => return Err(error),
			}
		}
		Ok(())
	}
}

impl ChunkCache {
	/// Opens a cache directory, made if missing.
	pub fn open(dir: &Path, options: CacheOptions) -> Result<Self, SnapshotError> {
		let failed = |source| SnapshotError::File { path: dir.to_owned(), source };
		let packs_dir = dir.join(PACKS);
		fs::create_dir_all(&packs_dir).map_err(failed)?;
		fs::create_dir_all(dir.join(PINS)).map_err(failed)?;
		remove_first_format(dir).map_err(failed)?;
		let cache = Self {
			dir: dir.to_owned(),
			packs_dir,
			options,
			making_room: Mutex::default(),
			writer: Mutex::default(),
			state: Mutex::default(),
		};
		cache.refresh(&mut cache.state.lock()).map_err(failed)?;
		Ok(cache)
	}

	/// Finds what is there, oldest packs first; what this process knows already keeps its place.
	fn refresh(&self, state: &mut State) -> io::Result<()> {
		state.pinned.clear();
		for pins in fs::read_dir(self.dir.join(PINS))? {
			state.pinned.extend(read_pins(&pins?.path())?);
		}
		// Before it is listed: what comes meanwhile is looked for again.
		state.listed = fs::metadata(&self.packs_dir)?.modified().ok();
		let (mut stems, mut data) = (BTreeSet::new(), Vec::new());
		for file in fs::read_dir(&self.packs_dir)? {
			match pack::stem_of(&file?.path()) {
				Some((stem, true)) => {
					stems.insert(stem);
				},
				Some((stem, false)) => data.push(stem),
				None => {},
			}
		}
		data.iter()
			.filter(|stem| !stems.contains(*stem))
			.for_each(|stem| remove_if_abandoned(stem));
		let is_gone = |pack: &Pack| !stems.contains(pack.stem());
		let gone: HashSet<u32> =
			state.packs.iter().filter(|(_, pack)| is_gone(pack)).map(|(at, _)| *at).collect();
		if !gone.is_empty() {
			state.packs.retain(|number, _| !gone.contains(number));
			state.shelf.forget_packs(&gone);
		}
		for pack in state.packs.values() {
			stems.remove(pack.stem());
		}
		for stem in stems {
			state.add_pack(stem);
		}
		state.since_scan = 0;
		// Also those that seem to be full: of a new one nothing is known yet.
		state.read_on(u64::MAX)
	}

	/// Takes note of what other processes on the directory have put and evicted: files of packs that are gone are closed, so that their space comes back.
	pub fn follow_others(&self) -> Result<(), SnapshotError> {
		let failed = |source| SnapshotError::File { path: self.dir.clone(), source };
		self.refresh(&mut self.state.lock()).map_err(failed)
	}

	/// The same, as far as it costs next to nothing: what was put since.
	pub(crate) fn notice_others(&self) {
		let mut state = self.state.lock();
		let listed = fs::metadata(&self.packs_dir).and_then(|of| of.modified()).ok();
		// What cannot be read now is looked for again, and fetched meanwhile.
		let _ = match listed == state.listed {
			true => state.read_on(self.options.pack_bytes()),
			false => self.refresh(&mut state),
		};
	}

	/// The chunk, if it is there and checks.
	pub fn get(&self, id: &ObjectId) -> Option<Vec<u8>> {
		if !self.contains(id) {
			self.notice_others();
		}
		let chunk = self.read_whole(id)?;
		self.state.lock().shelf.used(id);
		Some(chunk)
	}

	/// The chunk, checked, without counting that as a use.
	fn read_whole(&self, id: &ObjectId) -> Option<Vec<u8>> {
		let (place, data, check) = {
			let mut state = self.state.lock();
			let check = state.shelf.get(id)?.check;
			let (place, data) = state.locate(id)?;
			(place, data, check)
		};
		let mut chunk = vec![0; place.len()];
		match data.read_exact_at(&mut chunk, place.offset()) {
			Ok(()) if check_of(&chunk) == check => Some(chunk),
			_ => {
				self.forget(id, place);
				None
			},
		}
	}

	/// Fills `buffer` from a chunk's `offset` on, if this process has checked the chunk before.
	pub fn read_checked(&self, id: &ObjectId, offset: usize, buffer: &mut [u8]) -> bool {
		let located = {
			let mut state = self.state.lock();
			if !state.shelf.use_checked(id) {
				return false;
			}
			state.locate(id)
		};
		let Some((place, data)) = located else { return false };
		if offset + buffer.len() > place.len() {
			return false;
		}
		let is_read = data.read_exact_at(buffer, place.offset() + offset as u64).is_ok();
		if !is_read {
			// Cut by somebody, or the disk fails: it is fetched again.
			self.forget(id, place);
		}
		is_read
	}

	/// Has the system read those of these chunks that are here from the disk, before anybody asks for them.
	pub(crate) fn will_need(&self, ids: impl Iterator<Item = ObjectId>) {
		let mut runs: Vec<(Place, u64, Arc<File>)> = Vec::new();
		{
			let mut state = self.state.lock();
			for id in ids {
				let Some((place, data)) = state.locate(&id) else { continue };
				match runs
					.last_mut()
					.filter(|(first, end, _)| first.pack == place.pack && *end == place.offset())
				{
					Some((_, end, _)) => *end = place.end(),
					None => runs.push((place, place.end(), data)),
				}
			}
		}
		for (first, end, data) in runs {
			// It is only advice.
			let _ = match NonZeroU64::new(end - first.offset()) {
				Some(len) => fadvise(&data, first.offset(), Some(len), Advice::WillNeed),
				None => Ok(()),
			};
		}
	}

	/// Forgets a chunk, unless it was put anew meanwhile.
	fn forget(&self, id: &ObjectId, place: Place) {
		let mut state = self.state.lock();
		if state.shelf.get(id).is_some_and(|held| held.place == place) {
			state.shelf.forget(id);
		}
	}

	/// Whether the chunk is thought to be there.
	pub fn contains(&self, id: &ObjectId) -> bool {
		self.state.lock().shelf.contains(id)
	}

	/// Keeps a chunk and makes room for it. The caller has verified it.
	pub fn put(&self, id: &ObjectId, chunk: &[u8]) -> Result<(), SnapshotError> {
		self.put_many(&[(*id, chunk)])
	}

	/// Keeps chunks, which are written together, and makes room for them. The caller has verified them.
	pub fn put_many(&self, chunks: &[(ObjectId, &[u8])]) -> Result<(), SnapshotError> {
		let bytes = chunks.iter().map(|(_, chunk)| taken(chunk.len())).sum();
		if !self.make_room(bytes) {
			return Ok(());
		}
		self.append(chunks, false)
			.map_err(|source| SnapshotError::File { path: self.packs_dir.clone(), source })
	}

	/// Appends chunks to the pack that this process writes; `are_moved` if the cache has them elsewhere.
	fn append(&self, chunks: &[(ObjectId, &[u8])], are_moved: bool) -> io::Result<()> {
		let mut writer = self.writer.lock();
		let is_leaving = |pack| self.state.lock().leaving.contains(&pack);
		writer.take_if(|writer| {
			writer.end() >= self.options.pack_bytes() || is_leaving(writer.number)
		});
		let writing = match &mut *writer {
			Some(writing) => writing,
			free => free.insert(self.new_writer()?),
		};
		let records = match writing.append(chunks) {
			Ok(records) => records,
			Err(error) => {
				*writer = None;
				return Err(error);
			},
		};
		let mut state = self.state.lock();
		if let Some(pack) = state.packs.get_mut(&writing.number) {
			pack.grown(writing);
		}
		for record in &records {
			match are_moved {
				true => state.shelf.moved(record),
				false => state.shelf.put(record),
			}
		}
		Ok(())
	}

	/// A pack to append to: one that a process has left before it was full, or a new one.
	fn new_writer(&self) -> io::Result<Writer> {
		let mut state = self.state.lock();
		let pack_bytes = self.options.pack_bytes();
		let mut found = None;
		for (number, pack) in &state.packs {
			if pack.size() < pack_bytes && !state.leaving.contains(number) {
				if let Some(index) = pack.lock()? {
					found = Some((*number, index));
					break;
				}
			}
		}
		let (number, index) = match found {
			Some(found) => found,
			None => {
				let (stem, index) = Writer::create(&self.packs_dir)?;
				(state.add_pack(stem), index)
			},
		};
		// Whoever had it before may have appended since it was read last.
		state.read_on(pack_bytes)?;
		let pack = state.packs.get(&number).ok_or(io::ErrorKind::NotFound)?;
		Writer::open(pack, index)
	}

	/// Keeps these chunks from eviction under a name, instead of those pinned under it before; none releases them.
	pub fn pin(&self, name: &str, ids: &[ObjectId]) -> Result<(), SnapshotError> {
		let path = self.dir.join(PINS).join(hex::encode(name));
		let failed = |source| SnapshotError::File { path: path.clone(), source };
		if ids.is_empty() {
			match fs::remove_file(&path) {
				Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
				_ => {},
			}
		} else {
			let text: String = ids.iter().map(|id| hex::encode(id) + "\n").collect();
			let next = path.with_extension("next");
			fs::write(&next, text).and_then(|()| fs::rename(&next, &path)).map_err(failed)?;
		}
		self.refresh(&mut self.state.lock()).map_err(failed)
	}

	/// Bytes of the disk that the cache takes.
	pub fn bytes(&self) -> u64 {
		self.state.lock().bytes()
	}

	/// Chunks that it holds.
	pub fn chunks(&self) -> usize {
		self.state.lock().shelf.len()
	}

	/// How large it may become.
	pub fn options(&self) -> CacheOptions {
		self.options
	}
}

impl State {
	fn add_pack(&mut self, stem: PathBuf) -> u32 {
		let number = self.next_pack;
		self.next_pack += 1;
		self.packs.insert(number, Pack::at(stem, number));
		number
	}
}

fn id_of(name: &[u8]) -> Option<ObjectId> {
	let mut id = ObjectId::default();
	hex::decode_to_slice(name, &mut id).ok().map(|()| id)
}

fn read_pins(path: &Path) -> io::Result<Vec<ObjectId>> {
	let text = match fs::read(path) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
		text => text?,
	};
	// A line that is no id pins nothing: no cache stays closed for it.
	Ok(text.split(|byte| *byte == b'\n').filter_map(id_of).collect())
}

/// Removes a pack's data that has been without an index for long: whoever was making it has died.
fn remove_if_abandoned(stem: &Path) {
	let age = pack::data_written(stem).and_then(|time| time.elapsed().ok());
	if age.is_some_and(|age| age > UNFINISHED_AGE) {
		pack::remove_data(stem);
	}
}

/// Removes what a cache of the first format, which had a file for each chunk (`<two hex digits>/<id>`), has left: nobody counts it any more.
fn remove_first_format(dir: &Path) -> io::Result<()> {
	for shelf in fs::read_dir(dir)? {
		let shelf = shelf?;
		let name = shelf.file_name();
		let is_shelf = name.len() == 2 && name.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit);
		if !is_shelf || !shelf.file_type()?.is_dir() {
			continue;
		}
		for file in fs::read_dir(shelf.path())? {
			let file = file?;
			let name = file.file_name();
			if id_of(name.as_encoded_bytes()).is_some()
				|| name.as_encoded_bytes().starts_with(b"unfinished-")
			{
				// Another process may be doing the same.
				let _ = fs::remove_file(file.path());
			}
		}
		// What is not a cache's stays, and its directory with it.
		let _ = fs::remove_dir(shelf.path());
	}
	Ok(())
}
