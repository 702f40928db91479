//! Manifests, tables of chunks and traces, as a publisher that nobody trusts may have stored them.

#![no_main]

use codec::{Decode, Encode};
use granary_fuzz::{block_on, Input};
use granary_snapshot::{
	BoxFuture, ChunkTable, Entry, EntryKind, Manifest, ObjectId, ObjectStore, StoreError, Trace,
};
use std::{collections::HashMap, sync::Mutex};

/// Objects in memory, named by their hash or by whatever an input says.
#[derive(Debug, Default)]
struct Objects(Mutex<HashMap<ObjectId, Vec<u8>>>);

impl Objects {
	fn insert(&self, id: ObjectId, bytes: Vec<u8>) {
		self.0.lock().expect("no panic before").insert(id, bytes);
	}
}

impl ObjectStore for Objects {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		*blake3::hash(bytes).as_bytes()
	}

	fn put_many(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> BoxFuture<'_, Result<u64, StoreError>> {
		let bytes = objects.iter().map(|(_, bytes)| bytes.len() as u64).sum();
		objects.into_iter().for_each(|(id, bytes)| self.insert(id, bytes));
		Box::pin(async move { Ok(bytes) })
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		let found = self.0.lock().expect("no panic before").get(&id).cloned();
		let missing =
			StoreError::Unreadable { id, reason: "it is not there".to_owned(), transient: false };
		Box::pin(async move { found.ok_or(missing) })
	}
}

const HEAD: ObjectId = [1; 32];

#[derive(Encode, Decode)]
struct Head {
	version: u8,
	length: u64,
	segments: Vec<ObjectId>,
}

/// Reads the manifest that is stored under [`HEAD`].
fn read(store: &Objects) -> Option<Manifest> {
	let manifest = block_on(Manifest::load(store, HEAD)).ok()?;
	manifest.validate().expect("what was read is valid");
	let (again, _) = block_on(manifest.store(store)).expect("what was read can be stored");
	let same = block_on(Manifest::load(store, again)).expect("what is stored can be read");
	assert_eq!(same, manifest);
	let head = |id| block_on(store.get(id)).expect("it is there");
	let length = |id| Head::decode(&mut head(id).as_slice()).expect("a head").length;
	assert_eq!(length(HEAD), length(again), "a manifest has two lengths");
	Some(manifest)
}

fn manifests(input: &mut Input<'_>) {
	let store = Objects::default();
	let flags = input.byte();
	let cut = input.below(300);
	let page = input.short_piece().to_vec();
	store.insert([3; 32], page);
	let bytes = input.rest();
	match flags & 3 {
		0 => store.insert(HEAD, bytes.to_vec()),
		1 => {
			let (front, back) = bytes.split_at(cut.min(bytes.len()));
			store.insert([2; 32], front.to_vec());
			store.insert([4; 32], back.to_vec());
			let segments = vec![[2; 32], [4; 32]];
			let head = Head { version: 2, length: bytes.len() as u64, segments };
			store.insert(HEAD, head.encode());
		},
		_ => {
			store.insert([2; 32], bytes.to_vec());
			let head = Head { version: 2, length: bytes.len() as u64, segments: vec![[2; 32]] };
			store.insert(HEAD, head.encode());
		},
	}
	let Some(manifest) = read(&store) else { return };
	let _ = manifest.total_bytes();
	for (number, entry) in manifest.entries.iter().enumerate().take(16) {
		let EntryKind::File { size, chunk_bytes, .. } = &entry.kind else { continue };
		// A file of a petabyte has a table of gigabytes, which its reader asks for in pages.
		let chunks = size.div_ceil(u64::from(*chunk_bytes));
		if chunks < 100_000 {
			if let Ok(ids) = block_on(manifest.chunk_ids(&store, number)) {
				assert_eq!(ids.len() as u64, chunks);
			}
		}
	}
}

fn traces(bytes: &[u8]) {
	if let Ok(trace) = Trace::from_bytes(bytes) {
		assert_eq!(trace.to_bytes(), bytes, "a trace has two forms");
		assert!(trace.accesses.iter().all(|(file, _)| (file.0 as usize) < trace.files.len()));
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() & 1 {
		0 => manifests(&mut input),
		_ => traces(input.rest()),
	}
}

fn entry(path: &str, kind: EntryKind) -> Entry {
	Entry { path: path.as_bytes().to_vec(), kind, mode: 0o644, uid: 1, gid: 2, mtime_ns: 3 }
}

fn seeds() -> Vec<Vec<u8>> {
	let file = |size, chunks| EntryKind::File { size, chunk_bytes: 4096, chunks };
	let manifest = Manifest {
		name: "a snapshot".to_owned(),
		created_unix_ms: 1,
		parent: Some([8; 32]),
		trace: None,
		chain: Some(Default::default()),
		entries: vec![
			entry("", EntryKind::Directory),
			entry("dir", EntryKind::Directory),
			entry("dir/few", file(5000, ChunkTable::Inline(vec![Some([5; 32]), None]))),
			entry("dir/many", file(20 * 4096, ChunkTable::Pages(vec![Some([3; 32])]))),
			entry("link", EntryKind::Symlink { target: b"dir/few".to_vec() }),
		],
	};
	let page: Vec<Option<ObjectId>> = (0..20).map(|n| (n % 2 == 0).then_some([n; 32])).collect();
	let page = page.encode();
	let body = manifest.encode();
	let with = |flags: u8, body: &[u8]| {
		let short = &page[..page.len().min(255)];
		[&[0, flags, 100, 0, short.len() as u8], short, body].concat()
	};
	let head = Head { version: 2, length: 0, segments: vec![] }.encode();
	let trace = Trace {
		files: vec![b"dir/few".to_vec()],
		accesses: vec![(codec::Compact(0), codec::Compact(700))],
	};
	vec![
		with(0, &head),
		with(1, &body),
		with(2, &body),
		[&[1], trace.to_bytes().as_slice()].concat(),
	]
}

granary_fuzz::target!(run, seeds: seeds);
