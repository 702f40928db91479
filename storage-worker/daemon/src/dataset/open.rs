//! Backends of a reservation, and the dataset key.

use super::{directory::Directory, DatasetStore};
use crate::{cli::Failure, keys::TenantKeys};
use anyhow::{bail, ensure, Context, Result};
use granary_chain::ChainClient;
use granary_dispersal::{ArchiveId, Dataset, DatasetKey, DatasetOptions, Hold, Naming, ObjectId};
use granary_primitives::{
	reservation::{ReservationInfo, ReservationState},
	snapshot::SnapshotInfo,
	DatasetId, ReservationId,
};
use std::{path::Path, sync::Arc};

/// A dataset with the reservation that stores it.
#[derive(Debug)]
pub(crate) struct OpenDataset {
	/// The dispersed dataset.
	pub(crate) dataset: Arc<Dataset>,
	/// The reservation as the chain has it.
	pub(crate) reservation: ReservationInfo,
	/// Keeps what is there from being released while something is written that refers to it.
	hold: Option<Hold>,
}

impl OpenDataset {
	/// Makes sure that nothing was released that was written or found since the dataset was opened for writing. To be called right before
	/// what refers to it is announced.
	pub(crate) async fn check_hold(&self) -> Result<()> {
		match &self.hold {
			Some(hold) => Ok(hold.check().await?),
			None => Ok(()),
		}
	}

	/// What was written is announced, so that whoever releases finds it.
	pub(crate) async fn end_hold(self) {
		if let Some(hold) = self.hold {
			hold.end().await;
		}
	}

	/// The dataset as snapshots see it.
	pub(crate) fn store(&self) -> Arc<DatasetStore> {
		self.store_naming(Naming::ByContent)
	}

	/// The same; what is written has ids of this kind.
	pub(crate) fn store_naming(&self, naming: Naming) -> Arc<DatasetStore> {
		Arc::new(DatasetStore { dataset: self.dataset.clone(), naming })
	}

	/// How an object of this dataset was named: what belongs to it shall be named alike.
	pub(crate) async fn naming_of(&self, id: ObjectId) -> Result<Naming> {
		let object = self.dataset.get(id).await?;
		Ok(match self.dataset.object_id(&object) == id {
			true => Naming::ByContent,
			false => Naming::Drawn,
		})
	}

	/// Whether something in it is sealed: the archive, if the id is one.
	pub(crate) fn archive(&self, id: &ObjectId) -> Option<ArchiveId> {
		self.dataset.archive(id).map(|(archive, _)| archive)
	}
}

/// Opens a reservation's dataset for reading. No account is needed where the tenant allowed public reads.
pub(crate) async fn open_for_reading(
	chain: &Arc<ChainClient>,
	reservation: ReservationId,
	key: DatasetKey,
	tenant: Option<&TenantKeys>,
) -> Result<OpenDataset> {
	let reservation = live_reservation(chain, reservation).await?;
	ensure!(
		reservation.public_read || tenant.is_some(),
		"reservation {} is not publicly readable; give its tenant's account with --suri or --key-file",
		reservation.id
	);
	let tenant = if reservation.public_read { None } else { tenant };
	open(chain, reservation, key, tenant).await
}

/// Opens a reservation's dataset for writing, as its tenant.
pub(crate) async fn open_for_writing(
	chain: &Arc<ChainClient>,
	reservation: ReservationId,
	key: DatasetKey,
	tenant: &TenantKeys,
) -> Result<OpenDataset> {
	let mut open = open_for_healing(chain, reservation, key, tenant).await?;
	let hold = open.dataset.hold().await;
	open.hold = Some(hold.context("telling the nodes that something is being written")?);
	open.dataset.load_logs().await.context("reading the state of the allotments' logs")?;
	Ok(open)
}

/// Opens a reservation's dataset for writing, whether or not all of its nodes answer.
pub(crate) async fn open_for_healing(
	chain: &Arc<ChainClient>,
	reservation: ReservationId,
	key: DatasetKey,
	tenant: &TenantKeys,
) -> Result<OpenDataset> {
	let reservation = live_reservation(chain, reservation).await?;
	ensure!(
		reservation.tenant == tenant.account_bytes(),
		"reservation {} belongs to another account; only its tenant can write to it",
		reservation.id
	);
	ensure!(
		reservation.state.takes_writes(),
		"reservation {} is not active any more and takes no writes; make a new one or extend it",
		reservation.id
	);
	let mut recorded = Vec::with_capacity(reservation.allotments.len());
	for allotment in &reservation.allotments {
		let newest = chain.newest_log(*allotment).await?;
		recorded.push(newest.map(|log| (log.leaf_count, log.root)));
	}
	let open = open(chain, reservation, key, Some(tenant)).await?;
	open.dataset.set_recorded(recorded);
	Ok(open)
}

/// The key of a dataset, current or earlier, if the file has it.
pub(crate) fn key_of_dataset(path: &Path, dataset: DatasetId) -> Result<Option<DatasetKey>> {
	let (current, earlier) = DatasetKey::load_all(path)?;
	Ok(std::iter::once(current).chain(earlier).find(|key| key.id() == dataset))
}

/// Which of the keys is that of a snapshot's dataset.
pub(crate) fn key_of(keys: &[DatasetKey], snapshot: &SnapshotInfo) -> Result<usize> {
	let found = keys.iter().position(|key| key.id() == snapshot.dataset);
	Ok(found.ok_or_else(|| {
		Failure::wrong_key(
			format!(
				"the key file has no key of dataset 0x{}, to which snapshot {} belongs",
				hex::encode(snapshot.dataset),
				snapshot.id
			),
			"what that snapshot needs cannot be known without; add its key, or retire it",
		)
	})?)
}

/// Reads the dataset key, or makes one where the file does not exist yet.
pub(crate) fn load_or_create_key(path: &Path) -> Result<DatasetKey> {
	if path.exists() {
		return Ok(DatasetKey::load(path)?);
	}
	let key = DatasetKey::generate()?;
	key.save(path)?;
	Ok(key)
}

async fn live_reservation(chain: &ChainClient, id: ReservationId) -> Result<ReservationInfo> {
	let reservation = chain
		.reservation(id)
		.await?
		.with_context(|| format!("reservation {id} does not exist on this chain"))?;
	if reservation.state == ReservationState::Closed {
		bail!("reservation {id} is closed: its data is gone");
	}
	Ok(reservation)
}

async fn open(
	chain: &Arc<ChainClient>,
	reservation: ReservationInfo,
	key: DatasetKey,
	tenant: Option<&TenantKeys>,
) -> Result<OpenDataset> {
	let directory = Directory::new(chain.clone(), tenant)?;
	let (records, backends) = directory.look_up_all(&reservation).await?;
	let options = DatasetOptions::new(reservation.data_shards, reservation.parity_shards, backends);
	let dataset = Arc::new(Dataset::new(key, options)?);
	directory.follow(reservation.id, records, &dataset);
	Ok(OpenDataset { dataset, reservation, hold: None })
}
