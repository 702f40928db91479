//! Farm, treasury, solution provider and burn; earnings by day.

use super::{held, reserve, tenant};
use crate::{
	mock::*,
	types::{Options, Policy, Terms},
	Error, Event, Parameters,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{Inspect, Mutate},
};
use granary_primitives::{
	reservation::{AuditProfile, DayEarnings},
	traits::Allotments,
	Balance,
};
use sp_runtime::{DispatchError, Perbill};

fn authorized() -> RuntimeOrigin {
	frame_system::RawOrigin::Authorized.into()
}

fn signed(number: u8) -> RuntimeOrigin {
	RuntimeOrigin::signed(account(number))
}

fn with_provider(provider: Option<u32>) -> Result<(), DispatchError> {
	let terms = Terms {
		data_shards: 1,
		parity_shards: 0,
		bytes: 1 << 30,
		blocks: 1000,
		public_read: false,
		max_price_per_block: Balance::MAX,
		profile: AuditProfile::Standard,
	};
	let options = Options { provider, ..Default::default() };
	let nodes = vec![0].try_into().unwrap();
	Reservations::reserve_by_policy(tenant(), terms, nodes, Policy::default(), options)
}

#[test]
fn a_payment_is_divided_exactly() {
	run(|| {
		let changed = Parameters { burn_share: Perbill::from_percent(25), ..parameters() };
		assert_ok!(Reservations::set_parameters(RuntimeOrigin::root(), changed));
		assert_noop!(
			Reservations::register_provider(signed(40), Perbill::from_percent(51)),
			Error::<Test>::BadShare
		);
		let half = Perbill::from_percent(50);
		assert_ok!(Reservations::register_provider(signed(40), half));
		let registered =
			Event::ProviderRegistered { provider: 0, account: account(40), share: half };
		System::assert_last_event(registered.into());
		assert_noop!(with_provider(Some(0)), Error::<Test>::UnknownProvider);
		assert_noop!(Reservations::approve_provider(signed(40), 0, true), DispatchError::BadOrigin);
		assert_noop!(
			Reservations::approve_provider(RuntimeOrigin::root(), 7, true),
			Error::<Test>::UnknownProvider
		);
		assert_ok!(Reservations::approve_provider(RuntimeOrigin::root(), 0, true));
		System::assert_last_event(Event::ProviderApproved { provider: 0, approved: true }.into());
		assert_ok!(with_provider(Some(0)));
		for number in [40, 99] {
			assert_ok!(Balances::mint_into(&account(number), 10).map(|_| ()));
		}
		let money = |number| Balances::balance(&account(number));
		let (issuance, farmer) = (Balances::total_issuance(), money(1));
		<Reservations as Allotments<_>>::proven(0, 1, 998);
		System::set_block_number(11);
		assert_ok!(Reservations::settle(authorized(), 0));
		// 9,970: the farm's 90 % are 8,973; of the other 997 half, rounded down, and a quarter, rounded down.
		assert_eq!(money(1) - farmer, 8973);
		assert_eq!(money(40), 10 + 498);
		assert_eq!(Balances::total_issuance(), issuance - 249);
		assert_eq!(money(99), 10 + 250);
		assert_eq!(held(), 10_000 - 9970);
		// Taking the approval back concerns new reservations only.
		assert_ok!(Reservations::approve_provider(RuntimeOrigin::root(), 0, false));
		assert_noop!(with_provider(Some(0)), Error::<Test>::UnknownProvider);
	});
}

#[test]
fn what_a_provider_cannot_receive_is_the_treasurys() {
	run(|| {
		assert_ok!(Reservations::register_provider(signed(40), Perbill::from_percent(1)));
		assert_ok!(Reservations::approve_provider(RuntimeOrigin::root(), 0, true));
		assert_ok!(with_provider(Some(0)));
		<Reservations as Allotments<_>>::proven(0, 1, 101);
		System::set_block_number(11);
		assert_ok!(Reservations::settle(authorized(), 0));
		assert_eq!(Balances::balance(&account(40)), 0, "1 is below the existential deposit");
		assert_eq!(Balances::balance(&account(99)), 100);
	});
}

#[test]
fn a_farms_earnings_are_kept_by_day() {
	run(|| {
		reserve(1000);
		let day = parameters().blocks_per_day();
		assert_eq!(day, 864);
		let earn = |now: u32, from, to| {
			<Reservations as Allotments<_>>::proven(0, from, to);
			System::set_block_number(now);
			assert_ok!(Reservations::settle(authorized(), 0));
		};
		earn(11, 1, 11);
		earn(21, 11, 21);
		earn(day + 5, 21, 31);
		let on = |day, paid| DayEarnings { day, paid };
		assert_eq!(Reservations::farm_earnings(0), vec![on(0, 180), on(1, 90)]);
		assert_eq!(Reservations::farm_earnings(5), vec![]);
		// The ring forgets what is 32 days old.
		System::set_block_number(32 * day);
		<Reservations as Allotments<_>>::proven(0, 31, 41);
		assert_ok!(Reservations::settle(authorized(), 0));
		assert_eq!(Reservations::farm_earnings(0), vec![on(1, 90), on(32, 90)]);
	});
}

#[test]
fn a_missed_day_of_settlements_is_caught_up_within_the_block_limit() {
	use crate::WeightInfo;
	use frame_support::traits::Get;
	run(|| {
		let id = reserve(1000);
		<Reservations as Allotments<_>>::proven(0, 1, 865);
		// Nobody settled for a day: one settlement pays it all, as much as a hundred would have.
		System::set_block_number(865);
		let before = Balances::balance(&account(1));
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!(Balances::balance(&account(1)) - before, 864 * PRICE * 9 / 10);
		assert_noop!(Reservations::settle(authorized(), id), Error::<Test>::NotDue);
	});
	// What the off-chain worker submits in one block fits a block of two seconds at the weight that it declares.
	let most = <() as WeightInfo>::settle(32).max(<() as WeightInfo>::close(32));
	let block = frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND * 2 * 3 / 4;
	let submitted: u32 = <MaxSettlementsPerBlock as Get<u32>>::get();
	assert!(most.ref_time() * u64::from(submitted) < block);
}
