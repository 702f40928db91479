//! Removals: how an audited log becomes shorter.
//!
//! Whoever may write names the keys that are to go. A log of the same records without them is made beside the present one, with its own tree
//! ([`Namespace::prepare_removal`]); the present one serves and proves on, and what is appended to it meanwhile is appended to the other as
//! well. The new log takes the old one's place ([`Store::apply_removal`](crate::Store::apply_removal)) when whoever drives the store says
//! that it is in force. Until it is signed for ([`Namespace::sign_removal`]) it can be dropped at any time and does not
//! survive a restart; from then on it is kept through crashes until it is applied or superseded.
//!
//! A key that is going counts as absent for those who ask whether it exists, and can be written again; it can be read to the end. So a writer
//! that relies on what is there never relies on what is going. One that asked before keeps a *hold*
//! ([`Namespace::hold`]): nothing should be signed for while one is older than the removal.

use crate::{
	engine::{
		compact::Pace,
		copy::Place,
		generation::{self, Mark},
		location::Location,
		namespace::Namespace,
		record::Header,
		retired::Retired,
	},
	limits::{HOLDS_MAX, HOLD_MAX_SECONDS, REMOVAL_KEYS_MAX},
	ZdbError,
};
use granary_por::Hash;
use parking_lot::Mutex;
use std::{
	collections::{HashMap, HashSet},
	sync::{atomic::Ordering::Relaxed, Arc},
	time::{Duration, Instant},
};

/// Between the last sequence of a log and the first of the one that follows it, so that a replica which asks for records of the
/// old one is seen to do so, however much is appended before the change.
const SEQUENCE_GAP: u64 = 1 << 40;
/// What must stay free on the disk beside the copy.
const SPARE_BYTES: u64 = 16 << 20;

/// How far a removal is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RemovalStage {
	/// There is none.
	#[default]
	Idle,
	/// Keys are being named.
	Collecting,
	/// The log without them is being made, or will be next.
	Preparing,
	/// It could not be made, for this reason.
	Failed(String),
	/// It is there and can be signed for.
	Prepared,
	/// It was signed for, in this epoch.
	Signed {
		/// The epoch of the signature.
		epoch: u64,
	},
}

/// Where a removal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemovalStatus {
	/// How far it is.
	pub stage: RemovalStage,
	/// Bytes of the present log that were looked at.
	pub done_bytes: u64,
	/// Bytes of the present log.
	pub total_bytes: u64,
	/// Leaves of the present log up to which records were left out; what is behind them is in both logs.
	pub cut_leaves: u64,
	/// Leaves of the log that was prepared, before what is in both.
	pub leaf_count: u64,
	/// The root over them.
	pub root: Hash,
	/// Holds that are older than the removal.
	pub older_holds: u64,
}

/// A writer that relies on what it found.
#[derive(Debug)]
struct Hold {
	since: Instant,
	until: Instant,
}

/// What is known of a removal before its log is there, and of those who stand in its way.
#[derive(Debug, Default)]
pub(crate) struct Plan {
	stage: RemovalStage,
	/// Records that are to go.
	leaving: HashSet<Location>,
	/// Since when keys that are going count as absent.
	since: Option<Instant>,
	holds: HashMap<Vec<u8>, Hold>,
}

impl Plan {
	fn older_holds(&mut self) -> u64 {
		let now = Instant::now();
		self.holds.retain(|_, hold| hold.until > now);
		let is_older = |hold: &&Hold| self.since.is_none_or(|since| hold.since < since);
		self.holds.values().filter(is_older).count() as u64
	}
}

/// The log that waits to take the present one's place.
#[derive(Debug)]
pub(crate) struct Successor {
	pub(super) namespace: Arc<Namespace>,
	/// Its epoch is 0 until it is signed for.
	mark: Mutex<Mark>,
	/// Where in the present log the next record is that is not in this one; `None` after a restart, until it was looked for.
	behind: Mutex<Option<Place>>,
}

impl Successor {
	/// One that was signed for, found on open.
	pub(super) fn found(namespace: Namespace, mark: Mark) -> Self {
		Self { namespace: Arc::new(namespace), mark: Mutex::new(mark), behind: Mutex::new(None) }
	}

