//! What codes can do on one core: GB/s of data encoded, and of data of which as many shards as there is parity are rebuilt. `scripts/bench` runs it, and
//! ISA-L beside it where that is installed.
//!
//! Usage: `codes DATA PARITY SHARD_BYTES`
#![allow(clippy::print_stdout, reason = "it is for reading")]
#![allow(dead_code, reason = "a part of what the benchmarks share is used")]

mod bench;

use bench::{noise, Outcome};
use reed_solomon_erasure::galois_8::ReedSolomon;
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};
use std::hint::black_box;

const ROUNDS: usize = 2000;

/// Nanoseconds that this thread has run for: others may use the machine.
fn processor_ns() -> Outcome<f64> {
	let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
	Ok(times.split(' ').next().ok_or("no time of this thread")?.parse()?)
}

struct Case {
	data: usize,
	parity: usize,
	shards: Vec<Vec<u8>>,
}

impl Case {
	/// GB/s of data over all rounds.
	fn rate(&self, mut round: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
		let bytes: usize = self.shards.iter().map(Vec::len).sum();
		let began = processor_ns()?;
		for _ in 0..ROUNDS {
			round()?;
		}
		Ok((bytes * ROUNDS) as f64 / (processor_ns()? - began))
	}

	fn erasure(&self) -> Outcome<(f64, f64)> {
		let coder = ReedSolomon::new(self.data, self.parity)?;
		let bytes = self.shards.first().map_or(0, Vec::len);
		let mut parity = vec![vec![0; bytes]; self.parity];
		let encoded = self.rate(|| Ok(coder.encode_sep(&self.shards, &mut parity)?))?;
		let mut all: Vec<(Vec<u8>, bool)> =
			self.shards.iter().chain(&parity).map(|shard| (shard.clone(), true)).collect();
		let rebuilt = self.rate(|| {
			all.iter_mut().take(self.parity).for_each(|(_, is_there)| *is_there = false);
			Ok(coder.reconstruct_data(&mut all)?)
		})?;
		let same = all.iter().zip(&self.shards).all(|((rebuilt, _), shard)| rebuilt == shard);
		same.then_some((encoded, rebuilt)).ok_or_else(|| "it was rebuilt wrongly".into())
	}

	fn simd(&self) -> Outcome<(f64, f64)> {
		let bytes = self.shards.first().map_or(0, Vec::len);
		let mut encoder = ReedSolomonEncoder::new(self.data, self.parity, bytes)?;
		let mut parity = Vec::new();
		let encoded = self.rate(|| {
			for shard in &self.shards {
				encoder.add_original_shard(shard)?;
			}
			let coded = encoder.encode()?;
			if parity.is_empty() {
				parity = coded.recovery_iter().map(<[u8]>::to_vec).collect();
			}
			black_box(coded);
			Ok(())
		})?;
		let mut decoder = ReedSolomonDecoder::new(self.data, self.parity, bytes)?;
		let mut is_right = false;
		let rebuilt = self.rate(|| {
			for (number, shard) in self.shards.iter().enumerate().skip(self.parity) {
				decoder.add_original_shard(number, shard)?;
			}
			for (number, shard) in parity.iter().enumerate() {
				decoder.add_recovery_shard(number, shard)?;
			}
			let decoded = decoder.decode()?;
			if !is_right {
				is_right = decoded.restored_original(0) == self.shards.first().map(Vec::as_slice);
			}
			Ok(())
		})?;
		is_right.then_some((encoded, rebuilt)).ok_or_else(|| "it was rebuilt wrongly".into())
	}
}

fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<usize> {
		Ok(arguments.next().ok_or("usage: codes DATA PARITY SHARD_BYTES")?.parse()?)
	};
	let (data, parity, bytes) = (number()?, number()?, number()?);
	let shards = (0..data).map(|shard| noise(shard as u64 + 1, bytes)).collect();
	let case = Case { data, parity, shards };
	for (name, (encoded, rebuilt)) in
		[("reed-solomon-erasure", case.erasure()?), ("reed-solomon-simd", case.simd()?)]
	{
		println!("  {name}: encodes {encoded:.1} GB/s, rebuilds {parity} at {rebuilt:.1} GB/s");
	}
	Ok(())
}
