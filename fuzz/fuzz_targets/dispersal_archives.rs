//! Archives: the content that was put together, the id that says how, and the order of a node's leaves.

#![no_main]

use granary_dispersal::{
	fuzzing::{archive_of, pack_of},
	DatasetKey, Layout, LeafOrder, Pipeline,
};
use granary_fuzz::Input;
use std::sync::{Arc, OnceLock};

fn key() -> DatasetKey {
	format!("granary-dataset-1:{}", "5a".repeat(48)).parse().expect("a key")
}

fn pipeline() -> Arc<Pipeline> {
	static PIPELINE: OnceLock<Arc<Pipeline>> = OnceLock::new();
	PIPELINE
		.get_or_init(|| Arc::new(Pipeline::new(key(), 2, 1, vec![0, 1, 2]).expect("a geometry")))
		.clone()
}

fn scratch() -> tempfile::TempDir {
	tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

fn packs(content: &[u8]) {
	let dir = scratch();
	let Ok(pack) = pack_of(dir.path(), content, pipeline()) else { return };
	assert!(pack.objects() <= content.len() / 36);
	let _ = pack.get(&pack.root());
	// Every id that the content could name: what is answered is the object of that id.
	for at in (0..content.len().saturating_sub(36)).take(64) {
		let id: [u8; 32] = content[at + 4..at + 36].try_into().expect("32 bytes");
		if let Ok(Some(plain)) = pack.get(&id) {
			assert!(pack.object_id(&plain) == id || !plain.is_empty());
		}
	}
}

fn ids(input: &mut Input<'_>) {
	let (data, total) = (usize::from(input.byte()), usize::from(input.byte()));
	let head: [u8; 22] = input.array();
	if let Some((_, layout)) = archive_of(&key(), &head, data, total) {
		check_layout(layout, input.long());
	}
	let bytes = input.long() >> (input.byte() % 64);
	if let Ok(layout) = Layout::for_bytes(data, total, bytes) {
		assert!(layout.content_bytes() >= bytes);
		let again = Layout::from_parts(data, total, layout.blocks(), layout.data_rows());
		assert_eq!(again, Some(layout));
		check_layout(layout, input.long());
	}
}

fn check_layout(layout: Layout, slice: u64) {
	assert!(layout.values() > 0 && layout.leaves() > 0 && layout.content_bytes() > 0);
	assert!(layout.parity_rows() * 20 >= layout.rows());
	let slice = slice % layout.leaves();
	let (block, row) = layout.block_and_row(slice);
	assert!(block < layout.blocks() && row < layout.rows());
	let order = LeafOrder::new(&[3; 32], layout.leaves());
	assert!(order.slice(slice) < layout.leaves());
}

/// An order visits each leaf once.
fn orders(input: &mut Input<'_>) {
	let leaves = 1 + u64::from(input.short() % 2000);
	let order = LeafOrder::new(&input.array(), leaves);
	let mut seen = vec![false; leaves as usize];
	for position in 0..leaves {
		let place = &mut seen[order.slice(position) as usize];
		assert!(!*place, "a leaf is visited twice");
		*place = true;
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() % 3 {
		0 => packs(input.rest()),
		1 => ids(&mut input),
		_ => orders(&mut input),
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let mut pack = vec![0];
	for text in [b"one object".as_slice(), b"another object"] {
		let id = pipeline().id(text);
		let sealed =
			granary_dispersal::ObjectCodec::new(key()).seal(&id, text).expect("it is sealed");
		pack.extend((sealed.len() as u32).to_le_bytes());
		pack.extend(id);
		pack.extend(sealed);
	}
	pack.extend([0; 4]);
	pack.extend([1; 32]);
	let mut id = vec![1, 4, 6];
	id.extend([0; 16]);
	id.extend(3_u32.to_le_bytes());
	id.extend(600_u16.to_le_bytes());
	id.extend([77; 17]);
	vec![pack, id, vec![2, 99, 0, 1, 2, 3]]
}

granary_fuzz::target!(run, seeds: seeds);