	fn mark(&self) -> Mark {
		*self.mark.lock()
	}

	pub(super) fn is_signed(&self) -> bool {
		self.mark.lock().epoch > 0
	}
}

impl Namespace {
	pub(super) fn successor(&self) -> Option<Arc<Successor>> {
		self.successor.read().clone()
	}

	/// Whether the record under this key is going. It can be read as long as it is there.
	pub(super) fn is_leaving(
		&self,
		key: &[u8],
		location: Location,
		header: &Header,
	) -> Result<bool, ZdbError> {
		if self.audit.is_none() {
			return Ok(false);
		}
		match self.successor() {
			Some(successor) if header.sequence < successor.mark().cut_sequence => {
				Ok(successor.namespace.find(key)?.is_none())
			},
			Some(_) => Ok(false),
			None => {
				let plan = self.plan.lock();
				Ok(plan.stage == RemovalStage::Preparing && plan.leaving.contains(&location))
			},
		}
	}

	/// Begins to name keys. What was named or prepared before, but not signed for, is dropped.
	pub fn begin_removal(&self) -> Result<(), ZdbError> {
		self.writable_config()?;
		if self.audit.is_none() {
			return Err(ZdbError::NotAudited);
		}
		self.drop_removal()?;
		self.plan.lock().stage = RemovalStage::Collecting;
		Ok(())
	}

	/// Names a key that is to go. `false` if there is no such key.
	pub fn add_to_removal(&self, key: &[u8]) -> Result<bool, ZdbError> {
		let found = self.find(key)?;
		let mut plan = self.plan.lock();
		if plan.stage != RemovalStage::Collecting {
			return Err(ZdbError::NoRemoval);
		}
		let Some((location, _)) = found else { return Ok(false) };
		if plan.leaving.len() >= REMOVAL_KEYS_MAX {
			return Err(ZdbError::RemovalTooLarge { max: REMOVAL_KEYS_MAX });
		}
		plan.leaving.insert(location);
		Ok(true)
	}

	/// All keys are named: the store's background thread makes the log without them.
	pub fn ask_for_removal(&self) -> Result<(), ZdbError> {
		let mut plan = self.plan.lock();
		if plan.stage != RemovalStage::Collecting {
			return Err(ZdbError::NoRemoval);
		}
		plan.stage = RemovalStage::Preparing;
		plan.since = Some(Instant::now());
		Ok(())
	}

	/// Whether a log without the named keys is to be made.
	pub(crate) fn wants_removal(&self) -> bool {
		self.plan.lock().stage == RemovalStage::Preparing && self.successor.read().is_none()
	}

	/// Makes the log without the named keys beside the present one. Readers and writers go on; `pace` may slow it down or stop it.
	pub fn prepare_removal(&self, pace: Pace<'_>) -> Result<(), ZdbError> {
		let _only_one = self.compacting.lock();
		if !self.wants_removal() || self.is_removed() {
			return Ok(());
		}
		let made = self.make_successor(pace);
		let mut plan = self.plan.lock();
		match made {
			Ok(Some(successor)) => {
				*self.successor.write() = Some(Arc::new(successor));
				plan.leaving = HashSet::new();
				plan.stage = RemovalStage::Prepared;
				Ok(())
			},
			Ok(None) => Ok(()),
			Err(error) => {
				plan.leaving = HashSet::new();
				plan.stage = RemovalStage::Failed(error.to_string());
				Err(error)
			},
		}
	}

	/// `None` if it was stopped. What was not finished leaves nothing on the disk.
	fn make_successor(&self, pace: Pace<'_>) -> Result<Option<Successor>, ZdbError> {
		let number = self.generation.checked_add(1).ok_or(ZdbError::Full)?;
		let made = self.make_generation(number, pace);
		if !matches!(made, Ok(Some(_))) {
			generation::remove(&self.environment.disk, &self.dir, number)?;
		}
		made
	}

