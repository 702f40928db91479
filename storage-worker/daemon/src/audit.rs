//! `granary audit`.

use crate::cli::{AccountArgs, Context, Failure};
use anyhow::{bail, ensure, Context as _, Result};
use clap::Subcommand;
use granary_chain::{AuditAnswer, Call};
use granary_por::{challenge, verify, Blake2};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord, DueAudit},
	AllotmentId, Hash, NodeId, Tick,
};
use serde_json::{json, Value};
use std::io::Read;

/// The most leaves that an audit samples.
const LEAVES_MAX: u32 = 64;
/// The longest proof that `verify` reads, as JSON.
const PROOF_JSON_BYTES_MAX: u64 = 4 << 20;

const PROOF_EXAMPLES: &str = "\
Examples:
  granary audit proof 0
  granary --json audit proof 0 1234 > proof.json
  granary audit verify < proof.json     # no chain needed";

/// Audits.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
	/// List audits whose window is open.
	Due {
		/// Only those of this node.
		#[arg(long)]
		node: Option<NodeId>,
	},
	/// Show the last audits of an allotment, newest first.
	History {
		/// The allotment's number.
		allotment: AllotmentId,
	},
	/// Show where the audits of an allotment stand.
	Status {
		/// The allotment's number.
		allotment: AllotmentId,
	},
	/// Buy an audit of an allotment: a proof of so many leaves pays the node the price of it, a miss returns the deposit with a reward.
	Buy {
		/// The allotment's number.
		allotment: AllotmentId,
		/// Leaves to be proven, at most 64.
		#[arg(long, default_value_t = 64)]
		leaves: u32,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Show the proof of a past audit from the block that holds it, and verify it here.
	#[command(after_help = PROOF_EXAMPLES)]
	Proof {
		/// The allotment's number.
		allotment: AllotmentId,
		/// The audit's tick. [default: the newest that was proven]
		tick: Option<Tick>,
	},
	/// Verify a proof from its bytes: reads the JSON that `granary_proof` answers from the standard input. Needs no chain.
	Verify,
}

/// Runs one of the commands.
pub(crate) async fn run(command: AuditCommand, context: &Context) -> Result<()> {
	match command {
		AuditCommand::Due { node } => due(node, context).await,
		AuditCommand::History { allotment } => history(allotment, context).await,
		AuditCommand::Status { allotment } => status(allotment, context).await,
		AuditCommand::Buy { allotment, leaves, account } => {
			buy(allotment, leaves, &account, context).await
		},
		AuditCommand::Proof { allotment, tick } => proof(allotment, tick, context).await,
		AuditCommand::Verify => verify_proof(context),
	}
}

async fn buy(
	allotment: AllotmentId,
	leaves: u32,
	account: &AccountArgs,
	context: &Context,
) -> Result<()> {
	let keys = account.tenant_keys()?;
	let chain = context.connect().await?;
	chain.submit_and_finalise(keys.signer(), &Call::buy_audit(allotment, leaves)).await?;
	context.print(&json!({ "allotment": allotment, "leaves": leaves }), |out| {
		out.line(format!("an audit of {leaves} leaves of allotment {allotment} is bought"));
	});
	Ok(())
}

async fn due(node: Option<NodeId>, context: &Context) -> Result<()> {
	let audits = context.connect().await?.due_audits(node).await?;
	let values: Vec<Value> = audits.iter().map(due_json).collect();
	context.print(&json!(values), |out| {
		out.row(&["ALLOTMENT", "NODE", "TICK", "NOW", "DEADLINE", "LEAVES"]);
		for audit in &audits {
			out.row(&[
				&audit.allotment.to_string(),
				&audit.node.to_string(),
				&audit.tick.to_string(),
				&audit.current_tick.to_string(),
				&audit.deadline_tick.to_string(),
				&format!("{} of {}", audit.leaves.len(), audit.leaf_count),
			]);
		}
	});
	Ok(())
}

