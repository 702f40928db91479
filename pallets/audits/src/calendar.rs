//! The audit calendar: which audits come when.

use crate::{
	types::{AuditedAllotment, MAX_WINDOW_TICKS, OPENING_DELAY_TICKS},
	AuditParameters, Audited, Beacon, Config, DeadlineCursor, Deadlines, Due, DueCursor, Pallet,
};
use granary_primitives::{
	audit::{CalendarCursor, CalendarEntry, CalendarPage},
	traits::Allotments,
	AllotmentId, BlockNumber, NodeId, Tick,
};

/// Audits that one page of the calendar lists at most.
pub const MAX_CALENDAR_LISTED: u32 = 1024;
/// Entries of the schedule that are looked at for one page.
const MAX_SCANNED: u32 = 16_384;
/// Ticks that are looked at for one page; most of them are empty on a small chain.
const MAX_TICKS: u32 = 8_192;

/// How the blocks of a calendar are reckoned.
struct Almanac {
	tick: Tick,
	now: BlockNumber,
	window_ticks: Tick,
}

impl Almanac {
	fn read<T: Config>() -> Self {
		Self {
			tick: Beacon::<T>::get().tick,
			now: Pallet::<T>::now(),
			window_ticks: AuditParameters::<T>::get().window_ticks,
		}
	}

	/// The earliest block at whose beginning the clock shows `tick`: the present block may mint the
	/// next one.
	fn block_of(&self, tick: Tick) -> BlockNumber {
		self.now.saturating_add(tick.saturating_sub(self.tick))
	}

	fn entry(
		&self,
		allotment: AllotmentId,
		node: NodeId,
		tick: Tick,
		deadline: Option<Tick>,
	) -> CalendarEntry {
		let deadline_tick = deadline.unwrap_or(tick.saturating_add(self.window_ticks));
		CalendarEntry {
			allotment,
			node,
			tick,
			open: deadline.is_some(),
			seed_block: self.block_of(tick).saturating_sub(1),
			opens_block: self.block_of(tick.saturating_add(OPENING_DELAY_TICKS)),
			deadline_tick,
			missed_block: self.block_of(deadline_tick.saturating_add(1)),
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The next audits of an allotment: the open one, if any, then the scheduled one.
	pub fn next_audits(allotment: AllotmentId) -> alloc::vec::Vec<CalendarEntry> {
		let Some((state, node)) = Self::audited_with_node(allotment) else {
			return Default::default();
		};
		let almanac = Almanac::read::<T>();
		let open = state
			.open
			.map(|open| almanac.entry(allotment, open.node, open.tick, Some(open.deadline_tick)));
		let scheduled = almanac.entry(allotment, node, state.next_tick, None);
		open.into_iter().chain([scheduled]).collect()
	}

	fn audited_with_node(allotment: AllotmentId) -> Option<(AuditedAllotment, NodeId)> {
		let state = Audited::<T>::get(allotment)?;
		let view = T::Allotments::allotment(allotment)?;
		Some((state, view.node))
	}

	/// A page of the scheduled audits that are not open yet, by tick: of one node or of all, from
	/// `cursor` on or from now, at most `limit` and [`MAX_CALENDAR_LISTED`] of them. A page may be
	/// shorter, even empty, although there is a next one.
	pub fn audit_calendar(
		node: Option<NodeId>,
		cursor: Option<CalendarCursor>,
		limit: u32,
	) -> CalendarPage {
		let almanac = Almanac::read::<T>();
		let limit = limit.clamp(1, MAX_CALENDAR_LISTED) as usize;
		let last = Self::last_due_tick(almanac.tick);
		let first = CalendarCursor { tick: DueCursor::<T>::get(), after: None };
		let mut at = cursor.unwrap_or(first);
		at.tick = at.tick.max(first.tick);
		let mut page = CalendarPage::default();
		let mut scanned = 0u32;
		for _ in 0..MAX_TICKS {
			if at.tick > last {
				return page;
			}
			let entries = match at.after {
				Some(allotment) => {
					let key = Due::<T>::hashed_key_for(at.tick, allotment);
					Due::<T>::iter_prefix_from(at.tick, key)
				},
				None => Due::<T>::iter_prefix(at.tick),
			};
			for (allotment, ()) in entries {
				if page.entries.len() >= limit || scanned >= MAX_SCANNED {
					page.next = Some(at);
					return page;
				}
				scanned = scanned.saturating_add(1);
				at.after = Some(allotment);
				let holder = T::Allotments::allotment(allotment).filter(|view| view.live);
				let Some(holder) = holder.map(|view| view.node) else { continue };
				if node.is_none_or(|node| node == holder) {
					// What is overdue is opened at the next tick at the earliest.
					let tick = at.tick.max(almanac.tick.saturating_add(1));
					page.entries.push(almanac.entry(allotment, holder, tick, None));
				}
			}
			at = CalendarCursor { tick: at.tick.saturating_add(1), after: None };
		}
		page.next = Some(at);
		page
	}

	/// No audit is scheduled later than this: a cold period with its jitter from now, twice for
	/// what was scheduled before parameters changed.
	fn last_due_tick(tick: Tick) -> Tick {
		let parameters = AuditParameters::<T>::get();
		let longest = parameters.period_ticks.saturating_add(parameters.jitter_ticks);
		tick.saturating_add(longest.saturating_mul(8)).saturating_add(MAX_WINDOW_TICKS)
	}

	/// Ticks by which the recording of misses is behind.
	pub fn backlog_ticks() -> Tick {
		let (tick, cursor) = (Beacon::<T>::get().tick, DeadlineCursor::<T>::get());
		let behind = Deadlines::<T>::iter_prefix(cursor).next().is_some();
		if behind {
			tick.saturating_sub(cursor)
		} else {
			0
		}
	}
}