	fn make_generation(&self, number: u32, pace: Pace<'_>) -> Result<Option<Successor>, ZdbError> {
		let leaving = self.plan.lock().leaving.clone();
		self.check_room(&leaving)?;
		let dir = generation::make(&self.environment.disk, &self.dir, number)?;
		let (cut_sequence, cut_leaves) = self.log.next_numbers();
		let own_first = cut_sequence.saturating_add(SEQUENCE_GAP);
		let mut retired = Retired::default();
		retired.note_sequence(own_first - 1);
		retired.store(&self.environment.disk, &dir)?;
		let (namespace, _) = self.open_beside(number)?;
		let start = Place::start(&self.log);
		let stays = |key: &[u8], location: Location| {
			self.is_current(key, location) && !leaving.contains(&location)
		};
		let copied = self.copy_records(start, cut_sequence, &namespace, &stays, pace)?;
		let Some(behind) = copied else { return Ok(None) };
		namespace.sync_all()?;
		let (leaf_count, root, _) = namespace.log_state()?;
		let own_sequence = namespace.next_record();
		let mark = Mark { cut_sequence, cut_leaves, own_sequence, leaf_count, root, epoch: 0 };
		Ok(Some(Successor {
			namespace: Arc::new(namespace),
			mark: Mutex::new(mark),
			behind: Mutex::new(Some(behind)),
		}))
	}

	/// The copy is no part of the quota, or a full namespace could never become smaller; but the disk must have room for it.
	fn check_room(&self, leaving: &HashSet<Location>) -> Result<(), ZdbError> {
		let mut leaving_bytes = 0;
		let mut buffer = Vec::new();
		for location in leaving {
			leaving_bytes += self.log.read_head(*location, &mut buffer)?.0.record_len();
		}
		let needed_bytes = self.log.disk_bytes().saturating_sub(leaving_bytes) + SPARE_BYTES;
		let free_bytes = self.environment.disk.free_bytes(&self.dir);
		let free_bytes = free_bytes.map_err(|error| ZdbError::file("look at", &self.dir, error))?;
		if needed_bytes > free_bytes {
			return Err(ZdbError::NoRoom { needed_bytes, free_bytes });
		}
		Ok(())
	}

	/// Appends to the log that waits what the present one got since.
	pub(super) fn catch_up(&self, successor: &Successor) -> Result<(), ZdbError> {
		let mut behind = successor.behind.lock();
		self.flush()?;
		let mark = successor.mark();
		let copied = successor.namespace.next_record().saturating_sub(mark.own_sequence);
		let from = mark.cut_sequence + copied;
		let until = self.log.next_sequence();
		if from >= until {
			return Ok(());
		}
		let place = match *behind {
			Some(place) => place,
			None => self.place_of(from)?,
		};
		// Should it fail half way, the place is looked for again.
		*behind = None;
		*behind =
			self.copy_records(place, until, &successor.namespace, &|_, _| true, &mut |_| true)?;
		Ok(())
	}

	/// Where the removal stands.
	pub fn removal_status(&self) -> RemovalStatus {
		let (successor, mut plan) = (self.successor(), self.plan.lock());
		let total_bytes = self.log.disk_bytes();
		let mut status = RemovalStatus {
			stage: plan.stage.clone(),
			total_bytes,
			older_holds: plan.older_holds(),
			done_bytes: self.removal_done.load(Relaxed).min(total_bytes),
			..RemovalStatus::default()
		};
		if let Some(successor) = successor {
			let mark = successor.mark();
			(status.cut_leaves, status.leaf_count) = (mark.cut_leaves, mark.leaf_count);
			(status.root, status.done_bytes) = (mark.root, total_bytes);
			status.stage = match mark.epoch {
				0 => RemovalStage::Prepared,
				epoch => RemovalStage::Signed { epoch },
			};
		}
		status
	}

	/// Makes durable that the prepared log is signed for in this epoch; from then on it is kept. Signing for a later epoch again is
	/// possible.
	///
	/// Errors: [`ZdbError::NoRemoval`] if no log with this leaf count and root is prepared.
	pub fn sign_removal(&self, epoch: u64, leaf_count: u64, root: &Hash) -> Result<(), ZdbError> {
		let successor = self.successor().ok_or(ZdbError::NoRemoval)?;
		let mut mark = successor.mark.lock();
		if (mark.leaf_count, &mark.root) != (leaf_count, root) || epoch == 0 {
			return Err(ZdbError::NoRemoval);
		}
		// What was appended since the cut may have to be copied again from the present log, so that has to be there.
		self.sync()?;
		let signed = Mark { epoch: epoch.max(mark.epoch), ..*mark };
		signed.store(&self.environment.disk, &successor.namespace.log_dir)?;
		*mark = signed;
		Ok(())
	}