async fn history(allotment: AllotmentId, context: &Context) -> Result<()> {
	let records = context.connect().await?.audit_history(allotment).await?;
	let values: Vec<Value> = records.iter().map(record_json).collect();
	context.print(&json!(values), |out| {
		out.row(&["TICK", "OUTCOME", "BLOCK", "EXTRINSIC"]);
		for record in &records {
			let (outcome, block, extrinsic) = match record.outcome {
				AuditOutcome::Proven { block, extrinsic } => {
					("proven", block, extrinsic.to_string())
				},
				AuditOutcome::Missed { block } => ("missed", block, "-".to_owned()),
			};
			out.row(&[&record.tick.to_string(), outcome, &block.to_string(), &extrinsic]);
		}
	});
	Ok(())
}

async fn status(allotment: AllotmentId, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	let status = chain.audit_status(allotment).await?.ok_or_else(|| {
		Failure::not_found(
			format!("allotment {allotment} is not audited"),
			"audits begin with the first checkpoint; `granary reservation show` lists allotments",
		)
	})?;
	let details = chain.audit_details(allotment).await?;
	let removal = details.and_then(|all| all.removal).map(|removal| removal.checkpoint.head());
	let value = json!({
		"allotment": status.allotment,
		"epoch": status.checkpoint.map(|checkpoint| checkpoint.epoch),
		"leaf_count": status.checkpoint.map(|checkpoint| checkpoint.leaf_count),
		"root": status.checkpoint.map(|checkpoint| format!("0x{}", hex::encode(checkpoint.root))),
		"next_tick": status.next_tick,
		"proven": status.proven,
		"missed": status.missed,
		"window_misses": status.window_misses,
		"removal_leaf_count": removal.map(|head| head.leaf_count),
	});
	context.print(&value, |out| {
		out.line(format!("allotment {allotment}"));
		if let Some(checkpoint) = status.checkpoint {
			out.field(
				"log",
				format!("{} leaves, epoch {}", checkpoint.leaf_count, checkpoint.epoch),
			);
			out.field("root", format!("0x{}", hex::encode(checkpoint.root)));
		}
		if let Some(head) = removal {
			let leaves = head.leaf_count;
			out.field("removal", format!("{leaves} leaves stay, in force with the next proof"));
		}
		if let Some(tick) = status.next_tick {
			out.field("next audit", format!("tick {tick}"));
		}
		out.field("proven", status.proven.to_string());
		out.field("missed", format!("{} ({} of the last 16)", status.missed, status.window_misses));
	});
	Ok(())
}

fn verify_proof(context: &Context) -> Result<()> {
	let mut text = String::new();
	std::io::stdin()
		.take(PROOF_JSON_BYTES_MAX)
		.read_to_string(&mut text)
		.context("reading the proof from the standard input")?;
	let value: Value = serde_json::from_str(&text).context("the standard input is not JSON")?;
	let field =
		|name: &str| value.get(name).with_context(|| format!("the proof has no field '{name}'"));
	let root = hash_field(field("root")?, "root")?;
	let seed = hash_field(field("seed")?, "seed")?;
	let allotment = number_field(field("allotment")?, "allotment")?;
	let leaf_count = number_field(field("leafCount")?, "leafCount")?;
	let leaves: Vec<u64> = serde_json::from_value(field("leaves")?.clone())
		.context("'leaves' is not a list of numbers")?;
	let proof = bytes_field(field("proof")?, "proof")?;
	let samples = u32::try_from(leaves.len()).context("too many leaves")?;
	// The leaves must be those that the seed chose, or the proof proves something else.
	ensure!(
		challenge::<Blake2>(&seed, allotment, &root, leaf_count, samples) == leaves,
		"the leaves are not the ones that the seed chooses"
	);
	if let Err(error) = verify::<Blake2>(&root, leaf_count, &leaves, &proof) {
		bail!("the proof does not verify: {error}");
	}
	context.print(&json!({ "verified": true, "leaves": leaves, "bytes": proof.len() }), |out| {
		out.line(format!(
			"verified: {} leaves, {} bytes lead to root 0x{}",
			leaves.len(),
			proof.len(),
			hex::encode(root)
		));
	});
	Ok(())
}

