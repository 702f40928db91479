//! What a node owes over time: maintenance, keys, bond, reports.

use crate::{
	types::{Maintenance, NextKeys, Node, Uptime},
	Certifiers, Config, Error, GridParameters, HoldReason, NodeOfAuditKey, Nodes, Pallet, Uptimes,
};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use granary_primitives::{Balance, BlockNumber, NodeId, PublicKey};
use sp_runtime::DispatchError;

/// Seconds by which a node's clock may differ from the chain's.
const MAX_DRIFT_SECONDS: u64 = 60;

impl<T: Config> Node<T> {
	/// The keys that are valid at a block: audit and transport.
	pub(crate) fn keys_at(&self, now: BlockNumber) -> (PublicKey, PublicKey) {
		match self.next_keys {
			Some(next) if next.from <= now => (next.audit_key, next.transport_key),
			_ => (self.audit_key, self.transport_key),
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn ensure_certifier(origin: OriginFor<T>) -> DispatchResult {
		let account = ensure_signed(origin)?;
		ensure!(Certifiers::<T>::get().contains(&account), Error::<T>::NotCertifier);
		Ok(())
	}

	pub(crate) fn do_withdraw_bond(
		operator: &T::AccountId,
		node: NodeId,
		amount: Balance,
	) -> DispatchResult {
		Self::mutate_node(operator, node, |record| {
			let left = record.bond.checked_sub(amount).filter(|_| amount > 0);
			let left = left.ok_or(Error::<T>::NotEnoughBond)?;
			ensure!(left >= record.bond_used, Error::<T>::NotEnoughBond);
			ensure!(left >= T::MinNodeBond::get(), Error::<T>::BondTooLow);
			let reason = HoldReason::NodeBond.into();
			T::Currency::release(&reason, operator, amount, Precision::Exact)?;
			record.bond = left;
			Ok(())
		})
	}

	/// Enters a window of maintenance and charges it to the budget of the year in which it starts.
	pub(crate) fn announce(
		record: &mut Node<T>,
		start: BlockNumber,
		end: BlockNumber,
	) -> DispatchResult {
		let parameters = GridParameters::<T>::get();
		let now = Self::now();
		let before = record.maintenance;
		ensure!(before.end <= now || before.start == before.end, Error::<T>::MaintenancePending);
		let earliest = now.saturating_add(parameters.maintenance_notice_blocks);
		ensure!(start >= earliest && end > start, Error::<T>::NoticeTooShort);
		let year = start / parameters.year_blocks.max(1);
		let used = if before.year == year { before.used } else { 0 };
		let used = used.saturating_add(end - start);
		ensure!(used <= parameters.maintenance_budget_blocks, Error::<T>::BudgetExceeded);
		let (year_before, used_before) = (before.year, before.used);
		record.maintenance = Maintenance { start, end, year, used, year_before, used_before };
		Ok(())
	}

	pub(crate) fn cancel_announced(record: &mut Node<T>) -> DispatchResult {
		let Maintenance { start, end, year_before, used_before, .. } = record.maintenance;
		ensure!(start < end && Self::now() < start, Error::<T>::NoMaintenance);
		// A window of a later year must not make the node forget what it used of this one.
		let (year, used) = (year_before, used_before);
		record.maintenance = Maintenance { start: 0, end: 0, year, used, year_before, used_before };
		Ok(())
	}

	/// Announces new keys and returns the block from which they are valid.
	pub(crate) fn do_rotate(
		operator: &T::AccountId,
		node: NodeId,
		audit_key: PublicKey,
		transport_key: PublicKey,
	) -> Result<BlockNumber, DispatchError> {
		let now = Self::now();
		let from = now.saturating_add(GridParameters::<T>::get().rotation_delay_blocks);
		Self::mutate_node(operator, node, |record| {
			if let Some(next) = record.next_keys.take() {
				ensure!(next.from <= now, Error::<T>::RotationPending);
				// The rotation before is complete: its keys are the present ones, the old one is free.
				if record.audit_key != next.audit_key {
					NodeOfAuditKey::<T>::remove(record.audit_key);
				}
				record.audit_key = next.audit_key;
				record.transport_key = next.transport_key;
			}
			// The present key may stay, when only the transport key changes.
			let owner = NodeOfAuditKey::<T>::get(audit_key);
			ensure!(owner.is_none() || audit_key == record.audit_key, Error::<T>::AuditKeyInUse);
			NodeOfAuditKey::<T>::insert(audit_key, node);
			record.next_keys = Some(NextKeys { audit_key, transport_key, from });
			Ok(())
		})?;
		Ok(from)
	}

	pub(crate) fn do_cancel_rotation(operator: &T::AccountId, node: NodeId) -> DispatchResult {
		let now = Self::now();
		Self::mutate_node(operator, node, |record| {
			let next = record.next_keys.filter(|next| next.from > now);
			let next = next.ok_or(Error::<T>::NoRotation)?;
			if next.audit_key != record.audit_key {
				NodeOfAuditKey::<T>::remove(next.audit_key);
			}
			record.next_keys = None;
			Ok(())
		})
	}

	pub(crate) fn do_report_uptime(
		node: NodeId,
		mut uptime_seconds: u64,
		at_seconds: u64,
	) -> DispatchResult {
		let chain_seconds = T::Now::get() / 1000;
		ensure!(at_seconds.abs_diff(chain_seconds) <= MAX_DRIFT_SECONDS, Error::<T>::BadUptime);
		ensure!(uptime_seconds <= at_seconds, Error::<T>::BadUptime);
		if let Some(last) = Uptimes::<T>::get(node) {
			ensure!(at_seconds > last.at_seconds, Error::<T>::BadUptime);
			// Either it has been up since the last report, or it started after it.
			let passed = at_seconds - last.at_seconds;
			let went_on = last.uptime_seconds.saturating_add(passed);
			if uptime_seconds > passed {
				let drift = uptime_seconds.abs_diff(went_on);
				ensure!(drift <= MAX_DRIFT_SECONDS, Error::<T>::BadUptime);
				// Kept as time says, or the drift of one report would be added to that of the next.
				uptime_seconds = went_on;
			}
		}
		let report = Uptime { uptime_seconds, at_seconds, block: Self::now() };
		Uptimes::<T>::insert(node, report);
		Ok(())
	}

	/// Whether a node is in a window of maintenance that it announced.
	pub(crate) fn is_in_maintenance(node: NodeId) -> bool {
		let now = Self::now();
		Nodes::<T>::get(node).is_some_and(|record| {
			let Maintenance { start, end, .. } = record.maintenance;
			(start..end).contains(&now)
		})
	}
}