	/// Gives up a removal that is not signed for.
	///
	/// Errors: [`ZdbError::RemovalSigned`] if it is, [`ZdbError::RemovalBusy`] while its log is being made.
	pub fn drop_removal(&self) -> Result<(), ZdbError> {
		let _not_preparing = self.compacting.try_lock().ok_or(ZdbError::RemovalBusy)?;
		if let Some(successor) = self.successor() {
			if let Some(epoch) = Some(successor.mark().epoch).filter(|epoch| *epoch > 0) {
				return Err(ZdbError::RemovalSigned { epoch });
			}
		}
		self.forget_successor()
	}

	/// Gives up a removal whose signature cannot count any more, because another log was recorded in its epoch.
	pub fn supersede_removal(&self) -> Result<(), ZdbError> {
		let _not_preparing = self.compacting.lock();
		self.forget_successor()
	}

	fn forget_successor(&self) -> Result<(), ZdbError> {
		let successor = self.successor.write().take();
		let mut plan = self.plan.lock();
		(plan.stage, plan.leaving, plan.since) = (RemovalStage::Idle, HashSet::new(), None);
		drop(plan);
		self.removal_done.store(0, Relaxed);
		if let Some(successor) = successor {
			successor.namespace.close(false);
			generation::remove(&self.environment.disk, &self.dir, successor.namespace.generation)?;
		}
		Ok(())
	}

	/// Keeps nothing from being signed for that was begun after the writer `token`, which began so long ago, for the given time; with none it is given up.
	///
	/// Errors: [`ZdbError::TooManyHolds`].
	pub fn hold(&self, token: &[u8], held: Duration, ahead: Duration) -> Result<(), ZdbError> {
		if self.audit.is_none() {
			return Err(ZdbError::NotAudited);
		}
		let now = Instant::now();
		let mut plan = self.plan.lock();
		plan.holds.retain(|_, hold| hold.until > now);
		if ahead.is_zero() {
			plan.holds.remove(token);
			return Ok(());
		}
		if plan.holds.len() >= HOLDS_MAX && !plan.holds.contains_key(token) {
			return Err(ZdbError::TooManyHolds { max: HOLDS_MAX });
		}
		let since = now.checked_sub(held).unwrap_or(now);
		let until = now + ahead.min(Duration::from_secs(HOLD_MAX_SECONDS));
		plan.holds.insert(token.to_vec(), Hold { since, until });
		Ok(())
	}

	/// Brings the log that is signed for to the disk, with everything that the present one has, and lets nothing be appended to that one any more.
	/// `in_force` makes the generation with that number the current one, durably, and has it found; if it fails, everything is as before.
	pub(crate) fn succeed(
		&self,
		in_force: &mut dyn FnMut(u32, Arc<Namespace>) -> Result<(), ZdbError>,
	) -> Result<(), ZdbError> {
		let successor = self.successor().filter(|successor| successor.is_signed());
		let successor = successor.ok_or(ZdbError::NoRemoval)?;
		// Most of it is done while writers go on.
		self.catch_up(&successor)?;
		successor.namespace.sync_all()?;
		let _no_writers = self.gate.write();
		self.catch_up(&successor)?;
		successor.namespace.sync_all()?;
		let next = successor.namespace.clone();
		in_force(next.generation, next.clone())?;
		next.plan.lock().holds = std::mem::take(&mut self.plan.lock().holds);
		*self.successor.write() = None;
		// In this order: readers never meet one that was removed for good.
		self.set_replaced();
		self.close(false);
		Ok(())
	}

	/// Bytes of the log that is being made or waits.
	pub(super) fn successor_bytes(&self) -> u64 {
		self.successor().map_or(0, |successor| successor.namespace.log.disk_bytes())
	}
}
