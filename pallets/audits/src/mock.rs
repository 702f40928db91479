//! A runtime with this pallet alone: allotments, keys and randomness are set by the tests.

use crate as pallet_audits;
use crate::{types::HostBlake2, TargetedTerms};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::Mutate, Authorize, ConstU128, ConstU32, ConstU64, Hooks},
	weights::{Weight, WeightMeter},
};
use granary_por::{Hasher, Peaks, TreeSource};
use granary_primitives::{
	audit::{Challenge, Checkpoint, DueAudit, SignedCheckpoint},
	message,
	reservation::AuditProfile,
	traits::{AllotmentView, Allotments, AuditKeys, AuditSchedule},
	AllotmentId, Balance, BlockNumber, Hash, NodeId, PublicKey, Signature, Tick,
};
use sp_core::{sr25519, Pair};
use sp_runtime::{
	traits::{Dispatchable, IdentityLookup},
	transaction_validity::TransactionSource,
	AccountId32, BuildStorage, Perbill,
};
use std::{cell::RefCell, collections::BTreeMap};

pub(crate) type Block = frame_system::mocking::MockBlockU32<Test>;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;

	#[runtime::pallet_index(2)]
	pub type Balances = pallet_balances::Pallet<Test>;

	#[runtime::pallet_index(1)]
	pub type Audits = pallet_audits::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<10>;
}

parameter_types! {
	/// What this block's author contributes.
	pub static Vrf: Option<Hash> = None;
	/// What the previous epoch left.
	pub static Epoch: Option<Hash> = Some([7; 32]);
	/// Calls to the till: allotment, proven, from, to.
	pub static Till: Vec<(AllotmentId, bool, BlockNumber, BlockNumber)> = Vec::new();
	/// Shares of bonds that were taken, and for whom.
	pub static Slashed: Vec<(AllotmentId, Perbill, Option<AccountId32>)> = Vec::new();
	/// Allotments that were lost, and whether the node declared it.
	pub static Lost: Vec<(AllotmentId, bool)> = Vec::new();
	/// Nodes in maintenance.
	pub static Resting: Vec<NodeId> = Vec::new();
	/// Who is paid for the nodes' work.
	pub static Payee: Option<AccountId32> = None;
	/// Audits that one tick opens.
	pub static MaxAuditsPerTick: u32 = 4;
	/// Misses that one block records.
	pub static MaxClosingsPerBlock: u32 = 4;
}

thread_local! {
	static ALLOTMENTS: RefCell<BTreeMap<AllotmentId, AllotmentView<AccountId32>>> =
		const { RefCell::new(BTreeMap::new()) };
	static KEYS: RefCell<BTreeMap<NodeId, PublicKey>> = const { RefCell::new(BTreeMap::new()) };
}

/// Allotments and keys that a test has declared.
#[allow(unreachable_pub, reason = "a type of the configuration of a public runtime is public")]
pub struct World;

impl World {
	pub(crate) fn set(id: AllotmentId, view: AllotmentView<AccountId32>) {
		ALLOTMENTS.with_borrow_mut(|map| map.insert(id, view));
	}

	pub(crate) fn change(id: AllotmentId, change: impl FnOnce(&mut AllotmentView<AccountId32>)) {
		ALLOTMENTS.with_borrow_mut(|map| change(map.get_mut(&id).unwrap()));
	}

	pub(crate) fn is_live(id: AllotmentId) -> bool {
		ALLOTMENTS.with_borrow(|map| map.get(&id).is_some_and(|view| view.live))
	}

	pub(crate) fn set_key(node: NodeId, key: Option<PublicKey>) {
		KEYS.with_borrow_mut(|map| match key {
			Some(key) => map.insert(node, key),
			None => map.remove(&node),
		});
	}
}

impl AuditKeys for World {
	fn audit_key(node: NodeId) -> Option<PublicKey> {
		KEYS.with_borrow(|map| map.get(&node).copied())
	}

