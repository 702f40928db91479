use super::{farm, node, signed, text};
use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::traits::Capacity;
use sp_runtime::DispatchError::BadOrigin;

type E = Error<Test>;

#[test]
fn a_farm_says_where_it_is_and_who_is_paid() {
	run(|| {
		let id = farm(1);
		assert_noop!(Grid::update_farm(signed(2), id, *b"BE", account(3)), E::NotFarmOwner);
		assert_noop!(Grid::update_farm(signed(1), 9, *b"BE", account(3)), E::UnknownFarm);
		for bad in [*b"be", *b"B1", [0, b'B']] {
			assert_noop!(Grid::update_farm(signed(1), id, bad, account(3)), E::BadRegion);
		}
		assert_ok!(Grid::update_farm(signed(1), id, *b"BE", account(3)));
		System::assert_last_event(Event::FarmUpdated { farm: id }.into());
		let info = Grid::farm_info(id).unwrap();
		assert_eq!((info.region, info.payout), (*b"BE", [3; 32]));
		let one = node(1, id, 100, 1);
		assert_eq!(<Grid as Capacity<_, _>>::offer(one, None).unwrap().region, *b"BE");
		assert_ok!(Grid::update_farm(signed(1), id, [0; 2], account(1)));
	});
}

#[test]
fn certifiers_vouch_for_farms_and_nodes() {
	run(|| {
		let id = farm(1);
		let (first, second) = (node(1, id, 100, 1), node(1, id, 100, 2));
		let certified = |node| <Grid as Capacity<_, _>>::offer(node, None).unwrap().certified;
		assert_noop!(Grid::set_certifier(signed(5), account(5), true), BadOrigin);
		assert_noop!(Grid::certify_node(signed(5), first, true), E::NotCertifier);
		assert_noop!(Grid::certify_farm(signed(5), id, true), E::NotCertifier);
		let root = RuntimeOrigin::root;
		assert_ok!(Grid::set_certifier(root(), account(5), true));
		let set = Event::CertifierSet { account: account(5), certifies: true };
		System::assert_last_event(set.into());
		assert_noop!(Grid::set_certifier(root(), account(5), true), E::NoChange);
		assert_noop!(Grid::set_certifier(root(), account(6), false), E::NoChange);
		assert_noop!(Grid::certify_node(signed(5), 9, true), E::UnknownNode);
		assert_noop!(Grid::certify_farm(signed(5), 9, true), E::UnknownFarm);
		assert_noop!(Grid::certify_node(signed(5), first, false), E::NoChange);
		assert_ok!(Grid::certify_node(signed(5), first, true));
		System::assert_last_event(Event::NodeCertified { node: first, certified: true }.into());
		assert_eq!((certified(first), certified(second)), (true, false));
		assert_noop!(Grid::certify_farm(signed(5), id, false), E::NoChange);
		assert_ok!(Grid::certify_farm(signed(5), id, true));
		System::assert_last_event(Event::FarmCertified { farm: id, certified: true }.into());
		assert!(certified(second), "a certified farm's nodes are");
		// What has changed has to be looked at again.
		assert_ok!(Grid::update_farm(signed(1), id, [0; 2], account(2)));
		assert!(Grid::farm_info(id).unwrap().certified, "another payout account is no change");
		assert_ok!(Grid::update_farm(signed(1), id, *b"NL", account(2)));
		assert!(!Grid::farm_info(id).unwrap().certified);
		let update = |endpoint: &str, bytes| {
			assert_ok!(Grid::update_node(signed(1), first, text(endpoint), bytes, 9));
			Grid::node_info(first).unwrap().certified
		};
		assert!(update("127.0.0.1:9900", 100), "another price is no change");
		assert!(!update("127.0.0.1:9900", 101));
		assert_ok!(Grid::set_certifier(root(), account(5), false));
		assert_noop!(Grid::certify_farm(signed(5), id, false), E::NotCertifier);
		for number in 100..132 {
			assert_ok!(Grid::set_certifier(root(), account(number), true));
		}
		assert_noop!(Grid::set_certifier(root(), account(5), true), E::TooManyCertifiers);
	});
}