async fn proof(allotment: AllotmentId, tick: Option<Tick>, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	let history = chain.audit_history(allotment).await?;
	let proven = history.iter().find_map(|record| match record.outcome {
		AuditOutcome::Proven { block, extrinsic }
			if tick.is_none_or(|tick| tick == record.tick) =>
		{
			Some((record, block, extrinsic))
		},
		_ => None,
	});
	let not_found = |what: String| {
		Failure::not_found(
			what,
			"`granary audit history` shows the audits that the chain remembers",
		)
	};
	let (record, block, extrinsic) = proven.ok_or_else(|| {
		not_found(match tick {
			Some(tick) => format!("no proof of allotment {allotment} at tick {tick} is remembered"),
			None => format!("no proof of allotment {allotment} is remembered"),
		})
	})?;
	let place = (block, extrinsic);
	let submitted =
		chain.submitted_proof(place, allotment, record.tick).await?.ok_or_else(|| {
			not_found(format!(
				"extrinsic {extrinsic} of block {block} is not this proof on this node"
			))
		})?;
	let AuditAnswer { challenge: asked, proof, .. } = &submitted.answer;
	let leaves = challenge::<Blake2>(
		&asked.seed,
		allotment,
		&asked.root,
		asked.leaf_count,
		asked.samples.min(LEAVES_MAX),
	);
	verify::<Blake2>(&asked.root, asked.leaf_count, &leaves, proof)
		.context("the proof does not verify")?;
	let hex_of = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
	let value = json!({
		"allotment": allotment,
		"tick": record.tick,
		"seed": hex_of(&asked.seed),
		"root": hex_of(&asked.root),
		"leafCount": asked.leaf_count,
		"leaves": leaves,
		"proof": hex_of(proof),
		"signature": hex_of(&submitted.signature),
		"blockNumber": block,
		"blockHash": hex_of(&submitted.block_hash),
		"extrinsicIndex": extrinsic,
		"verified": true,
	});
	context.print(&value, |out| {
		out.line(format!("allotment {allotment}, tick {}: verified", record.tick));
		out.field("block", format!("{block} ({})", hex_of(&submitted.block_hash)));
		out.field("extrinsic", extrinsic.to_string());
		out.field("log", format!("{} leaves, root {}", asked.leaf_count, hex_of(&asked.root)));
		let names: Vec<String> = leaves.iter().map(u64::to_string).collect();
		out.field("sampled", names.join(" "));
		out.field("proof", format!("{} bytes", proof.len()));
	});
	Ok(())
}

fn bytes_field(value: &Value, name: &str) -> Result<Vec<u8>> {
	let text = value.as_str().with_context(|| format!("'{name}' is not a string"))?;
	hex::decode(text.trim_start_matches("0x")).with_context(|| format!("'{name}' is not hex"))
}

fn hash_field(value: &Value, name: &str) -> Result<Hash> {
	Hash::try_from(bytes_field(value, name)?.as_slice())
		.with_context(|| format!("'{name}' has not 32 bytes"))
}

fn number_field(value: &Value, name: &str) -> Result<u64> {
	let text = value.as_str().and_then(|text| text.parse().ok());
	value.as_u64().or(text).with_context(|| format!("'{name}' is not a number"))
}

fn due_json(audit: &DueAudit) -> Value {
	json!({
		"allotment": audit.allotment,
		"node": audit.node,
		"tick": audit.tick,
		"current_tick": audit.current_tick,
		"opens_tick": audit.opens_tick,
		"deadline_tick": audit.deadline_tick,
		"seed": format!("0x{}", hex::encode(audit.seed)),
		"root": format!("0x{}", hex::encode(audit.root)),
		"leaf_count": audit.leaf_count,
		"leaves": audit.leaves,
	})
}

fn record_json(record: &AuditRecord) -> Value {
	let outcome = match record.outcome {
		AuditOutcome::Proven { block, extrinsic } => {
			json!({ "proven": { "block": block, "extrinsic": extrinsic } })
		},
		AuditOutcome::Missed { block } => json!({ "missed": { "block": block } }),
	};
	json!({
		"tick": record.tick,
		"outcome": outcome,
	})
}
