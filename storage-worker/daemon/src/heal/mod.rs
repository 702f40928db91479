//! `granary heal`: finds what a reservation's nodes have lost and puts it back.

mod doubts;
mod replace;
mod report;

use crate::{
	cli::{bytes_text, parse_bytes, parse_duration, AccountArgs, Bar, Context, WorkDir},
	dataset::{open_for_healing, record_checkpoints, OpenDataset, Shrunk},
	keys::TenantKeys,
	mount::Suspects,
	stop::StopSignal,
};
use anyhow::{bail, Context as _, Result};
use clap::{ArgGroup, Args};
use doubts::{Doubt, Settled};
use granary_chain::ChainClient;
use granary_dispersal::{Check, DatasetKey, HealReport, Healing};
use granary_primitives::{Balance, ReservationId};
use report::{Assumption, Done, HealedArchive};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

/// What a reservation's nodes have lost is put back.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("moving").args(["replace", "rebalance"]).multiple(true))]
#[command(after_help = "\
Examples:
  # Look, and put back what is missing:
  granary heal 1 --key dataset.key --key-file account.key
  # Read and verify every shard; replace allotments that are lost on chain by new ones on other nodes:
  granary heal 1 --key dataset.key --key-file account.key --check all --replace
  # Every hour verify one object in a hundred, with at most 20 MiB of rebuilt data in a second:
  granary heal 1 --key dataset.key --key-file account.key --check 0.01 --every 1h --rate 20MiB
  # Make use of nodes that have joined since, an allotment at a time:
  granary heal 1 --key dataset.key --key-file account.key --rebalance

What reads of living mounts had trouble with is verified and put right before anything else. Everything that a node holds is verified, whatever --check
says, if it missed an audit and has not proven anything since.

Sealed snapshots are healed after the objects; if something is missing of one it is read into --work-dir, where at 16+4 it takes 1.32 times its size.
Objects with the fewest good shards come first. A run that was killed is simply started again: what it put back is not missing any more.
Shards on nodes that do not answer are not rebuilt elsewhere until the chain has given their allotments up; --replace then moves them.")]
pub(crate) struct HealArgs {
	/// The reservation.
	reservation: ReservationId,
	/// The dataset key.
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	/// How closely to look: `presence` asks nodes for what they have, `all` reads and verifies every shard, a number such as 0.01 does so for
	/// that share of the objects.
	#[arg(long, default_value = "presence", value_parser = parse_check)]
	check: Looking,
	/// Ask this mount, by its mount point or state directory, for the objects that its reads had trouble with; may be given several times. [default: all
	/// mounts in the user's state directory]
	#[arg(long, value_name = "MOUNT")]
	mount: Vec<PathBuf>,
	/// Bytes of rebuilt shards in a second at most, for example 50MiB. [default: no limit]
	#[arg(long, value_parser = parse_bytes)]
	rate: Option<u64>,
	/// Put new allotments in the place of those that are lost on chain; the escrow grows if the new node asks for more.
	#[arg(long)]
	replace: bool,
	/// Once nothing is missing and all nodes answer, move one allotment that would be better off on another node, as `granary dataset rebalance` shows, and
	/// restore it there. What is put back before and after is reported separately.
	#[arg(long)]
	rebalance: bool,
	/// The most that one new allotment may cost per block, in plancks. [default: no limit]
	#[arg(long, requires = "moving")]
	max_price_per_block: Option<Balance>,
	/// Go on: look again so long after the end of each run, for example 30m or 6h.
	#[arg(long, value_parser = parse_duration)]
	every: Option<Duration>,
	/// Where sealed snapshots that lack something are put together for a while. [default: the system's temporary directory]
	#[arg(long, value_name = "DIR")]
	work_dir: Option<PathBuf>,
	/// For the durability figure: the share of nodes that are lost in a year.
	#[arg(long, default_value_t = 0.05, value_name = "SHARE", value_parser = parse_share)]
	node_loss_per_year: f64,
	#[command(flatten)]
	account: AccountArgs,
}

/// How closely to look; the seed of a sample changes from run to run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Looking {
	Presence,
	Share(f64),
	All,
}

impl Looking {
	fn check(self) -> Check {
		match self {
			Self::Presence => Check::Presence,
			Self::Share(share) => Check::Sample { share, seed: rand::random() },
			Self::All => Check::All,
		}
	}
}

