//! The object store of snapshots over a dispersed dataset.

use futures::StreamExt;
use granary_dispersal::{Dataset, DispersalError};
use granary_snapshot::{BoxFuture, ObjectId, ObjectStore, Objects, StoreError};
use std::sync::Arc;

/// A dataset as an object store.
#[derive(Debug, Clone)]
pub(crate) struct DatasetStore(pub(crate) Arc<Dataset>);

impl ObjectStore for DatasetStore {
	fn object_id(&self, bytes: &[u8]) -> ObjectId {
		self.0.object_id(bytes)
	}

	fn put_many(&self, objects: Vec<Vec<u8>>) -> BoxFuture<'_, Result<u64, StoreError>> {
		Box::pin(async move {
			match self.0.put_many(objects).await {
				Ok(report) => Ok(report.stored_bytes),
				Err(error) => Err(StoreError::Unwritable { reason: error.to_string() }),
			}
		})
	}

	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
		Box::pin(async move { self.0.get(id).await.map_err(|error| unreadable(id, &error)) })
	}

	fn get_many(&self, ids: Vec<ObjectId>) -> Objects<'_> {
		let read = self.0.get_many(ids);
		Box::pin(read.map(|(id, read)| (id, read.map_err(|error| unreadable(id, &error)))))
	}
}

fn unreadable(id: ObjectId, error: &DispersalError) -> StoreError {
	StoreError::Unreadable { id, reason: error.to_string(), transient: error.is_transient() }
}
