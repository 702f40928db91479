//! Tests by topic.

mod beacon;
mod checkpoints;
mod parameters;
mod proofs;
mod schedule;
