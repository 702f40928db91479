//! What a base path says of its database.

use granary_primitives::{snapshot::DatabaseKind, Hash};
use granary_snapshot::ChainInfo;
use std::path::Path;

/// What a node must match to use this base path.
pub(super) fn describe_chain(
	base: &Path,
	genesis: Hash,
	height: u64,
	pruning: &str,
	software: String,
) -> ChainInfo {
	let chain_id = chain_directory(base);
	let database = database_kind(base, &chain_id);
	ChainInfo {
		database_version: database_version(base, &chain_id, &database),
		chain_id,
		genesis,
		database,
		pruning: pruning.to_owned(),
		best_number: height,
		software,
		..ChainInfo::default()
	}
}

/// The chain id is the name of the one directory below `chains/`.
fn chain_directory(base: &Path) -> String {
	std::fs::read_dir(base.join("chains"))
		.into_iter()
		.flatten()
		.flatten()
		.map(|entry| entry.file_name().to_string_lossy().into_owned())
		.next()
		.unwrap_or_default()
}

/// Which database a node's base path holds, by the directory that the node makes for it.
fn database_kind(base: &Path, chain_id: &str) -> String {
	let chain = base.join("chains").join(chain_id);
	let kind = ["paritydb", "db"].into_iter().find(|kind| chain.join(kind).is_dir());
	match kind {
		Some("db") => "rocksdb".to_owned(),
		Some(kind) => kind.to_owned(),
		None => String::new(),
	}
}

/// The version of the database's format: a line of ParityDB's `metadata`, or Substrate's `db_version` beside RocksDB.
fn database_version(base: &Path, chain_id: &str, kind: &str) -> String {
	let chain = base.join("chains").join(chain_id);
	let read = |path: &str| std::fs::read_to_string(chain.join(path)).unwrap_or_default();
	match kind {
		"paritydb" => read("paritydb/full/metadata")
			.lines()
			.find_map(|line| line.strip_prefix("version=").map(str::to_owned))
			.unwrap_or_default(),
		"rocksdb" => read("db/full/db_version").trim().to_owned(),
		_ => String::new(),
	}
}

/// The kind that the catalogue lists a manifest's database under.
pub(super) fn on_chain_kind(chain: Option<&ChainInfo>) -> DatabaseKind {
	match chain.map(|chain| chain.database.as_str()) {
		Some("paritydb") => DatabaseKind::ParityDb,
		Some("rocksdb") => DatabaseKind::RocksDb,
		_ => DatabaseKind::Other,
	}
}
