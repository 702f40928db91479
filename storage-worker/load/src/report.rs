//! What came of it.

use crate::{answers::Sent, churn::Tally, contracts::Pace};
use anyhow::Result;
use granary_chain::{ChainClient, EntrySize};
use granary_primitives::{audit::AuditClock, AllotmentId, BlockNumber};
use std::{
	collections::BTreeMap,
	fmt,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, PoisonError,
	},
	time::Duration,
};

/// Pallets whose state grows with allotments.
const PALLETS: [&str; 2] = ["Reservations", "Audits"];

/// How far finality was behind the newest block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finality {
	samples: u64,
	sum: u64,
	pub(crate) most: BlockNumber,
}

/// Samples finality every few seconds until it is told to stop.
pub(crate) async fn watch(chains: Arc<Vec<ChainClient>>, stop: Arc<AtomicBool>) -> Finality {
	let mut finality = Finality::default();
	while !stop.load(Ordering::Relaxed) {
		tokio::time::sleep(Duration::from_secs(3)).await;
		for chain in chains.iter() {
			// One that is down says nothing; one that starts again is behind and catches up.
			let (Ok(best), Ok((final_block, _))) =
				(chain.best_number().await, chain.finalised().await)
			else {
				continue;
			};
			let lag = best.saturating_sub(final_block);
			finality.samples += 1;
			finality.sum += u64::from(lag);
			finality.most = finality.most.max(lag);
		}
	}
	finality
}

/// Where the chain stood when the load began or ended.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
	block: BlockNumber,
	clock: AuditClock,
	session: u32,
}

impl Moment {
	pub(crate) async fn now(chain: &ChainClient) -> Result<Self> {
		Ok(Self {
			block: chain.finalised().await?.0,
			clock: chain.audit_clock().await?,
			session: chain.session().await?,
		})
	}
}

/// Proven and missed audits of all allotments.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Audits {
	pub(crate) proven: u64,
	pub(crate) missed: u64,
}

impl Audits {
	pub(crate) async fn count(chain: &ChainClient, allotments: &[AllotmentId]) -> Result<Self> {
		let mut audits = Self::default();
		for allotment in allotments {
			if let Some(status) = chain.audit_status(*allotment).await? {
				audits.proven += u64::from(status.proven);
				audits.missed += u64::from(status.missed);
			}
		}
		Ok(audits)
	}
}

/// Everything that is printed at the end.
pub(crate) struct Report {
	pub(crate) paces: [(&'static str, Pace); 2],
	pub(crate) began: Moment,
	pub(crate) ended: Moment,
	pub(crate) finality: Finality,
	pub(crate) sent: Arc<Sent>,
	pub(crate) audits: Audits,
	pub(crate) tally: Tally,
	pub(crate) state: Vec<EntrySize>,
	pub(crate) allotments: usize,
}

impl Report {
	/// The sizes of the state that grows with allotments.
	pub(crate) async fn state(chain: &ChainClient) -> Result<Vec<EntrySize>> {
		let mut state = Vec::new();
		for pallet in PALLETS {
			state.extend(chain.state_of_pallet(pallet).await?);
		}
		Ok(state)
	}

	/// What must not have happened, if it did.
	pub(crate) fn failures(&self, most_lag: BlockNumber) -> Vec<String> {
		let mut failures = Vec::new();
		if self.audits.missed > 0 {
			failures.push(format!("{} audits were missed", self.audits.missed));
		}
		if self.audits.proven == 0 {
			failures.push("no audit was proven".to_owned());
		}
		if self.finality.most > most_lag {
			failures.push(format!("finality was {} blocks behind", self.finality.most));
		}
		// The first block of a session has no room for transactions, so no tick passes in it. One block more or less since
		// the three numbers are asked one after the other.
		let without_cause = u64::from(self.blocks())
			.saturating_sub(self.ticks())
			.saturating_sub(u64::from(self.sessions()) + 1);
		if without_cause > 0 {
			failures.push(format!("the audit clock stood still for {without_cause} blocks"));
		}
		failures
	}

	fn blocks(&self) -> BlockNumber {
		self.ended.block.saturating_sub(self.began.block)
	}

	fn sessions(&self) -> u32 {
		self.ended.session.saturating_sub(self.began.session)
	}

	fn ticks(&self) -> u64 {
		u64::from(self.ended.clock.tick.saturating_sub(self.began.clock.tick))
	}

	fn state_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let allotments = self.allotments as f64;
		let mut total = BTreeMap::<&str, u64>::new();
		for size in self.state.iter().filter(|size| size.keys as usize * 50 >= self.allotments) {
			let bytes = size.key_bytes + size.value_bytes;
			*total.entry("values").or_default() += size.value_bytes;
			*total.entry("keys").or_default() += size.key_bytes;
			writeln!(
				f,
				"  {:<34} {:>8} entries {:>7.1} B values {:>7.1} B with keys, per allotment",
				format!("{}.{}", size.pallet, size.entry),
				size.keys,
				size.value_bytes as f64 / allotments,
				bytes as f64 / allotments,
			)?;
		}
		let [values, keys] =
			["values", "keys"].map(|part| total.get(part).copied().unwrap_or(0) as f64);
		writeln!(
			f,
			"  state per allotment: {:.1} B of values, {:.1} B with keys",
			values / allotments,
			(values + keys) / allotments
		)
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for (what, pace) in &self.paces {
			let seconds = pace.time.as_secs_f64();
			writeln!(f, "{what}: {} in {seconds:.0} s, {:.1}/s", pace.count, pace.per_second())?;
		}
		let (blocks, ticks, sessions) = (self.blocks(), self.ticks(), self.sessions());
		writeln!(f, "blocks: {blocks}, ticks: {ticks}, first blocks of sessions, without a tick: {sessions}")?;
		let mean = self.finality.sum as f64 / self.finality.samples.max(1) as f64;
		writeln!(
			f,
			"finality behind: {mean:.1} blocks on average, {} at most",
			self.finality.most
		)?;
		let [proofs, bytes, again, refused] =
			[&self.sent.proofs, &self.sent.bytes, &self.sent.again, &self.sent.refused]
				.map(|counter| counter.load(Ordering::Relaxed));
		writeln!(
			f,
			"proofs sent: {proofs} ({:.1} KiB each), {again} of them again, {refused} refused",
			bytes as f64 / 1024.0 / (proofs + refused).max(1) as f64
		)?;
		writeln!(f, "audits: {} proven, {} missed", self.audits.proven, self.audits.missed)?;
		for (kind, (done, failed)) in
			self.tally.lock().unwrap_or_else(PoisonError::into_inner).iter()
		{
			writeln!(f, "random {kind}: {done} done, {failed} failed")?;
		}
		writeln!(f, "state of {} allotments:", self.allotments)?;
		self.state_lines(f)
	}
}
