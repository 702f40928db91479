//! The Granary chain's node: consensus, database, network and JSON-RPC.
//!
//! [`command`] chooses what to do, [`service`] puts a running node together, [`rpc`] answers
//! `granary_*` calls by thin wrappers around the runtime API.

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
