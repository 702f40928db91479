//! The indexes in memory, driven by any sequence of changes, beside maps of the standard library.

#![no_main]

use granary_fuzz::Input;
use granary_zdb::fuzzing::{Ids, Keys};
use std::collections::{BTreeMap, HashMap};

/// A place that no other key has: a record belongs to one key.
fn place(input: &mut Input<'_>, step: &mut u64) -> u64 {
	*step += 1;
	u64::from(input.word()) << 31 | *step
}

fn keys(input: &mut Input<'_>) {
	let (mut index, mut model) = (Keys::default(), HashMap::<Vec<u8>, u64>::new());
	let mut step = 0;
	while !input.is_empty() {
		let key = vec![input.byte() % 64; 1 + usize::from(input.byte() % 4)];
		let old = model.get(&key).copied();
		let operation = input.byte();
		let new = (operation % 3 != 0).then(|| place(input, &mut step));
		match (old, new) {
			// As opening does it, and as requests do.
			_ if operation & 64 == 0 => {
				assert_eq!(index.set(&key, new, |at| old == Some(at)), old, "{key:?}");
			},
			(_, Some(new)) => index.replace(&key, old, new),
			(Some(old), None) => index.remove(&key, old),
			(None, None) => {},
		}
		match new {
			Some(new) => model.insert(key.clone(), new),
			None => model.remove(&key),
		};
		let (found, wanted) = (index.candidates(&key), model.get(&key));
		assert!(wanted.is_none_or(|wanted| found.contains(wanted)), "{key:?} is lost");
	}
	assert_eq!(index.len(), model.len() as u64);
	for (key, wanted) in &model {
		assert!(index.candidates(key).contains(wanted), "{key:?} is lost");
	}
}

fn ids(input: &mut Input<'_>) {
	let (index, mut model) = (Ids::default(), BTreeMap::<u64, u64>::new());
	let mut step = 0;
	while !input.is_empty() {
		let (id, operation) = (u64::from(input.short()), input.byte());
		// Most ids are near each other, some are far away.
		let id = if operation & 8 == 0 { id } else { id << (operation >> 4) };
		let new = (operation & 3 != 0).then(|| place(input, &mut step));
		index.set(id, new);
		match new {
			Some(new) => model.insert(id, new),
			None => model.remove(&id),
		};
		assert_eq!(index.get(id), new);
		assert_eq!(index.next_from(id), model.range(id..).next().map(|(id, _)| *id));
		assert_eq!(index.last_before(id), model.range(..id).next_back().map(|(id, _)| *id));
	}
	assert_eq!(index.len(), model.len() as u64);
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() & 1 {
		0 => keys(&mut input),
		_ => ids(&mut input),
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let steps = |first: u8| {
		let mut bytes = vec![first];
		for number in 0..120_u8 {
			bytes.extend([
				number.wrapping_mul(37),
				number % 4,
				number % 7,
				1,
				2,
				3,
				4,
				5,
				6,
				7,
				number,
			]);
		}
		bytes
	};
	vec![steps(0), steps(1)]
}

granary_fuzz::target!(run, seeds: seeds);
