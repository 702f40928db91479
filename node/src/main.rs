//! The Granary chain's node: consensus, database, network and JSON-RPC.
//!
//! [`command`] chooses what to do, [`service`] puts a running node together, [`rpc`] answers
//! `granary_*` calls by thin wrappers around the runtime API.

#![allow(clippy::result_large_err, reason = "the errors are those of sc-cli and sc-service")]

mod chain_spec;
mod cli;
mod command;
mod compiled_runtimes;
mod rpc;
mod service;

use std::{
	io::{stderr, Write},
	process::ExitCode,
};

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			// There is nobody left to tell if not even this can be written.
			drop(writeln!(stderr(), "granary-node: {error}"));
			ExitCode::FAILURE
		},
	}
}
