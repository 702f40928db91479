//! The types that blocks and transactions are made of.

use crate::{
	apis::RUNTIME_API_VERSIONS, AllPalletsWithSystem, Babe, Grandpa, Runtime, UncheckedExtrinsic,
};
use alloc::borrow::Cow;
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::{runtime_version, RuntimeVersion};

/// A signature of a transaction.
pub type Signature = MultiSignature;
/// An account: the public key of its signer, or the hash of it.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How transactions name accounts.
pub type Address = MultiAddress<AccountId, ()>;
/// Money, in plancks.
pub type Balance = granary_primitives::Balance;
/// A block's height.
pub type BlockNumber = granary_primitives::BlockNumber;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// A hash of blocks, states and transactions.
pub type Hash = sp_core::H256;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// Runs blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Blocks whose transactions are only bytes: what the node handles, whatever the runtime's
/// version.
pub mod opaque {
	use super::{generic, BlakeTwo256, BlockNumber};
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// A block's header.
	pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
	/// A block.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// How a block is named.
	pub type BlockId = generic::BlockId<Block>;
}

#[allow(missing_docs, reason = "the macro's items")]
mod keys {
	use super::{impl_opaque_keys, Babe, Grandpa};
	// The macro names it; without std it is in no prelude.
	use alloc::vec::Vec;

	impl_opaque_keys! {
		/// The keys of an authority.
		pub struct SessionKeys {
			/// Writes blocks.
			pub babe: Babe,
			/// Finalises them.
			pub grandpa: Grandpa,
		}
	}
}
pub use keys::SessionKeys;

/// The runtime's version. `spec_version` rises with every change that affects the state,
/// `transaction_version` with every change that old signed transactions would not survive.
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("granary"),
	impl_name: Cow::Borrowed("granary"),
	authoring_version: 1,
	spec_version: 102,
	impl_version: 1,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 2,
	system_version: 1,
};
