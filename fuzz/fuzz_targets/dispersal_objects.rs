//! Sealed objects and shards: as nodes may give them, and with valid seals around any content, as only the dataset's own writer could
//! make them.

#![no_main]

use granary_dispersal::{
	fuzzing::{sealed_of, shard_of},
	DatasetKey, ObjectCodec, Pipeline, OBJECT_BYTES_MAX,
};
use granary_fuzz::Input;
use std::sync::OnceLock;

const ID: [u8; 32] = [9; 32];
/// The object's id was drawn, so that any content is the object of this id.
const FLAG_DRAWN: u8 = 2;

fn key() -> DatasetKey {
	format!("granary-dataset-1:{}", "5a".repeat(48)).parse().expect("a key")
}

fn codec() -> &'static ObjectCodec {
	static CODEC: OnceLock<ObjectCodec> = OnceLock::new();
	CODEC.get_or_init(|| ObjectCodec::new(key()))
}

fn pipeline(data: u8, parity: u8) -> Pipeline {
	let nodes = (0..u32::from(data + parity)).collect();
	Pipeline::new(key(), data, parity, nodes).expect("a geometry")
}

fn objects(input: &mut Input<'_>) {
	let (flags, len) = (input.byte(), input.word());
	let payload = input.rest();
	// As a node gives it: the seal does not fit.
	assert!(codec().open(&ID, payload.to_vec()).is_err());
	let sealed = sealed_of(codec(), &ID, flags, len % (2 * OBJECT_BYTES_MAX as u32), payload)
		.expect("it is sealed");
	if let Ok(plain) = codec().open(&ID, sealed) {
		assert!(plain.len() <= OBJECT_BYTES_MAX);
		assert!(flags & FLAG_DRAWN != 0 || codec().id(&plain) == ID);
	}
	let id = codec().id(payload);
	let sealed = codec().seal(&id, payload).expect("it is sealed");
	assert_eq!(codec().open(&id, sealed).expect("what is sealed opens"), payload);
}

fn shards(input: &mut Input<'_>) {
	let (data, parity) = (1 + input.byte() % 4, input.byte() % 3);
	let pipeline = pipeline(data, parity);
	let (flags, sealed_len) = (input.byte(), input.word());
	let mut values = Vec::new();
	for shard in 0..usize::from(data + parity) {
		let how = input.byte();
		let body = input.short_piece();
		values.push(match how % 4 {
			0 => None,
			1 => Some(body.to_vec()),
			_ => {
				let len = if how & 16 == 0 { sealed_len % 4096 } else { sealed_len };
				shard_of(&pipeline, &ID, shard, len, body).expect("it is whitened")
			},
		});
	}
	// Authentic frames around anything: an object or an error.
	let _ = pipeline.object(&ID, &values);
	let plain = input.rest();
	let id = pipeline.id(plain);
	let mut values: Vec<Option<Vec<u8>>> =
		pipeline.shards(&id, plain).expect("it is coded").into_iter().map(Some).collect();
	let lost = usize::from(flags) % values.len();
	if parity > 0 {
		values[lost] = None;
	}
	if parity > 1 {
		let other = (lost + 1) % values.len();
		values[other].as_mut().into_iter().flatten().take(1).for_each(|byte| *byte ^= 1);
	}
	assert_eq!(pipeline.object(&id, &values).expect("k shards are enough"), plain);
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() & 1 {
		0 => objects(&mut input),
		_ => shards(&mut input),
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let text = b"what is worth compressing ".repeat(20);
	let id = codec().id(&text);
	let sealed = codec().seal(&id, &text).expect("it is sealed");
	let mut seeds = vec![
		[&[0, 0, 4, 0, 0, 0], b"text".as_slice()].concat(),
		[&[0, 2, 4, 0, 0, 0], b"text".as_slice()].concat(),
		[&[0, 0, 0, 0, 0, 0], sealed.as_slice()].concat(),
	];
	// A frame of zstd around nothing but one repeated byte.
	let frame: [u8; 19] = [
		0x28, 0xb5, 0x2f, 0xfd, 0x60, 0, 0, 0x4d, 0, 0, 0x10, 0x61, 0x61, 1, 0, 0xfb, 0xff, 0x39,
		0xc0,
	];
	seeds.push([&[0, 3, 0, 1, 0, 0], frame.as_slice()].concat());
	for shape in [[1_u8, 1, 1], [1, 3, 2], [1, 1, 0]] {
		let mut seed = shape.to_vec();
		seed.extend([1, 40, 0, 0, 0]);
		for shard in 0..8_u8 {
			seed.extend([2, 10]);
			seed.extend([shard; 10]);
		}
		seeds.push(seed);
	}
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
