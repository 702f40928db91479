//! The object stores of snapshots: a dispersed dataset, and an archive of it that is being made or was read.

use futures::StreamExt;
use granary_dispersal::{Dataset, DispersalError, Naming, Pack, PackWriter};
use granary_snapshot::{BoxFuture, ObjectId, ObjectStore, Objects, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// A dataset as an object store.
#[derive(Debug, Clone)]
pub(crate) struct DatasetStore {
	pub(super) dataset: Arc<Dataset>,
	pub(super) naming: Naming,
}

fn unwritable(error: impl ToString) -> StoreError {
	StoreError::Unwritable { reason: error.to_string() }
}

impl ObjectStore for DatasetStore {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		match self.naming {
			Naming::ByContent => self.dataset.object_id(bytes),
			Naming::Drawn => rand::random(),
		}
	}

	/// What a dataset reads is authenticated with its id; that a drawn one does not follow from the bytes is in the nature of it.
	fn is_object(&self, _: &ObjectId, _: &[u8]) -> bool {
		true
	}

	fn put_many(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> BoxFuture<'_, Result<u64, StoreError>> {
		Box::pin(async move {
			let put = match self.naming {
				Naming::ByContent => self.dataset.put_identified(objects).await,
				Naming::Drawn => self.dataset.put_private(objects).await,
			};
			put.map(|report| report.stored_bytes).map_err(unwritable)
		})
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		Box::pin(async move { self.dataset.get(id).await.map_err(|error| unreadable(id, &error)) })
	}

	fn get_many(&self, ids: Vec<ObjectId>) -> Objects<'_> {
		let read = self.dataset.get_many(ids);
		Box::pin(read.map(|(id, read)| (id, read.map_err(|error| unreadable(id, &error)))))
	}
}

/// An archive that is being made, as an object store that is written only.
#[derive(Debug, Clone)]
pub(crate) struct PackStore(Arc<Mutex<Option<PackWriter>>>);

impl PackStore {
	pub(crate) fn new(pack: PackWriter) -> Self {
		Self(Arc::new(Mutex::new(Some(pack))))
	}

	/// What was collected; from then on it takes nothing.
	pub(crate) fn take(&self) -> Option<PackWriter> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
	}
}

impl ObjectStore for PackStore {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		let pack = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		// An archive that was sealed is given nothing more, and so names nothing.
		pack.as_ref().map(|pack| pack.object_id(bytes)).unwrap_or_default()
	}

	fn put_many(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> BoxFuture<'_, Result<u64, StoreError>> {
		let pack = self.0.clone();
		let adding = move || {
			let mut pack = pack.lock().unwrap_or_else(PoisonError::into_inner);
			let pack = pack.as_mut().ok_or_else(|| unwritable("the archive is sealed"))?;
			let mut bytes = 0;
			for (_, object) in objects {
				bytes += pack.add(&object).map_err(unwritable)?;
			}
			Ok(bytes)
		};
		Box::pin(async move { tokio::task::spawn_blocking(adding).await.map_err(unwritable)? })
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		let reason = "an archive is read after it was sealed".to_owned();
		Box::pin(async move { Err(StoreError::Unreadable { id, reason, transient: false }) })
	}
}

/// An archive that was read, as an object store that is read only.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveStore(pub(crate) Arc<Pack>);

impl ObjectStore for ArchiveStore {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		self.0.object_id(bytes)
	}

	fn put_many(&self, _: Vec<(ObjectId, Vec<u8>)>) -> BoxFuture<'_, Result<u64, StoreError>> {
		Box::pin(async { Err(unwritable("a sealed archive takes nothing more")) })
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		let pack = self.0.clone();
		let unreadable = move |reason| StoreError::Unreadable { id, reason, transient: false };
		Box::pin(async move {
			let read = tokio::task::spawn_blocking(move || pack.get(&id)).await;
			match read.map_err(|error| unreadable(error.to_string()))? {
				Ok(Some(object)) => Ok(object),
				Ok(None) => Err(unreadable("the archive does not have it".to_owned())),
				Err(error) => Err(unreadable(error.to_string())),
			}
		})
	}
}

fn unreadable(id: ObjectId, error: &DispersalError) -> StoreError {
	StoreError::Unreadable { id, reason: error.to_string(), transient: error.is_transient() }
}