fn parse_share(text: &str) -> Result<f64, String> {
	let share: f64 = text.parse().map_err(|_| format!("'{text}' is not a number"))?;
	(0.0..=1.0).contains(&share).then_some(share).ok_or(format!("{text} is not between 0 and 1"))
}

fn parse_check(text: &str) -> Result<Looking, String> {
	match text {
		"presence" => Ok(Looking::Presence),
		"all" => Ok(Looking::All),
		share => parse_share(share)
			.map(Looking::Share)
			.map_err(|_| format!("'{share}' is none of presence, all or a share such as 0.01")),
	}
}

pub(crate) async fn run(args: HealArgs, context: &Context) -> Result<()> {
	let tenant = args.account.tenant_keys()?;
	// A file that was rotated has the keys of several datasets; each of them wants healing.
	let (current, earlier) = DatasetKey::load_all(&args.key)?;
	let keys: Vec<DatasetKey> = std::iter::once(current).chain(earlier).collect();
	let chain = context.connect().await?;
	let mut settled = Settled::default();
	let Some(pause) = args.every else {
		return run_once(&args, &chain, &tenant, &keys, &mut settled, context).await;
	};
	let rounds = async {
		loop {
			if let Err(error) = run_once(&args, &chain, &tenant, &keys, &mut settled, context).await
			{
				context.note(format!("this round failed, the next one tries again: {error:#}"));
				// The chain's connection may be what broke; if it still is, the next round says so.
				let _ = chain.reconnect().await;
			}
			tokio::time::sleep(pause).await;
		}
	};
	let mut stop = StopSignal::listen()?;
	tokio::select! {
		() = rounds => {},
		() = stop.asked() => {},
	}
	Ok(())
}

/// Heals, and if that is wanted moves an allotment and heals what moved.
async fn run_once(
	args: &HealArgs,
	chain: &Arc<ChainClient>,
	tenant: &TenantKeys,
	keys: &[DatasetKey],
	settled: &mut Settled,
	context: &Context,
) -> Result<()> {
	let replaced = match args.replace {
		true => replace::lost_allotments(chain, args, tenant, context).await?,
		false => 0,
	};
	let unreached = heal_all(args, chain, tenant, keys, settled, replaced, context).await?;
	if !args.rebalance {
		return Ok(());
	}
	if !unreached.is_empty() {
		context.note("nothing is moved as long as a node does not answer");
		return Ok(());
	}
	if replace::one_better_off(chain, args, tenant, context).await? {
		heal_all(args, chain, tenant, keys, settled, 1, context).await?;
	}
	Ok(())
}

/// Heals all datasets of the reservation, of which so many allotments are new; returns the nodes that did not answer.
async fn heal_all(
	args: &HealArgs,
	chain: &Arc<ChainClient>,
	tenant: &TenantKeys,
	keys: &[DatasetKey],
	settled: &mut Settled,
	replaced: usize,
	context: &Context,
) -> Result<BTreeSet<u32>> {
	let mounts = mounts(args, context).await;
	let reservation = chain.reservation(args.reservation).await?.with_context(|| {
		format!("reservation {} does not exist on this chain", args.reservation)
	})?;
	let doubts = settled.doubts(chain, &reservation).await?;
	let mut unreached = BTreeSet::new();
	for key in keys {
		let reasons = Reasons { mounts: &mounts, doubts: &doubts, replaced };
		unreached.extend(heal_dataset(args, chain, tenant, key, &reasons, context).await?);
	}
	let looked_at: Vec<Doubt> =
		doubts.into_iter().filter(|doubt| !unreached.contains(&doubt.node)).collect();
	settled.settle(&looked_at);
	Ok(unreached)
}

/// What living mounts had trouble with. One that was named and does not answer keeps nothing from being healed.
async fn mounts(args: &HealArgs, context: &Context) -> Vec<Suspects> {
	if args.mount.is_empty() {
		return Suspects::of_all().await;
	}
	let mut mounts = Vec::new();
	for mount in &args.mount {
		match Suspects::of(mount).await {
			Ok(suspects) => mounts.push(suspects),
			Err(error) => context.note(format!("{error:#}; healing without it")),
		}
	}
	mounts
}

/// Why some objects and some nodes are looked at more closely than others.
struct Reasons<'r> {
	mounts: &'r [Suspects],
	doubts: &'r [Doubt],
	/// Allotments that are new.
	replaced: usize,
}

