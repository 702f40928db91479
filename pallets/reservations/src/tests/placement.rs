//! Policies, options, profiles, discounts and prices in dollars.

use super::{held, tenant};
use crate::{
	mock::*,
	parameters::{Discount, PriceUnit},
	types::{Options, Policy, Terms},
	Error, Event, Parameters,
};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use granary_primitives::{reservation::AuditProfile, Balance, NodeId};
use sp_runtime::{DispatchError, Perbill};

fn terms(data_shards: u8, parity_shards: u8) -> Terms {
	Terms {
		data_shards,
		parity_shards,
		bytes: 1 << 30,
		blocks: 20,
		public_read: false,
		max_price_per_block: Balance::MAX,
		profile: AuditProfile::Standard,
	}
}

fn ask(
	terms: Terms,
	nodes: &[NodeId],
	policy: Policy,
	options: Options,
) -> Result<u64, DispatchError> {
	let id = crate::NextReservation::<Test>::get();
	let candidates = BoundedVec::try_from(nodes.to_vec()).unwrap();
	Reservations::reserve_by_policy(tenant(), terms, candidates, policy, options)?;
	Ok(id)
}

fn nodes_of(id: u64) -> Vec<NodeId> {
	let record = Reservations::reservation_info(id).unwrap();
	let node = |id: &u64| Reservations::allotment_info(*id).unwrap().node;
	record.allotments.iter().map(node).collect()
}

fn any() -> (Policy, Options) {
	Default::default()
}

#[test]
fn the_first_candidates_that_fit_are_taken() {
	run(|| {
		let (policy, options) = any();
		// Node 4 is full, node 50 does not exist, node 2 is named twice.
		assert_ok!(ask(Terms { bytes: 4 << 30, ..terms(1, 0) }, &[4], policy, options.clone()));
		let id = ask(terms(2, 1), &[4, 50, 2, 2, 7, 1, 3], policy, options.clone()).unwrap();
		assert_eq!(nodes_of(id), vec![2, 7, 1]);
		assert_noop!(
			ask(terms(2, 1), &[4, 50, 2, 2, 7], policy, options.clone()),
			Error::<Test>::NoPlacement
		);
		assert_noop!(
			ask(terms(2, 1), &[1, 2], policy, options.clone()),
			Error::<Test>::BadShardCount
		);
		assert_noop!(ask(terms(0, 1), &[1], policy, options.clone()), Error::<Test>::BadShardCount);
		assert_noop!(
			ask(terms(8, 8), &[0; 16], policy, options.clone()),
			Error::<Test>::BadShardCount
		);
		// Where each must fit, the first that does not is the reason.
		assert_noop!(ask(terms(1, 1), &[1, 4], policy, options), Error::<Test>::NotEnoughCapacity);
	});
}

#[test]
fn a_policy_is_kept() {
	run(|| {
		let (_, options) = any();
		let dear = Policy { max_price_per_gib_hour: Some(359), ..Default::default() };
		assert_noop!(ask(terms(1, 0), &[1], dear, options.clone()), Error::<Test>::TooExpensive);
		let fair = Policy { max_price_per_gib_hour: Some(360), ..Default::default() };
		assert_ok!(ask(terms(1, 0), &[1], fair, options.clone()));
		let certified = Policy { certified: true, ..Default::default() };
		assert_noop!(
			ask(terms(1, 0), &[1], certified, options.clone()),
			Error::<Test>::NotCertified
		);
		let regions = Policy { min_regions: 1, ..Default::default() };
		assert_noop!(ask(terms(1, 0), &[1], regions, options), Error::<Test>::TooFewRegions);
	});
}