	fn in_maintenance(node: NodeId) -> bool {
		Resting::get().contains(&node)
	}
}

impl Allotments<AccountId32> for World {
	fn allotment(allotment: AllotmentId) -> Option<AllotmentView<AccountId32>> {
		ALLOTMENTS.with_borrow(|map| map.get(&allotment).cloned())
	}

	fn proven(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) {
		Till::mutate(|till| till.push((allotment, true, from, to)));
	}

	fn missed(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) {
		Till::mutate(|till| till.push((allotment, false, from, to)));
	}

	fn slash(allotment: AllotmentId, share: Perbill, to: Option<&AccountId32>) -> Balance {
		let taken = share * BOND;
		Slashed::mutate(|slashed| slashed.push((allotment, share, to.cloned())));
		if let Some(to) = to {
			Balances::mint_into(to, taken).unwrap();
		}
		taken
	}

	fn lost(allotment: AllotmentId, declared: bool) {
		Lost::mutate(|lost| lost.push((allotment, declared)));
		World::change(allotment, |view| view.live = false);
		// As reservations may do when an allotment ends.
		<Audits as AuditSchedule>::closed(allotment);
	}

	fn payee(_allotment: AllotmentId) -> Option<AccountId32> {
		Payee::get()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_allotment_for_benchmark(
		tenant: &AccountId32,
		audit_key: PublicKey,
		bytes: u64,
	) -> AllotmentId {
		let id = ALLOTMENTS.with_borrow(|map| map.len() as AllotmentId + 1);
		let node = id as NodeId;
		World::set_key(node, Some(audit_key));
		let tenant = tenant.clone();
		World::set(
			id,
			AllotmentView {
				reservation: 1,
				node,
				tenant,
				bytes,
				profile: AuditProfile::Standard,
				live: true,
			},
		);
		id
	}
}

impl pallet_audits::Config for Test {
	type AuthorVrf = Vrf;
	type EpochRandomness = Epoch;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type AuditKeys = World;
	type Allotments = World;
	type MaxAuditsPerTick = MaxAuditsPerTick;
	type MaxClosingsPerBlock = MaxClosingsPerBlock;
	type MaxLeavesPerAudit = ConstU32<64>;
	type MaxLeafCount = ConstU64<{ 1 << 33 }>;
	type WeightInfo = ();
}

/// Short terms, so that a test sees many audits.
pub(crate) const PARAMETERS: pallet_audits::Parameters = pallet_audits::Parameters {
	period_ticks: 30,
	jitter_ticks: 3,
	window_ticks: 10,
	leaves_per_audit: 4,
	// Tests that look at the schedule alone are not disturbed.
	spot_period_ticks: 0,
	targeted: TargetedTerms { deposit: 1000, price: 100, cooldown_ticks: 50, ..TERMS },
	..pallet_audits::Parameters::DEFAULT
};
const TERMS: TargetedTerms = TargetedTerms::DEFAULT;

/// The bond of each allotment.
pub(crate) const BOND: Balance = 1_000_000;
/// What buyers start with.
pub(crate) const WEALTH: Balance = 100_000;

/// An account with money.
pub(crate) fn buyer(number: u8) -> AccountId32 {
	AccountId32::new([200 + number; 32])
}

/// A chain at block 1 without past.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ALLOTMENTS.with_borrow_mut(BTreeMap::clear);
	KEYS.with_borrow_mut(BTreeMap::clear);
	Till::set(Vec::new());
	Slashed::set(Vec::new());
	Lost::set(Vec::new());
	Resting::set(Vec::new());
	Payee::set(None);
	MaxAuditsPerTick::set(4);
	MaxClosingsPerBlock::set(4);
	Vrf::set(None);
	Epoch::set(Some([7; 32]));
	let storage = RuntimeGenesisConfig {
		system: Default::default(),
		balances: pallet_balances::GenesisConfig {
			balances: (0..8).map(|number| (buyer(number), WEALTH)).collect(),
			..Default::default()
		},
		audits: pallet_audits::GenesisConfig { parameters: PARAMETERS, ..Default::default() },
	}
	.build_storage()
	.unwrap();
	let mut ext = sp_io::TestExternalities::from(storage);
	ext.register_extension(sp_keystore::KeystoreExt::new(
		sp_keystore::testing::MemoryKeystore::new(),
	));
	ext.execute_with(|| begin_block(1));
	ext
}

