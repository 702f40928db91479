//! Prices, and which nodes a reservation takes.

use crate::{
	parameters::{Parameters, PriceUnit},
	types::{Policy, Terms},
	AllotmentCount, Config, ContractParameters, Error, Pallet,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{ensure, traits::Get};
use granary_primitives::{
	grid::NodeOffer,
	traits::{Capacity, PriceFeed},
	Balance, FarmId, NodeId, Region,
};
use sp_runtime::DispatchError;

/// What one allotment would cost and what would back it, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
	pub(crate) node: NodeId,
	pub(crate) farm: FarmId,
	pub(crate) region: Region,
	pub(crate) price_per_block: Balance,
	pub(crate) bond: Balance,
}

impl<T: Config> Pallet<T> {
	/// What an allotment of these terms costs on a node per block, and the bond that it takes.
	pub(crate) fn price(
		parameters: &Parameters,
		terms: &Terms,
		price_per_gib_hour: Balance,
	) -> Result<(Balance, Balance), Error<T>> {
		let plancks = match parameters.price_unit {
			PriceUnit::Plancks => price_per_gib_hour,
			PriceUnit::MicroMilliCents => {
				T::Prices::plancks(price_per_gib_hour).ok_or(Error::<T>::NoPrice)?
			},
		};
		let full = parameters
			.price_per_block(terms.bytes, plancks)
			.and_then(|price| parameters.with_profile(price, terms.profile))
			.ok_or(Error::<T>::PriceOverflow)?;
		let price = full.saturating_sub(parameters.discount(terms.blocks).mul_floor(full));
		let bond = parameters.bond(terms.bytes, price).ok_or(Error::<T>::PriceOverflow)?;
		Ok((price, bond))
	}

	/// What a node offers for one allotment of these terms.
	fn offered(
		parameters: &Parameters,
		terms: &Terms,
		node: NodeId,
		offer: &NodeOffer,
	) -> Result<Offered, Error<T>> {
		let (price_per_block, bond) = Self::price(parameters, terms, offer.price_per_gib_hour)?;
		Ok(Offered { node, farm: offer.farm, region: offer.region, price_per_block, bond })
	}

	/// The nodes in the order of the shards: all of `nodes` if there are as many as shards, otherwise the first that fit together. No two of one
	/// farm; with `taken` farms that are used already. Nodes that another account rented as a whole are not offered to `tenant`.
	pub(crate) fn place(
		tenant: Option<&T::AccountId>,
		terms: &Terms,
		policy: &Policy,
		nodes: &[NodeId],
		taken: BTreeSet<FarmId>,
	) -> Result<Vec<Offered>, Error<T>> {
		let parameters = ContractParameters::<T>::get();
		let wanted = terms.shards();
		ensure!(terms.data_shards >= 1 && wanted <= nodes.len(), Error::<T>::BadShardCount);
		let exact = nodes.len() == wanted;
		let (mut farms, mut regions, mut placed) = (taken, BTreeSet::new(), Vec::new());
		for node in nodes {
			if placed.len() == wanted {
				break;
			}
			let fits =
				Self::fits(tenant, &parameters, terms, policy, *node, &farms).and_then(|one| {
					// Of a known region that is new, while there are not more shards left than regions wanting.
					let missing = usize::from(policy.min_regions).saturating_sub(regions.len());
					let is_new = one.region != Region::default() && !regions.contains(&one.region);
					ensure!(is_new || missing < wanted - placed.len(), Error::<T>::TooFewRegions);
					Ok(one)
				});
			match fits {
				Ok(one) => {
					farms.insert(one.farm);
					if one.region != Region::default() {
						regions.insert(one.region);
					}
					placed.push(one);
				},
				Err(error) if exact => return Err(error),
				Err(_) => {},
			}
		}
		ensure!(placed.len() == wanted, Error::<T>::NoPlacement);
		Ok(placed)
	}

	fn fits(
		tenant: Option<&T::AccountId>,
		parameters: &Parameters,
		terms: &Terms,
		policy: &Policy,
		node: NodeId,
		farms: &BTreeSet<FarmId>,
	) -> Result<Offered, Error<T>> {
		ensure!(T::Grid::node(node).is_some(), Error::<T>::UnknownNode);
		let offer = T::Grid::offer(node, tenant).ok_or(Error::<T>::NotOffered)?;
		ensure!(!farms.contains(&offer.farm), Error::<T>::FarmsNotDistinct);
		ensure!(!policy.certified || offer.certified, Error::<T>::NotCertified);
		let ceiling = policy.max_price_per_gib_hour.unwrap_or(Balance::MAX);
		ensure!(offer.price_per_gib_hour <= ceiling, Error::<T>::TooExpensive);
		ensure!(
			AllotmentCount::<T>::get(node) < T::MaxAllotmentsPerNode::get(),
			Error::<T>::TooManyAllotments
		);
		let one = Self::offered(parameters, terms, node, &offer)?;
		ensure!(terms.bytes <= offer.free_bytes, Error::<T>::NotEnoughCapacity);
		ensure!(one.bond <= offer.free_bond, Error::<T>::NotEnoughBond);
		Ok(one)
	}

	/// The sum of the prices, if it is not more than the tenant is willing to pay.
	pub(crate) fn sum_of_prices(
		placed: &[Offered],
		most: Balance,
	) -> Result<Balance, DispatchError> {
		let sum = placed
			.iter()
			.try_fold(0, |sum: Balance, one| sum.checked_add(one.price_per_block))
			.ok_or(Error::<T>::PriceOverflow)?;
		ensure!(sum <= most, Error::<T>::TooExpensive);
		Ok(sum)
	}
}
