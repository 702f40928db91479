//! What the log of synced writes is for: putting contents into the state that was synced, when a layer is opened.

use crate::{
	bitmap::Bitmap,
	blocks::BLOCK_BYTES,
	generation::failed,
	sync_log::{self, Head, LogRecord, SyncLog},
	thin::{data_path, forget_live, live_path, map_path, read_map, Places},
	MountError,
};
use std::{
	collections::{BTreeSet, HashMap},
	fs::{File, OpenOptions},
	io,
	os::unix::fs::FileExt,
	path::Path,
};

/// What may have happened to the contents since they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
	/// The process ended at most: all that was acknowledged is there.
	ProcessEnded,
	/// The machine was started anew: only what was synced counts.
	MachineRestarted,
}

/// Makes durable in its own place what the log in the generation's directory says, and answers the log, empty. A crash in the middle of it is followed by the
/// same again.
pub(crate) fn recover(places: Places<'_>, since: Since) -> Result<SyncLog, MountError> {
	let path = places.map_dir.join("log");
	let in_log = failed(&path);
	let (epoch, records) = sync_log::read(&path).map_err(&in_log)?;
	match since {
		Since::MachineRestarted => {
			forget_live(places.map_dir).map_err(failed(places.map_dir))?;
			apply(places, &records)?;
		},
		Since::ProcessEnded => {
			for ino in inodes(&records) {
				settle(places, ino).map_err(failed(&data_path(places.files_dir, ino)))?;
			}
		},
	}
	SyncLog::begin(&path, epoch).map_err(in_log)
}

fn inode(record: &LogRecord) -> Option<u64> {
	match record.head {
		Head::Blocks { ino, .. } | Head::Cut { ino, .. } | Head::Synced { ino } => Some(ino),
		Head::Begin => None,
	}
}

fn inodes(records: &[LogRecord]) -> BTreeSet<u64> {
	records.iter().filter_map(inode).collect()
}

/// The file, if it was not removed meanwhile.
fn open(path: &Path) -> io::Result<Option<File>> {
	match OpenOptions::new().read(true).write(true).open(path) {
		Ok(file) => Ok(Some(file)),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(error),
	}
}

/// Makes a content durable as it is: the kernel has all of it.
fn settle(places: Places<'_>, ino: u64) -> io::Result<()> {
	let Some(data) = open(&data_path(places.files_dir, ino))? else { return Ok(()) };
	data.sync_data()?;
	match read_map(&live_path(places.map_dir, ino))? {
		Some(live) => write_map(&map_path(places.map_dir, ino), &live),
		None => Ok(()),
	}
}

fn write_map(path: &Path, map: &Bitmap) -> io::Result<()> {
	let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
	file.write_all_at(map.bytes(), 0)?;
	file.sync_data()
}

/// Applies the records in order, for each file those since it was durable itself.
fn apply(places: Places<'_>, records: &[LogRecord]) -> Result<(), MountError> {
	let mut first: HashMap<u64, usize> = HashMap::new();
	for (number, record) in records.iter().enumerate() {
		if let Head::Synced { ino } = record.head {
			first.insert(ino, number + 1);
		}
	}
	for ino in inodes(records) {
		let path = data_path(places.files_dir, ino);
		let Some(data) = open(&path).map_err(failed(&path))? else { continue };
		let from = first.get(&ino).copied().unwrap_or(0);
		let of_file = records.iter().skip(from).filter(|record| inode(record) == Some(ino));
		let mut marks = Bitmap::default();
		for record in of_file {
			apply_one(&data, &mut marks, record).map_err(failed(&path))?;
		}
		data.sync_data().map_err(failed(&path))?;
		if marks.count() > 0 {
			let path = map_path(places.map_dir, ino);
			let durable = read_map(&path).map_err(failed(&path))?.unwrap_or_default();
			durable.blocks().for_each(|block| {
				marks.add(block, block);
			});
			write_map(&path, &marks).map_err(failed(&path))?;
		}
	}
	Ok(())
}