#[test]
fn names_are_unique_while_they_are_used() {
	run(|| {
		let named = |name: &[u8]| Options {
			name: Some(name.to_vec().try_into().unwrap()),
			..Default::default()
		};
		let policy = Policy::default();
		let id = ask(terms(1, 0), &[1], policy, named(b"archive")).unwrap();
		assert_eq!(Reservations::reservation_of_name(b"archive".to_vec()), Some(id));
		assert_eq!(Reservations::reservation_details(id).unwrap().name, b"archive".to_vec());
		assert_noop!(ask(terms(1, 0), &[2], policy, named(b"archive")), Error::<Test>::NameInUse);
		for bad in [&b"ab"[..], &[0xff; 5]] {
			assert_noop!(ask(terms(1, 0), &[2], policy, named(bad)), Error::<Test>::BadName);
		}
		assert_ok!(Reservations::close(tenant(), id));
		assert_eq!(Reservations::reservation_of_name(b"archive".to_vec()), None);
		assert_ok!(ask(terms(1, 0), &[2], policy, named(b"archive")));
	});
}

#[test]
fn a_tenant_writes_beside_its_reservation() {
	run(|| {
		let options = Options {
			deployment: [7; 32],
			data: vec![1; 256].try_into().unwrap(),
			..Default::default()
		};
		let id = ask(terms(1, 0), &[1], Policy::default(), options).unwrap();
		let details = Reservations::reservation_details(id).unwrap();
		assert_eq!((details.deployment, details.data.len()), ([7; 32], 256));
		let data = || b"moved".to_vec().try_into().unwrap();
		assert_noop!(
			Reservations::set_data(RuntimeOrigin::signed(account(1)), id, [8; 32], data()),
			Error::<Test>::NotTenant
		);
		assert_ok!(Reservations::set_data(tenant(), id, [8; 32], data()));
		System::assert_last_event(Event::DataSet { reservation: id, deployment: [8; 32] }.into());
		assert_eq!(Reservations::reservation_details(id).unwrap().data, b"moved".to_vec());
		// Nothing to remember takes no space.
		assert_ok!(Reservations::set_data(tenant(), id, [0; 32], Default::default()));
		assert!(!crate::ReservationDetails::<Test>::contains_key(id));
		assert_eq!(Reservations::reservation_details(99), None);
	});
}

#[test]
fn long_terms_are_cheaper_and_frequent_audits_dearer() {
	run(|| {
		let level = |blocks, percent| Discount { blocks, discount: Perbill::from_percent(percent) };
		let changed = Parameters {
			discounts: [level(50, 10), level(100, 20), level(100, 30), level(200, 50)],
			hot_surcharge: Perbill::from_percent(50),
			cold_discount: Perbill::from_percent(20),
			..parameters()
		};
		assert_ok!(Reservations::set_parameters(RuntimeOrigin::root(), changed));
		let price = |blocks, profile| {
			let asked = Terms { blocks, profile, ..terms(1, 0) };
			let quote = Reservations::quote(asked, vec![1], Policy::default()).unwrap();
			let before = held();
			assert_ok!(ask(asked, &[1], Policy::default(), Options::default()));
			assert_eq!(held() - before, quote.escrow, "a quote is what it costs");
			assert_eq!(quote.escrow, quote.price_per_block * Balance::from(blocks));
			let last = crate::NextReservation::<Test>::get() - 1;
			assert_ok!(Reservations::close(tenant(), last));
			quote.price_per_block
		};
		let standard = AuditProfile::Standard;
		for (blocks, expected) in [(49, 10), (50, 9), (99, 9), (100, 7), (199, 7), (200, 5)] {
			assert_eq!(price(blocks, standard), expected, "{blocks} blocks");
		}
		assert_eq!(price(10, AuditProfile::Hot), 15);
		assert_eq!(price(10, AuditProfile::Cold), 8);
		let bad = [
			Parameters {
				discounts: [level(2, 9), level(1, 10), level(3, 11), level(4, 12)],
				..changed
			},
			Parameters {
				discounts: [level(1, 9), level(2, 8), level(3, 11), level(4, 12)],
				..changed
			},
			Parameters { burn_share: Perbill::from_percent(51), ..changed },
		];
		for parameters in bad {
			assert_noop!(
				Reservations::set_parameters(RuntimeOrigin::root(), parameters),
				Error::<Test>::BadParameters
			);
		}
	});
}

