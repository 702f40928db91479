//! Doors for the fuzz targets under `fuzz/`: what a layer reads of its directory. They are compiled with the feature `fuzzing` alone, which nothing but
//! those targets asks for.

use crate::{
	journal::{self, Record},
	sync_log::LogRecord,
	Layer,
};

/// The valid records at the beginning of a journal, and where they end.
pub fn journal_records(bytes: &[u8]) -> (Vec<Record>, u64) {
	journal::parse(bytes)
}

/// The bytes of a journal of these records.
pub fn journal_of(records: &[Record]) -> Vec<u8> {
	records.iter().flat_map(journal::encode).collect()
}

/// Reads the record of synced writes at the beginning of `bytes`, which stands at this place of its log, and writes it: its bytes, and how many of those given it
/// was.
pub fn log_record(bytes: &[u8], place: u64) -> Option<(Vec<u8>, usize)> {
	LogRecord::decode(bytes, place).map(|(record, epoch, len)| (record.encode(epoch, place), len))
}

/// Walks through all that has a name in a layer; answers how many there are.
pub fn walk(layer: &Layer) -> usize {
	layer.names()
}
