//! What chain and workers say to each other in SCALE: what is read is written as it was read, and keeps the bound that its type promises.

#![no_main]

use codec::{DecodeAll, Encode, MaxEncodedLen};
use granary_fuzz::Input;
use granary_primitives::{
	audit::*, grid::*, message, refusal::ProofRefusal, reservation::*, snapshot::*,
};

fn repeat<T: DecodeAll + Encode>(mut bytes: &[u8]) {
	let given = bytes;
	if let Ok(value) = T::decode_all(&mut bytes) {
		assert_eq!(value.encode(), given, "{} has two forms", std::any::type_name::<T>());
	}
}

fn repeat_bounded<T: DecodeAll + Encode + MaxEncodedLen>(bytes: &[u8]) {
	repeat::<T>(bytes);
	if T::decode_all(&mut &*bytes).is_ok() {
		assert!(bytes.len() <= T::max_encoded_len());
	}
}

/// Signed messages of one kind differ where their contents do.
fn messages(bytes: &[u8]) {
	let half = bytes.len() / 2;
	let (Ok(one), Ok(other)) =
		(Checkpoint::decode_all(&mut &bytes[..half]), Checkpoint::decode_all(&mut &bytes[half..]))
	else {
		return;
	};
	let genesis = [4; 32];
	let (first, second) =
		(message::checkpoint(&genesis, &one), message::checkpoint(&genesis, &other));
	assert_eq!(first == second, one == other);
}

macro_rules! kinds {
	($number:expr, $bytes:expr, $($function:ident::<$kind:ty>),+ $(,)?) => {{
		let all: &[fn(&[u8])] = &[$($function::<$kind>),+, messages];
		all[usize::from($number) % all.len()]($bytes);
	}};
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	let number = input.byte();
	let bytes = input.rest();
	kinds!(
		number,
		bytes,
		repeat_bounded::<Checkpoint>,
		repeat_bounded::<SignedCheckpoint>,
		repeat_bounded::<SealedCheckpoint>,
		repeat_bounded::<SignedSealedCheckpoint>,
		repeat_bounded::<Removal>,
		repeat_bounded::<SignedRemoval>,
		repeat_bounded::<LogHead>,
		repeat_bounded::<Seal>,
		repeat_bounded::<AuditRecord>,
		repeat::<AuditKind>,
		repeat::<AuditOutcome>,
		repeat::<DueAudit>,
		repeat_bounded::<Challenge>,
		repeat::<AuditStatus>,
		repeat::<AuditClock>,
		repeat::<OpenAuditInfo>,
		repeat::<BoughtAudit>,
		repeat::<AuditDetails>,
		repeat::<CalendarPage>,
		repeat::<Detection>,
		repeat::<TwinInfo>,
		repeat::<FarmInfo>,
		repeat::<NodeInfo>,
		repeat::<NodeSearch>,
		repeat::<NodeReport>,
		repeat::<ReservationState>,
		repeat::<AuditProfile>,
		repeat::<ReservationInfo>,
		repeat::<ReservationDetails>,
		repeat::<Terms>,
		repeat::<Policy>,
		repeat::<ReservationHealth>,
		repeat::<Quote>,
		repeat::<DayEarnings>,
		repeat::<AllotmentInfo>,
		repeat::<DatabaseKind>,
		repeat::<SnapshotStatement>,
		repeat::<SnapshotSignature>,
		repeat::<GrantInfo>,
		repeat::<SnapshotInfo>,
		repeat::<ProofRefusal>,
	);
}

fn seeds() -> Vec<Vec<u8>> {
	let checkpoint =
		Checkpoint { allotment: 1, epoch: 2, leaf_count: 3, root: [4; 32], previous_root: [5; 32] };
	let bytes = checkpoint.encode();
	let mut seeds =
		vec![[&[0], bytes.as_slice()].concat(), [&[42], bytes.as_slice(), &bytes].concat()];
	// Zeros are a value of most types, if they are as many as it takes.
	for number in 0..42 {
		seeds.push([&[number], [0; 90].as_slice()].concat());
	}
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
