//! `granary dataset release`: gives back the space of objects that no snapshot refers to any more.
//!
//! What stays is found out from the catalogue: everything that the snapshots of the reservation refer to. What nobody refers to and what is old enough
//! goes: from then on the nodes tell publishers that they do not have it, so that those store it again. Publishes that were under way before
//! hold the nodes' signatures up until they are done, and then the catalogue is looked at once more. So no snapshot loses an
//! object, however many are published at the same time.

use super::{
	checkpoint::ask_node, fingerprints::Fingerprints, key_of, open_for_healing, OpenDataset,
};
use crate::{
	cli::{bytes_text, parse_duration, AccountArgs, Bar, Context},
	keys::TenantKeys,
	worker::STARTED_A_MOMENT_AGO,
};
use anyhow::{ensure, Context as _, Result};
use clap::Args;
use futures::future::{join_all, try_join_all};
use granary_chain::{Call, ChainClient};
use granary_dispersal::{DatasetKey, Leftovers, ObjectId, PreparedRelease, ReleaseStage};
use granary_primitives::{
	audit::{Checkpoint, Removal, SignedRemoval},
	message,
	snapshot::SnapshotInfo,
	AllotmentId, ReservationId,
};
use granary_snapshot::Manifest;
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, HashSet},
	path::PathBuf,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::{sleep, Instant};

/// Snapshots that are asked for at once.
const PAGE: u32 = 256;
/// How often nodes and chain are asked whether something has happened.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long publishes that began before are waited for.
const PUBLISHERS_PATIENCE: Duration = Duration::from_secs(3600);
/// How long a worker that has just started may refuse to sign.
const START_PATIENCE: Duration = Duration::from_secs(90);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # What would be given back:
  granary dataset release 1 --key dataset.key --key-file account.key --plan
  # Retire a snapshot, then give back what only it referred to:
  granary snapshot retire 7 --key-file account.key
  granary dataset release 1 --key dataset.key --key-file account.key

All nodes of the reservation must answer. Each makes a log without these objects; it takes the present one's place with the next audit that the present one passes,
and only then is the space free. Objects can be stored again at any time. Who reads a retired snapshot from a mount can read it no longer.")]
pub(crate) struct ReleaseArgs {
	/// The reservation.
	reservation: ReservationId,
	/// The dataset's key file, with the keys of all snapshots in the reservation.
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	/// Only show what would be given back.
	#[arg(long)]
	plan: bool,
	/// Leave alone what was stored in this last time, for example 6h or 2d: it may belong to a publish that is under way or is to be resumed.
	#[arg(long, default_value = "1d", value_name = "TIME", value_parser = parse_duration)]
	older_than: Duration,
	/// Wait until the shorter logs are in force, which takes until the next audit of each node.
	#[arg(long, conflicts_with = "plan")]
	wait: bool,
	#[command(flatten)]
	account: AccountArgs,
}

/// What all steps need.
struct Release<'r> {
	args: &'r ReleaseArgs,
	context: &'r Context,
	chain: Arc<ChainClient>,
	tenant: TenantKeys,
	keys: Vec<DatasetKey>,
}

/// Everything that the snapshots of a reservation refer to. Should an object be taken for one of these that is none, it stays.
#[derive(Default)]
struct Referred {
	snapshots: HashSet<u64>,
	objects: Fingerprints,
}

pub(super) async fn run(args: ReleaseArgs, context: &Context) -> Result<()> {
	let tenant = args.account.tenant_keys()?;
	let (current, earlier) = DatasetKey::load_all(&args.key)?;
	let keys: Vec<DatasetKey> = std::iter::once(current).chain(earlier).collect();
	let chain = context.connect().await?;
	let release = Release { args: &args, context, chain, tenant, keys };
	let open = release.open(0).await?;
	release.check_nothing_waits(&open).await?;

	let mut referred = Referred::default();
	release.find_referred(&mut referred).await?;
	let leftovers = release.find_leftovers(&open, &referred).await?;
	if args.plan || leftovers.objects.is_empty() {
		report(context, &leftovers, &referred, &[], args.plan);
		return Ok(());
	}
	let prepared = release.prepare(&open, &leftovers).await?;
	if let Err(error) = release.check_again(&open, &leftovers, &mut referred).await {
		release.drop_all(&open, &prepared).await;
		return Err(error);
	}
	let recorded = release.record(&open, &prepared).await?;
	if args.wait {
		release.wait(&open).await?;
	}
	report(context, &leftovers, &referred, &recorded, false);
	Ok(())
}