#[test]
fn prices_in_dollars_need_a_fresh_rate_and_stay_fixed() {
	run(|| {
		let changed = Parameters { price_unit: PriceUnit::MicroMilliCents, ..parameters() };
		assert_ok!(Reservations::set_parameters(RuntimeOrigin::root(), changed));
		let (policy, options) = any();
		assert_noop!(ask(terms(1, 0), &[1], policy, options.clone()), Error::<Test>::NoPrice);
		Rate::set(Some(3));
		let id = ask(terms(1, 0), &[1], policy, options.clone()).unwrap();
		Rate::set(Some(5));
		let allotment = Reservations::reservation_info(id).unwrap().allotments[0];
		let one = Reservations::allotment_info(allotment).unwrap();
		assert_eq!(one.price_per_block, 3 * PRICE);
		Rate::set(Some(Balance::MAX));
		assert_noop!(ask(terms(1, 0), &[2], policy, options), Error::<Test>::NoPrice);
		assert_ok!(Reservations::extend(tenant(), id, 10));
	});
}

#[test]
fn a_quote_says_why_not() {
	run(|| {
		let quote =
			|terms, nodes: &[NodeId]| Reservations::quote(terms, nodes.to_vec(), Policy::default());
		let fine = quote(terms(2, 1), &[1, 2, 3, 4]).unwrap();
		assert_eq!(fine.nodes, vec![1, 2, 3]);
		assert_eq!((fine.price_per_block, fine.escrow), (3 * PRICE, 60 * PRICE));
		assert_eq!(fine.bonds, vec![8640; 3]);
		assert_eq!(quote(terms(2, 1), &[1, 2]), Err(Error::<Test>::BadShardCount.into()));
		assert_eq!(quote(terms(1, 0), &[1; 129]), Err(Error::<Test>::BadShardCount.into()));
		assert_eq!(quote(terms(9, 0), &[1; 9]), Err(Error::<Test>::BadShardCount.into()));
		let capped = Terms { max_price_per_block: 9, ..terms(1, 0) };
		assert_eq!(quote(capped, &[1]), Err(Error::<Test>::TooExpensive.into()));
	});
}

#[test]
fn a_rented_node_is_its_renters_alone() {
	run(|| {
		assert_ok!(Grid::offer_rent(RuntimeOrigin::signed(account(1)), 0, Some(1)));
		assert_ok!(Grid::rent(RuntimeOrigin::signed(account(5)), 0, 10, 1));
		let plain = || (Policy::default(), Options::default());
		let (policy, options) = plain();
		assert_noop!(ask(terms(1, 0), &[0], policy, options), Error::<Test>::NotOffered);
		// Where there are others they are taken; a quote, which is for anybody, does not name it.
		let (policy, options) = plain();
		let id = ask(terms(1, 0), &[0, 1], policy, options).unwrap();
		assert_eq!(nodes_of(id), [1]);
		let quote = Reservations::quote(terms(1, 0), vec![0, 1], Policy::default()).unwrap();
		assert_eq!(quote.nodes, [1]);

		let renter = RuntimeOrigin::signed(account(5));
		let candidates = BoundedVec::try_from(vec![0]).unwrap();
		let (policy, options) = plain();
		let mine = crate::NextReservation::<Test>::get();
		assert_ok!(Reservations::reserve_by_policy(
			renter.clone(),
			terms(1, 0),
			candidates,
			policy,
			options
		));
		assert_eq!(nodes_of(mine), [0]);
		assert_ok!(Reservations::grow(renter, mine, 2 << 30, Balance::MAX));
		// When the rent is over, others may join what is left of it.
		System::set_block_number(12);
		let (policy, options) = plain();
		assert_ok!(ask(terms(1, 0), &[0], policy, options));
	});
}
