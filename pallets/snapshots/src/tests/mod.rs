//! Tests by topic.

mod granting;
mod listing;
mod migration;
mod publishing;
mod random;