impl Release<'_> {
	/// The dataset under one of the keys. It takes no hold: those are for who writes.
	async fn open(&self, key: usize) -> Result<OpenDataset> {
		let key = self.keys.get(key).context("the key file has no key")?;
		open_for_healing(&self.chain, self.args.reservation, key.clone(), &self.tenant).await
	}

	async fn check_nothing_waits(&self, open: &OpenDataset) -> Result<()> {
		for allotment in &open.reservation.allotments {
			let details = self.chain.audit_details(*allotment).await?.with_context(|| {
				format!("allotment {allotment} has nothing on record, so nothing can become less")
			})?;
			ensure!(
				details.removal.is_none(),
				"a removal of allotment {allotment} waits for its next audit; try again after that (`granary audit status {allotment}`)"
			);
		}
		Ok(())
	}

	/// The snapshots of the reservation that are in the catalogue.
	async fn live_snapshots(&self) -> Result<Vec<SnapshotInfo>> {
		let (mut start, mut live) = (0, Vec::new());
		loop {
			let page = self.chain.snapshots(start, PAGE).await?;
			let Some(last) = page.last() else { return Ok(live) };
			start = last.id + 1;
			let own = page.into_iter().filter(|one| one.reservation == self.args.reservation);
			live.extend(own);
		}
	}

	/// Adds what snapshots refer to that were not looked at yet. One that cannot be read ends everything: what it needs is not known.
	async fn find_referred(&self, referred: &mut Referred) -> Result<()> {
		let mut by_key: BTreeMap<usize, Vec<SnapshotInfo>> = BTreeMap::new();
		for snapshot in self.live_snapshots().await? {
			if referred.snapshots.contains(&snapshot.id) {
				continue;
			}
			by_key.entry(key_of(&self.keys, &snapshot)?).or_default().push(snapshot);
		}
		let all = by_key.values().map(Vec::len).sum::<usize>() as u64;
		let bar = Bar::count(self.context, all, "reading manifests");
		for (key, snapshots) in by_key {
			let open = self.open(key).await?;
			let store = open.store();
			for snapshot in snapshots {
				// The values of a sealed archive have keys of their own kind, which are never released.
				if open.archive(&snapshot.manifest).is_some() {
					referred.snapshots.insert(snapshot.id);
					bar.inc(1);
					continue;
				}
				let objects = &mut referred.objects;
				let mut found = |id| objects.insert(&id);
				Manifest::for_each_object(store.as_ref(), snapshot.manifest, &mut found)
					.await
					.with_context(|| {
						format!(
							"snapshot {} cannot be read, so what it needs is not known and nothing is released; `granary heal` may help, or retire it",
							snapshot.id
						)
					})?;
				referred.snapshots.insert(snapshot.id);
				bar.inc(1);
			}
		}
		referred.objects.sort();
		bar.finish();
		Ok(())
	}

	async fn find_leftovers(&self, open: &OpenDataset, referred: &Referred) -> Result<Leftovers> {
		let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		let until = now.saturating_sub(self.args.older_than).as_secs();
		let bar = Bar::count(self.context, 0, "looking at shards");
		let stays = |id: &ObjectId| referred.objects.contains(id);
		let looked = |shards: u64| bar.at("looking at shards", shards, shards);
		let found = open.dataset.leftovers(&stays, until, &looked).await;
		bar.finish();
		Ok(found?)
	}

	/// Has all nodes make their shorter logs; if one cannot, the others give theirs up.
	async fn prepare(
		&self,
		open: &OpenDataset,
		leftovers: &Leftovers,
	) -> Result<Vec<PreparedRelease>> {
		let bar = Bar::bytes(self.context, "nodes make shorter logs");
		let shards = open.reservation.allotments.len();
		let progress: Vec<(AtomicU64, AtomicU64)> =
			(0..shards).map(|_| Default::default()).collect();
		let preparing = open.reservation.allotments.iter().enumerate().map(|(shard, allotment)| {
			let (bar, progress) = (&bar, &progress);
			async move {
				let newest = self.chain.newest_log(*allotment).await?;
				let newest = newest.context("nothing is on record")?;
				let told = |done: u64, all: u64| {
					if let Some((done_slot, all_slot)) = progress.get(shard) {
						done_slot.store(done, Relaxed);
						all_slot.store(all, Relaxed);
					}
					let sum = |slots: &[(AtomicU64, AtomicU64)]| {
						slots.iter().fold((0, 0), |(done, all), (one, of)| {
							(done + one.load(Relaxed), all + of.load(Relaxed))
						})
					};
					let (done, all) = sum(progress);
					bar.at("nodes make shorter logs", done, all);
				};
				let recorded = (newest.leaf_count, newest.root);
				let dataset = &open.dataset;
				let made =
					dataset.prepare_release(shard, &leftovers.objects, recorded, &told).await;
				made.with_context(|| format!("allotment {allotment}"))
			}
		});
		let outcomes = join_all(preparing).await;
		bar.finish();
		let (mut prepared, mut failed) = (Vec::new(), None);
		for outcome in outcomes {
			match outcome {
				Ok(made) => prepared.extend(made),
				Err(error) => failed = failed.or(Some(error)),
			}
		}
		match failed {
			None => Ok(prepared),
			Some(error) => {
				self.drop_all(open, &prepared).await;
				Err(error)
			},
		}
	}

	/// Gives everything up that is not signed for.
	async fn drop_all(&self, open: &OpenDataset, prepared: &[PreparedRelease]) {
		for one in prepared {
			if let Err(error) = open.dataset.drop_release(one.shard).await {
				self.context
					.note(format!("a shorter log is left until its node starts again: {error}"));
			}
		}
	}

	/// Waits for publishes that began before; then what they announced must not need anything of what goes.
	async fn check_again(
		&self,
		open: &OpenDataset,
		leftovers: &Leftovers,
		referred: &mut Referred,
	) -> Result<()> {
		let (deadline, mut told) = (Instant::now() + PUBLISHERS_PATIENCE, false);
		for shard in 0..open.reservation.allotments.len() {
			loop {
				let state = open.dataset.release_state(shard).await?;
				if state.stage == ReleaseStage::Idle || state.older_holds == 0 {
					break;
				}
				if !told {
					self.context.note("waiting for a publish that began before");
					told = true;
				}
				ensure!(
					Instant::now() < deadline,
					"a publish that began before is still under way after {} s; nothing is released",
					PUBLISHERS_PATIENCE.as_secs()
				);
				sleep(LOOK_INTERVAL).await;
			}
		}
		self.find_referred(referred).await?;
		let needed = leftovers.objects.keys().filter(|id| referred.objects.contains(id)).count();
		ensure!(
			needed == 0,
			"a snapshot that was published meanwhile needs {needed} of these objects; nothing is released, start again"
		);
		Ok(())
	}

	/// Signs the shorter logs with their nodes and records them on chain. What one node refuses does not keep the others': it has these objects until
	/// the next time.
	async fn record(
		&self,
		open: &OpenDataset,
		prepared: &[PreparedRelease],
	) -> Result<Vec<(AllotmentId, PreparedRelease)>> {
		let recording = prepared.iter().map(|one| async move {
			let allotment = open.reservation.allotments.get(one.shard).copied();
			let allotment = allotment.context("the reservation has fewer allotments")?;
			let removal = self.sign(open, allotment, one).await?;
			let call = Call::submit_removal(&removal);
			self.chain.submit_and_finalise(self.tenant.signer(), &call).await?;
			Ok::<_, anyhow::Error>((allotment, one.clone()))
		});
		let (mut recorded, mut failures) = (Vec::new(), Vec::new());
		for outcome in join_all(recording).await {
			match outcome {
				Ok(done) => recorded.push(done),
				Err(error) => failures.push(format!("{error:#}")),
			}
		}
		ensure!(
			failures.is_empty(),
			"recorded for {} of {} allotments, run it again for the others: {}",
			recorded.len(),
			prepared.len(),
			failures.join("; ")
		);
		Ok(recorded)
	}

	/// Signs as tenant and asks the node for its signature.
	async fn sign(
		&self,
		open: &OpenDataset,
		allotment: AllotmentId,
		one: &PreparedRelease,
	) -> Result<SignedRemoval> {
		let details = self.chain.audit_details(allotment).await?;
		let seal = details.and_then(|details| details.seal);
		let last = self.chain.newest_log(allotment).await?.unwrap_or_default();
		let checkpoint = Checkpoint {
			allotment,
			epoch: last.epoch + 1,
			root: one.root,
			leaf_count: one.leaf_count,
			previous_root: last.root,
		};
		let removal = Removal { checkpoint, seal };
		let message = message::removal(&self.chain.genesis_hash(), &removal);
		let tenant_signature = self.tenant.sign(&message);
		let deadline = Instant::now() + START_PATIENCE;
		loop {
			let asked =
				ask_node(open, one.shard, b"COSIGN-REMOVAL", &checkpoint, &tenant_signature).await;
			match asked {
				Err(error)
					if format!("{error:#}").contains(STARTED_A_MOMENT_AGO)
						&& Instant::now() < deadline =>
				{
					sleep(LOOK_INTERVAL).await;
				},
				Err(error) => return Err(error),
				Ok(node_signature) => {
					return Ok(SignedRemoval { removal, tenant_signature, node_signature })
				},
			}
		}
	}

	/// Waits until no removal of the reservation waits any more and the nodes have changed to their shorter logs.
	async fn wait(&self, open: &OpenDataset) -> Result<()> {
		let allotments = &open.reservation.allotments;
		let bar = Bar::count(self.context, allotments.len() as u64, "waiting for audits");
		loop {
			let asked = allotments.iter().map(|allotment| self.chain.audit_details(*allotment));
			let details = try_join_all(asked).await?;
			let waiting = details.iter().flatten().filter(|one| one.removal.is_some()).count();
			bar.at(
				"waiting for audits",
				(allotments.len() - waiting) as u64,
				allotments.len() as u64,
			);
			if waiting == 0 {
				let states = (0..allotments.len()).map(|shard| open.dataset.release_state(shard));
				let states = try_join_all(states).await?;
				if states.iter().all(|state| state.stage == ReleaseStage::Idle) {
					bar.finish();
					return Ok(());
				}
			}
			sleep(LOOK_INTERVAL).await;
		}
	}
}