/// Runs a test and checks the storage's invariants at its end.
pub(crate) fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Audits::do_try_state().unwrap();
	});
}

/// Starts block `number` as the executive does.
pub(crate) fn begin_block(number: BlockNumber) {
	System::set_block_number(number);
	System::set_extrinsic_index(0);
	System::reset_events();
	Audits::on_initialize(number);
	Audits::on_poll(number, &mut WeightMeter::new());
}

/// Ends the present block with a fresh VRF and starts the next.
pub(crate) fn next_block() {
	let number = System::block_number();
	Vrf::set(Some(HostBlake2::hash(&number.to_le_bytes())));
	end_block();
	begin_block(number + 1);
}

/// Ends the present block with whatever VRF is set.
pub(crate) fn end_block() {
	let number = System::block_number();
	Audits::on_idle(number, Weight::MAX);
	Audits::on_finalize(number);
}

/// Goes on until the tick is `tick`.
pub(crate) fn run_to_tick(tick: Tick) {
	while Audits::audit_clock().tick < tick {
		next_block();
	}
}

/// A tenant, a node and the log that both know.
pub(crate) struct Party {
	pub(crate) tenant: sr25519::Pair,
	pub(crate) node: sr25519::Pair,
	pub(crate) allotment: AllotmentId,
	pub(crate) log: Log,
	pub(crate) last: Checkpoint,
}

/// A log in memory.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Vec<[u8; 512]>);

impl Log {
	pub(crate) fn root(&self) -> Hash {
		let mut peaks = Peaks::new();
		self.0.iter().for_each(|leaf| peaks.push_value(leaf));
		peaks.root()
	}
}

impl TreeSource for Log {
	type Error = ();

	fn leaf(&self, index: u64) -> Result<[u8; 512], ()> {
		self.0.get(index as usize).copied().ok_or(())
	}

	fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
		let Some(below) = level.checked_sub(1) else {
			return Ok(HostBlake2::hash(&self.leaf(index)?));
		};
		let pair = [self.node(below, 2 * index)?, self.node(below, 2 * index + 1)?].concat();
		Ok(HostBlake2::hash(&pair))
	}
}

impl Party {
	/// A live allotment of 1 MiB on a node of its own.
	pub(crate) fn new(allotment: AllotmentId) -> Self {
		let tenant = sr25519::Pair::from_string(&format!("//tenant{allotment}"), None).unwrap();
		let node = sr25519::Pair::from_string(&format!("//node{allotment}"), None).unwrap();
		let node_id = allotment as NodeId;
		World::set_key(node_id, Some(node.public().0));
		World::set(
			allotment,
			AllotmentView {
				reservation: 1,
				node: node_id,
				tenant: tenant.public().0.into(),
				bytes: 1 << 20,
				profile: AuditProfile::Standard,
				live: true,
			},
		);
		Self { tenant, node, allotment, log: Log::default(), last: Checkpoint::default() }
	}

	/// Appends leaves and signs the next checkpoint.
	pub(crate) fn grow(&mut self, leaves: u64) -> SignedCheckpoint {
		for _ in 0..leaves {
			let number = self.log.0.len() as u64 + self.allotment * 1000;
			let mut leaf = [0; 512];
			leaf[..8].copy_from_slice(&number.to_le_bytes());
			self.log.0.push(leaf);
		}
		self.last = Checkpoint {
			allotment: self.allotment,
			epoch: self.last.epoch + 1,
			root: self.log.root(),
			leaf_count: self.log.0.len() as u64,
			previous_root: self.last.root,
		};
		self.sign(self.last)
	}

