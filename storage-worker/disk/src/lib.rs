//! The one door through which the store and its log trees reach their files.
//!
//! [`Disk`] opens, lists, renames and removes; [`DiskFile`] reads, writes and makes durable. By default both are the
//! operating system's files, reached through one branch that is always predicted. A [`FileSystem`] of another kind can take
//! its place; the one that is here, [`SimulatedDisk`], lies in memory, knows of each file what is durable and what is merely
//! written, fails at the call that a test names, and after a loss of power keeps no more than a disk promises.
//!
//! ```
//! use granary_disk::{Disk, Open, SimulatedDisk};
//! use std::path::Path;
//!
//! let simulated = SimulatedDisk::new(7);
//! let disk = Disk::from(simulated.clone());
//! let (dir, name) = (Path::new("/store"), Path::new("/store/log"));
//! disk.make_dirs(dir)?;
//! let file = disk.open(name, Open::Replace)?;
//! file.write_all_at(b"durable", 0)?;
//! file.sync_all()?;
//! disk.sync_dir(dir)?;
//! file.write_all_at(b", lost", 7)?;
//! drop(file);
//! simulated.cut_power();
//! simulated.restore_power(granary_disk::Loss::All);
//! assert_eq!(disk.read(name)?, b"durable");
//! # Ok::<(), std::io::Error>(())
//! ```

#![warn(clippy::indexing_slicing)]

mod direct;
mod door;
mod simulated;
mod sys;
mod system;

pub use direct::DirectReader;
pub use door::{Disk, DiskFile, Entry, FileOperations, FileSystem, Open};
pub use simulated::{Fault, FaultKind, Loss, SimulatedDisk, SECTOR_BYTES};