impl Reasons<'_> {
	/// The mounts that read this dataset and had trouble.
	fn mounts_of(&self, reservation: ReservationId, key: &DatasetKey) -> Vec<&Suspects> {
		let is_of = |mount: &&Suspects| {
			(mount.reservation, mount.dataset) == (reservation, key.id())
				&& !mount.objects.is_empty()
		};
		self.mounts.iter().filter(is_of).collect()
	}
}

/// Returns the nodes that did not answer.
async fn heal_dataset(
	args: &HealArgs,
	chain: &Arc<ChainClient>,
	tenant: &TenantKeys,
	key: &DatasetKey,
	reasons: &Reasons<'_>,
	context: &Context,
) -> Result<Vec<u32>> {
	let mounts = reasons.mounts_of(args.reservation, key);
	let first: BTreeSet<_> = mounts.iter().flat_map(|mount| mount.objects.clone()).collect();
	let open = open_for_healing(chain, args.reservation, key.clone(), tenant).await?;
	let bar = Bar::count(context, 0, "surveying");
	let healing = Healing {
		first: first.into_iter().collect(),
		check: args.check.check(),
		doubted: reasons.doubts.iter().map(|doubt| doubt.shard).collect(),
		bytes_per_second: args.rate,
	};
	let healed = open.dataset.heal(healing, &|step, done, all| bar.at(step, done, all)).await;
	bar.finish();
	let healed: HealReport = healed?;
	for mount in mounts {
		if let Err(error) = mount.looked_after().await {
			context.note(format!("{error:#}: it will name the same objects again"));
		}
	}
	// What was put back counts, whatever becomes of the archives.
	let archives = heal_archives(args, &open, reasons, context).await;
	let grown = record_checkpoints(chain, &open, tenant, Shrunk::Skip).await?;
	let archives = archives?;
	let assumption = Assumption { node_loss_per_year: args.node_loss_per_year };
	let done = Done { reasons, checkpoints: grown, archives };
	report::print(&open.reservation, &healed, &done, assumption, context);
	if let Some((id, error)) = done.archives.iter().find_map(HealedArchive::failure) {
		bail!("the sealed archive {id} could not be healed: {error}");
	}
	if let Some(first) = &healed.first_lost {
		bail!(
			"{} of {} objects have fewer shards within reach than are needed to rebuild them, for example {first}; {}",
			healed.lost,
			healed.survey.objects,
			match healed.survey.unreachable.len() {
				0 => "all nodes answer, so these are lost".to_owned(),
				nodes => format!("bring the {nodes} nodes back that do not answer and heal again"),
			}
		);
	}
	if healed.rebuilt_bytes > 0 {
		context.note(format!("put back {}", bytes_text(healed.rebuilt_bytes)));
	}
	Ok(healed.survey.unreachable.iter().map(|(node, _)| *node).collect())
}

/// Looks at every sealed archive of the dataset and puts back what its nodes lack. One that cannot be healed does not keep the others from it.
async fn heal_archives(
	args: &HealArgs,
	open: &OpenDataset,
	reasons: &Reasons<'_>,
	context: &Context,
) -> Result<Vec<HealedArchive>> {
	let mut healed = Vec::new();
	for archive in open.dataset.archives().await? {
		let is_verified = match args.check {
			_ if !reasons.doubts.is_empty() => true,
			Looking::Presence => false,
			Looking::All => true,
			Looking::Share(share) => rand::random::<f64>() < share,
		};
		let work = WorkDir::new(args.work_dir.as_deref())?;
		let bar = Bar::count(context, 0, "surveying");
		let outcome = open
			.dataset
			.heal_archive(archive.id, is_verified, args.rate, work.path(), &|step, done, all| {
				bar.at(step, done, all);
			})
			.await;
		bar.finish();
		healed.push(HealedArchive { id: archive.id, outcome });
	}
	Ok(healed)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn arguments_are_read_and_nonsense_is_not() {
		assert_eq!(parse_check("presence"), Ok(Looking::Presence));
		assert_eq!(parse_check("all"), Ok(Looking::All));
		assert_eq!(parse_check("0.25"), Ok(Looking::Share(0.25)));
		for wrong in ["", "some", "1.5", "-0.1", "NaN"] {
			assert!(
				parse_check(wrong).unwrap_err().contains("presence, all or a share"),
				"{wrong}"
			);
		}
	}
}
