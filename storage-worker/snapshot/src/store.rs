//! The one door through which snapshots reach stored objects.

use futures::stream::{self, Stream, StreamExt};
use std::{fmt, future::Future, pin::Pin};

/// Objects that a store without a better way reads at once.
const READING: usize = 16;

/// The id of an object: a keyed hash of its bytes or, where equal objects shall not be recognised, random.
pub type ObjectId = [u8; 32];

/// A boxed future, so that stores can be used behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is read of many objects, as it comes.
pub type Objects<'a> =
	Pin<Box<dyn Stream<Item = (ObjectId, Result<Vec<u8>, StoreError>)> + Send + 'a>>;

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
	/// No readable copy: too few shards were found, or what was found does not verify.
	#[error("object {} cannot be read: {reason}", hex::encode(.id))]
	Unreadable {
		/// The object.
		id: ObjectId,
		/// What was found out, for a person.
		reason: String,
		/// Whether it may be readable later: backends did not answer.
		transient: bool,
	},
	/// The object could not be stored on all nodes.
	#[error("object cannot be stored: {reason}")]
	Unwritable {
		/// What was found out, for a person.
		reason: String,
	},
}

/// A store of immutable objects.
pub trait ObjectStore: Send + Sync + fmt::Debug {
	/// The id under which these bytes are to be stored. A store that keeps equal objects once names them by a keyed hash; one that does not answers
	/// another id each time.
	fn object_id(&self, bytes: &[u8]) -> ObjectId;
	/// Stores objects under the ids that [`ObjectStore::object_id`] gave them, in this order, and returns the bytes that were newly stored over all
	/// nodes. Objects that the store already holds cost nothing.
	fn put_many(&self, objects: Vec<(ObjectId, Vec<u8>)>)
		-> BoxFuture<'_, Result<u64, StoreError>>;
	/// Whether these bytes are the object of this id. A store whose ids do not follow from bytes answers so for what it has verified itself.
	fn is_object(&self, id: &ObjectId, bytes: &[u8]) -> bool {
		self.object_id(bytes) == *id
	}
	/// Reads one object, verified.
	fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Vec<u8>, StoreError>>;
	/// Reads objects, each handed over verified as soon as it is there, in any order. All of them may be in memory at once: whoever asks bounds
	/// their bytes.
	fn get_many(&self, ids: Vec<ObjectId>) -> Objects<'_> {
		let read = move |id| async move { (id, self.get(id).await) };
		Box::pin(stream::iter(ids).map(read).buffer_unordered(READING))
	}
}
