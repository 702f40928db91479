//! What the benchmarking command measures.

frame_benchmarking::define_benchmarks!(
	[frame_system, frame_system_benchmarking::Pallet::<crate::Runtime>]
	[pallet_balances, crate::Balances]
	[pallet_timestamp, crate::Timestamp]
	[pallet_governance, crate::Governance]
	[pallet_oracle, crate::Oracle]
	[pallet_grid, crate::Grid]
	[pallet_reservations, crate::Reservations]
	[pallet_audits, crate::Audits]
	[pallet_snapshots, crate::Snapshots]
	[pallet_validators, crate::Validators]
);

impl frame_system_benchmarking::Config for crate::Runtime {}
