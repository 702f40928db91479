//! From a reservation on chain to a dataset that can be read and written.
//!
//! Here the chain, dispersal and snapshots meet: [`open`] turns allotments and nodes into backends,
//! [`DatasetStore`] gives snapshots their object store, [`checkpoint`] makes what was written count.

mod checkpoint;
mod command;
mod directory;
mod fingerprints;
mod open;
mod release;
mod store;

pub(crate) use checkpoint::{record_checkpoints, Shrunk};
pub(crate) use command::{run, DatasetCommand};
pub(crate) use open::{
	key_of, key_of_dataset, load_or_create_key, open_for_healing, open_for_reading,
	open_for_writing, OpenDataset,
};
pub(crate) use store::{ArchiveStore, DatasetStore, PackStore};