fn apply_one(data: &File, marks: &mut Bitmap, record: &LogRecord) -> io::Result<()> {
	match &record.head {
		Head::Blocks { size, marked, blocks, .. } => {
			for (block, content) in blocks.iter().zip(record.content.chunks(BLOCK_BYTES as usize)) {
				let at = block * BLOCK_BYTES;
				let len = size.saturating_sub(at).min(BLOCK_BYTES) as usize;
				data.write_all_at(content.get(..len).unwrap_or(content), at)?;
				if *marked {
					marks.add(*block, *block);
				}
			}
			data.set_len(*size)
		},
		Head::Cut { size, .. } => data.set_len(*size),
		Head::Begin | Head::Synced { .. } => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn blocks(ino: u64, size: u64, marked: bool, contents: &[(u64, u8)]) -> LogRecord {
		let head = Head::Blocks {
			ino,
			size,
			marked,
			blocks: contents.iter().map(|(block, _)| *block).collect(),
		};
		let content = contents.iter().flat_map(|(_, byte)| [*byte; BLOCK_BYTES as usize]).collect();
		LogRecord { head, content }
	}

	/// A layer's directories with one file of 0xaa and a log of these records.
	fn layer(records: &[LogRecord]) -> tempfile::TempDir {
		let dir = tempfile::tempdir().unwrap();
		fs::create_dir(dir.path().join("files")).unwrap();
		fs::create_dir(dir.path().join("gen")).unwrap();
		fs::write(data_path(&dir.path().join("files"), 7), vec![0xaa; 5 * 4096]).unwrap();
		let log = SyncLog::begin(&dir.path().join("gen/log"), 0).unwrap();
		for record in records {
			log.append(record).unwrap().unwrap();
		}
		dir
	}

	fn recovered(dir: &Path, since: Since) -> (Vec<u8>, Vec<u64>) {
		let (files, gen) = (dir.join("files"), dir.join("gen"));
		let places = Places { files_dir: &files, map_dir: &gen };
		recover(places, since).unwrap();
		assert_eq!(sync_log::read(&gen.join("log")).unwrap().1, [], "it is empty afterwards");
		let marks = read_map(&map_path(&gen, 7)).unwrap().unwrap_or_default();
		(fs::read(data_path(&files, 7)).unwrap(), marks.blocks().collect())
	}

	#[test]
	fn after_a_loss_of_power_records_are_applied_in_their_order() {
		let dir = layer(&[
			blocks(7, 5 * 4096, true, &[(1, 1), (3, 3)]),
			// Another file, which is gone.
			blocks(8, 4096, true, &[(0, 8)]),
			blocks(7, 5 * 4096, true, &[(1, 2)]),
			LogRecord::bare(Head::Cut { ino: 7, size: 4096 + 10 }),
			blocks(7, 3 * 4096 + 5, true, &[(3, 4)]),
		]);
		fs::write(live_path(&dir.path().join("gen"), 7), [0xff]).unwrap();
		let (content, marks) = recovered(dir.path(), Since::MachineRestarted);
		let mut expected = vec![0xaa; 4096];
		expected.extend([2; 10]);
		expected.resize(3 * 4096, 0);
		expected.extend([4; 5]);
		assert!(content == expected);
		assert_eq!(marks, [1, 3], "marks that were not synced do not count");
		assert!(!data_path(&dir.path().join("files"), 8).exists(), "what is removed stays so");
	}

	#[test]
	fn what_was_synced_itself_is_not_overwritten_by_what_was_logged_before() {
		let dir = layer(&[
			blocks(7, 5 * 4096, false, &[(0, 1)]),
			LogRecord::bare(Head::Synced { ino: 7 }),
			blocks(7, 5 * 4096, false, &[(2, 2)]),
		]);
		let (content, marks) = recovered(dir.path(), Since::MachineRestarted);
		let bytes: Vec<u8> = content.chunks(4096).map(|block| block[0]).collect();
		assert_eq!(bytes, [0xaa, 0xaa, 2, 0xaa, 0xaa]);
		assert_eq!(marks, [0; 0], "a file with nothing below has no map");
	}

	#[test]
	fn after_the_process_ended_what_the_kernel_has_counts() {
		let dir = layer(&[blocks(7, 4096, true, &[(0, 1)])]);
		fs::write(live_path(&dir.path().join("gen"), 7), [0b101]).unwrap();
		let (content, marks) = recovered(dir.path(), Since::ProcessEnded);
		assert!(content == vec![0xaa; 5 * 4096]);
		assert_eq!(marks, [0, 2], "all that was acknowledged is durable now");
	}
}
