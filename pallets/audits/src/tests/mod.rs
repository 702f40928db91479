//! Tests by topic.

mod attacks;
mod batch;
mod beacon;
mod calendar;
mod checkpoints;
mod forks;
mod loss;
mod maintenance;
mod mass;
mod parameters;
mod penalties;
mod proofs;
mod removal;
mod schedule;
mod sealed;
mod spot;
mod stateful;
mod statistics;
mod targeted;
