use super::{farm, node, signed};
use crate::mock::*;
use frame_support::assert_ok;
use granary_primitives::{grid::NodeSearch, traits::Capacity, NodeId};

fn found(search: NodeSearch, start: NodeId, limit: u32) -> (Vec<NodeId>, Option<NodeId>) {
	let (nodes, next) = Grid::search_nodes(search, start, limit);
	(nodes.iter().map(|node| node.id).collect(), next)
}

#[test]
fn free_capacity_is_found_page_by_page() {
	run(|| {
		let (first, second) = (farm(1), farm(2));
		assert_ok!(Grid::update_farm(signed(2), second, *b"BE", account(2)));
		for key in 1..=3 {
			node(1, first, 100, key);
			node(2, second, 200, key + 10);
		}
		let any = NodeSearch::default;
		assert_eq!(found(any(), 0, 10), (vec![0, 1, 2, 3, 4, 5], None));
		assert_eq!(found(any(), 0, 2), (vec![0, 1], Some(2)));
		assert_eq!(found(any(), 2, 4), (vec![2, 3, 4, 5], None));
		assert_eq!(found(any(), 9, 4), (vec![], None));
		assert_eq!(found(NodeSearch { min_free_bytes: 101, ..any() }, 0, 10).0, vec![1, 3, 5]);
		assert_eq!(found(NodeSearch { region: Some(*b"BE"), ..any() }, 0, 10).0, vec![1, 3, 5]);
		let cheap = NodeSearch { max_price_per_gib_hour: Some(4), ..any() };
		assert_eq!(found(cheap, 0, 10).0, Vec::<NodeId>::new());
		let others = NodeSearch { without_farms: vec![second], ..any() };
		assert_eq!(found(others, 0, 10).0, vec![0, 2, 4]);
		assert_eq!(found(NodeSearch { certified: true, ..any() }, 0, 10).0, Vec::<NodeId>::new());
		assert_ok!(<Grid as Capacity<_, _>>::allot(1, 150, 1));
		assert_ok!(Grid::set_availability(signed(1), 0, true, false));
		assert_eq!(found(NodeSearch { min_free_bytes: 60, ..any() }, 0, 10).0, vec![2, 3, 4, 5]);
		let of = |farm, start, limit| -> Vec<NodeId> {
			Grid::nodes_of_farm(farm, start, limit).iter().map(|node| node.id).collect()
		};
		assert_eq!((of(first, 0, 9), of(first, 1, 1)), (vec![0, 2, 4], vec![2]));
	});
}