fn report(
	context: &Context,
	leftovers: &Leftovers,
	referred: &Referred,
	recorded: &[(AllotmentId, PreparedRelease)],
	is_plan: bool,
) {
	let allotments: Vec<Value> = recorded
		.iter()
		.map(|(allotment, one)| {
			json!({
				"allotment": allotment,
				"removed_leaves": one.removed_leaves,
				"leaves": one.leaf_count,
			})
		})
		.collect();
	let value = json!({
		"plan": is_plan,
		"snapshots": referred.snapshots.len(),
		"objects": leftovers.objects.len(),
		"bytes": leftovers.bytes(),
		"young_objects": leftovers.young,
		"staying_objects": leftovers.referred,
		"staying_bytes": leftovers.staying_bytes,
		"allotments": allotments,
	});
	context.print(&value, |out| {
		let verb = if is_plan { "could be given back" } else { "are given back" };
		match leftovers.objects.len() {
			0 => out.line("nothing can be given back"),
			objects => out.line(format!(
				"{objects} objects, {} over all nodes, {verb}",
				bytes_text(leftovers.bytes())
			)),
		}
		out.line(format!(
			"  {} snapshots stay, with {} objects and {} over all nodes",
			referred.snapshots.len(),
			leftovers.referred,
			bytes_text(leftovers.staying_bytes)
		));
		if leftovers.young > 0 {
			out.line(format!(
				"  {} objects that no snapshot refers to are too young (--older-than)",
				leftovers.young
			));
		}
		if !recorded.is_empty() {
			out.line("  the space is free with the next audit that each node passes");
		}
	});
}
