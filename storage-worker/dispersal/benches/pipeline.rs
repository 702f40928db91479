//! What sealing and opening cost without compression's help and without a network: 64 MiB in objects of 1 MiB, at 16+4.
#![allow(clippy::expect_used, missing_docs, reason = "a benchmark")]

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use granary_dispersal::{DatasetKey, ObjectId, Pipeline};
use rand::{RngCore, SeedableRng};
use std::hint::black_box;

const OBJECT_BYTES: usize = 1 << 20;
const OBJECTS: usize = 64;

fn objects() -> Vec<Vec<u8>> {
	let mut random = rand::rngs::StdRng::seed_from_u64(1);
	(0..OBJECTS)
		.map(|_| {
			let mut bytes = vec![0; OBJECT_BYTES];
			random.fill_bytes(&mut bytes);
			bytes
		})
		.collect()
}

fn pipeline(criterion: &mut Criterion) {
	let key = DatasetKey::generate().expect("the system has randomness");
	let pipeline = Pipeline::new(key, 16, 4, (0..20).collect()).expect("the geometry is possible");
	let objects = objects();
	let ids: Vec<ObjectId> = objects.iter().map(|object| pipeline.id(object)).collect();
	let shards: Vec<Vec<Option<Vec<u8>>>> = ids
		.iter()
		.zip(&objects)
		.map(|(id, object)| {
			let values = pipeline.shards(id, object).expect("an object of 1 MiB is allowed");
			values.into_iter().map(Some).collect()
		})
		.collect();
	// The four first data shards are lost: the dearest case.
	let mut damaged = shards.clone();
	damaged.iter_mut().for_each(|values| values.iter_mut().take(4).for_each(|value| *value = None));

	let mut group = criterion.benchmark_group("16+4");
	group.throughput(Throughput::Bytes((OBJECTS * OBJECT_BYTES) as u64)).sample_size(10);
	group.bench_function("seal", |bencher| {
		bencher.iter(|| {
			for object in &objects {
				black_box(pipeline.shards(&pipeline.id(object), object)).expect("it seals");
			}
		});
	});
	for (name, values) in [("open", &shards), ("open without four", &damaged)] {
		group.bench_function(name, |bencher| {
			bencher.iter(|| {
				for (id, values) in ids.iter().zip(values) {
					black_box(pipeline.object(id, values)).expect("it opens");
				}
			});
		});
	}
	group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
