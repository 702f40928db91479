//! `granary worker`: a storage node that needs no other instruction than the chain's.
//!
//! [`registration`] finds or registers the node; [`allotments`] makes its namespaces be what the chain says; [`audits`] answers what is due;
//! [`cosign`] signs checkpoints and removals that agree with the node's own log; [`removals`] puts shorter logs in force when the chain does; [`reach`] keeps connections to
//! relays and [`relaying`] is one; [`run`] drives them from block to block.

mod admission;
mod allotments;
mod audits;
mod cosign;
mod loss;
mod reach;
mod registration;
mod relaying;
mod removals;
mod rotation;
mod run;
mod status;

pub(crate) use cosign::STARTED_A_MOMENT_AGO;

use crate::cli::Context;
use anyhow::Result;
use clap::Subcommand;

/// The storage worker.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkerCommand {
	/// Register or find this node on chain and serve it.
	Run(Box<run::RunArgs>),
	/// Tell the chain that an allotment's data are gone, before an audit finds out: that costs half.
	DeclareLoss(loss::LossArgs),
	/// Announce new keys; the worker goes on with them when they are valid.
	RotateKeys(rotation::RotateArgs),
	/// Show what the chain says about the node of a data directory.
	Status(status::StatusArgs),
}

/// Runs one of the commands.
pub(crate) async fn dispatch(command: WorkerCommand, context: &Context) -> Result<()> {
	match command {
		WorkerCommand::Run(args) => run::run(*args, context).await,
		WorkerCommand::DeclareLoss(args) => loss::run(args, context).await,
		WorkerCommand::RotateKeys(args) => rotation::run(args, context).await,
		WorkerCommand::Status(args) => status::run(args, context).await,
	}
}
