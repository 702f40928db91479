//! Snapshot manifests, chunking, publishing, lazy reading and the verified chunk cache.

mod store;

pub use store::{BoxFuture, ObjectId, ObjectStore, StoreError};
