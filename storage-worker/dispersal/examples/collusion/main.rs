//! Prints what all nodes together achieve against sealed archives: the figures of `docs/adr/0007`, and a simulation beside them.
#![allow(
	clippy::print_stdout,
	clippy::indexing_slicing,
	missing_docs,
	reason = "it is for reading"
)]

mod attack;

use attack::{Attack, Choice, SAMPLES};
use granary_dispersal::{Layout, Soundness};
use rand::{rngs::StdRng, SeedableRng};
use std::error::Error;

fn soundness(data: usize, total: usize, blocks: usize, rows: usize) -> Option<Soundness> {
	let layout = Layout::from_parts(data, total, blocks, rows)?;
	Some(Soundness { layout, samples: SAMPLES, share: 1.0 })
}

/// The fewest samples from each node with which the best attack succeeds with 2^-40 at most.
fn samples_for_40_bits(mut soundness: Soundness, colluders: usize) -> u32 {
	soundness.samples = 1;
	while soundness.worst_of(colluders).log2 > -40.0 {
		soundness.samples += 1;
	}
	soundness.samples
}

fn tables() -> Option<()> {
	let full = soundness(16, 20, 1, 61_440)?;
	println!("16+4, one block of 64,674 rows, {SAMPLES} leaves of each log in a round:");
	println!("colluders | best fraction to drop | log2 of destroying and not being noticed | samples for 2^-40");
	for colluders in [5, 6, 8, 10, 12, 16, 20] {
		let worst = full.worst_of(colluders);
		let samples = samples_for_40_bits(full, colluders);
		println!("{colluders} | {:.1} % | {:.1} | {samples}", worst.dropped * 100.0, worst.log2);
	}
	println!("\ngeometry | storage | log2, one round | one day of 8 rounds | rounds for 2^-40");
	for (data, parity) in [(2, 1), (4, 2), (8, 4), (10, 5), (16, 4), (16, 8), (20, 10)] {
		let one = soundness(data, data + parity, 1, 61_440)?;
		let rounds = |count| Soundness { samples: SAMPLES * count, ..one }.worst().log2;
		let needed = (1..).find(|count| rounds(*count) <= -40.0)?;
		let layout = one.layout;
		let stored = layout.leaves() as f64 * 512.0 * layout.total_shards() as f64;
		let factor = stored / layout.content_bytes() as f64;
		println!("{data}+{parity} | {factor:.3} | {:.1} | {:.1} | {needed}", rounds(1), rounds(8));
	}
	println!("\n16+4: rows of content in a block | blocks | log2, one round");
	for (rows, blocks) in
		[(512, 1), (4096, 1), (16_384, 1), (61_440, 1), (61_440, 100), (61_440, 4000)]
	{
		println!("{rows} | {blocks} | {:.1}", soundness(16, 20, blocks, rows)?.worst().log2);
	}
	println!("\n16+4: the archive's share of the log | log2, one round | a day | rounds for 2^-40");
	for share in [1.0, 0.5, 0.2, 0.1, 0.05, 0.01] {
		let one = Soundness { share, ..full };
		let rounds = |count| Soundness { samples: SAMPLES * count, ..one }.worst().log2;
		let needed = (1..).find(|count| rounds(*count) <= -40.0)?;
		println!("{share} | {:.1} | {:.1} | {needed}", rounds(1), rounds(8));
	}
	Some(())
}

fn simulation() -> Option<()> {
	let layout = Layout::from_parts(16, 20, 1, 61_440)?;
	let mut random = StdRng::from_entropy();
	println!(
		"\nsimulated, 16+4, all twenty drop: rows lost, of which {} are repaired",
		layout.parity_rows()
	);
	for fraction in [0.08, 0.09, 0.1, 0.11] {
		let expected = Soundness { layout, samples: SAMPLES, share: 1.0 }.row_loss(&[fraction; 20])
			* layout.rows() as f64;
		print!("{:.0} %: {expected:.0} expected", fraction * 100.0);
		for choice in Choice::ALL {
			let attack =
				Attack { layout, colluders: 20, fraction, choice, is_ordered_secretly: true };
			let outcome = attack.run(&mut random);
			let became = match (outcome.is_unnoticed, outcome.is_destroyed) {
				(true, _) => "unnoticed",
				(false, true) => "too many, noticed",
				(false, false) => "noticed",
			};
			print!(", {choice:?} {} ({became})", outcome.lost_rows);
		}
		println!();
	}
	Some(())
}

fn main() -> Result<(), Box<dyn Error>> {
	tables().and_then(|()| simulation()).ok_or("one of the shapes does not exist")?;
	Ok(())
}
