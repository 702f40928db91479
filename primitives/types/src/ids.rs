//! The numbers and fixed-size byte strings by which everything on the chain is named.

/// A twin: an account's registered identity.
pub type TwinId = u32;
/// A farm: nodes under one payout account.
pub type FarmId = u32;
/// A node: one registered storage provider process.
pub type NodeId = u32;
/// A reservation: k+m allotments on k+m nodes.
pub type ReservationId = u64;
/// An allotment, unique over the whole chain: the share of one reservation on one node.
pub type AllotmentId = u64;
/// A published snapshot.
pub type SnapshotId = u64;
/// The audit clock.
pub type Tick = u32;
/// The chain's block number.
pub type BlockNumber = u32;
/// Money, in plancks (1 unit = 10^12 plancks).
pub type Balance = u128;
/// A 32-byte digest.
pub type Hash = [u8; 32];
/// A raw 32-byte account id.
pub type AccountBytes = [u8; 32];
/// A raw 32-byte public key (sr25519 for audits, X25519 for transport).
pub type PublicKey = [u8; 32];
/// A raw sr25519 signature.
pub type Signature = [u8; 64];
/// A dataset, named by its tenant at random.
pub type DatasetId = [u8; 16];
/// A solution provider: who brought a tenant and shares in its payments.
pub type ProviderId = u32;
/// Where a farm is: an ISO 3166-1 alpha-2 country code in capitals; zeros if it was not told.
pub type Region = [u8; 2];