	/// Both signatures over a checkpoint.
	pub(crate) fn sign(&self, checkpoint: Checkpoint) -> SignedCheckpoint {
		let message = message::checkpoint(&Audits::genesis_hash(), &checkpoint);
		SignedCheckpoint {
			checkpoint,
			tenant_signature: self.tenant.sign(&message).0,
			node_signature: self.node.sign(&message).0,
		}
	}

	/// Records the next checkpoint of a log that grew by `leaves`.
	pub(crate) fn checkpoint(&mut self, leaves: u64) {
		let signed = self.grow(leaves);
		submit(vec![signed]).unwrap();
	}

	/// Goes on until an audit of this allotment is listed, and returns it.
	pub(crate) fn await_audit(&self) -> DueAudit {
		for _ in 0..2000 {
			let due = Audits::due_audits(None, 100);
			if let Some(due) = due.into_iter().find(|due| due.allotment == self.allotment) {
				return due;
			}
			next_block();
		}
		panic!("allotment {} is not audited", self.allotment);
	}

	/// Answers an audit as soon as its window opens.
	pub(crate) fn answer(&self, due: &DueAudit) {
		run_to_tick(due.opens_tick);
		let (proof, signature) = self.prove(due);
		let proof = proof.try_into().unwrap();
		let call = pallet_audits::Call::submit_proof {
			allotment: self.allotment,
			tick: due.tick,
			challenge: due.challenge(),
			proof,
			signature,
		};
		authorized(call.into()).unwrap();
	}

	/// Lets an audit pass without an answer.
	pub(crate) fn miss(&self, due: &DueAudit) {
		run_to_tick(due.deadline_tick + 1);
	}

	/// The proof of an audit and the node's signature.
	pub(crate) fn prove(&self, due: &DueAudit) -> (Vec<u8>, Signature) {
		let proof = granary_por::build(&self.log, due.leaf_count, &due.leaves).unwrap();
		let signature = self.sign_proof(due.tick, &proof);
		(proof, signature)
	}

	/// The node's signature over any proof.
	pub(crate) fn sign_proof(&self, tick: Tick, proof: &[u8]) -> Signature {
		let hash = HostBlake2::hash(proof);
		let message = message::proof(&Audits::genesis_hash(), self.allotment, tick, &hash);
		self.node.sign(&message).0
	}
}

/// What the open audit of an allotment asks; nothing sensible if none is open.
pub(crate) fn asked(allotment: AllotmentId) -> Challenge {
	let due = Audits::due_audits(None, 100);
	let due = due.into_iter().find(|due| due.allotment == allotment);
	due.map(|due| due.challenge()).unwrap_or_default()
}

/// Authorises a call as the pool does, and executes it.
pub(crate) fn authorized(call: RuntimeCall) -> sp_runtime::DispatchResult {
	let validity = call.authorize(TransactionSource::External).expect("the call is authorised");
	validity.map_err(|_| sp_runtime::DispatchError::Other("refused by the pool"))?;
	let origin = frame_system::Origin::<Test>::Authorized.into();
	call.dispatch(origin).map(|_| ()).map_err(|e| e.error)
}

/// Submits checkpoints from some account.
pub(crate) fn submit(checkpoints: Vec<SignedCheckpoint>) -> sp_runtime::DispatchResult {
	let origin = RuntimeOrigin::signed(AccountId32::new([9; 32]));
	// Dispatching through the call gives it the storage layer that a real extrinsic has.
	let call = RuntimeCall::Audits(pallet_audits::Call::submit_checkpoints {
		checkpoints: checkpoints.try_into().unwrap(),
	});
	call.dispatch(origin).map(|_| ()).map_err(|e| e.error)
}
