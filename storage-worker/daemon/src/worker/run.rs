//! The worker's life: start, follow finalised blocks, stop.

use super::{
	admission::{Admission, Door},
	allotments::reconcile,
	audits::Auditor,
	cosign::CoSigner,
	reach::{self, Links, ReachArgs},
	registration::{find_or_register, Offer},
	relaying::{self, RelayArgs, Relaying},
	removals,
};
use crate::{
	cli::{parse_bytes, parse_units, AccountArgs, Context},
	keys::WorkerKeys,
	stop::StopSignal,
	transport::Transport,
	zdb::observe,
};
use anyhow::{Context as _, Result};
use clap::Args;
use granary_chain::ChainClient;
use granary_primitives::{Balance, BlockNumber, Hash, NodeId};
use granary_transport::Endpoints;
use granary_zdb::{OtherProtocol, Server, ServerOptions, Store, StoreOptions, TlsOptions};
use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use tokio::{
	sync::{oneshot, watch},
	task::JoinHandle,
};
use tracing::{info, warn};

/// Pause before work on a block that failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # On the network, reached by tenants under a name:
  granary worker run --dir /var/lib/granary --key-file account.key --farm my-farm --capacity 500GiB \\
    --listen 0.0.0.0:9900 --endpoint storage.example.org:9900
  # Behind a router that lets nobody in: nodes 3 and 8, which run with --as-relay, pass tenants on to it:
  granary worker run --dir /var/lib/granary --key-file account.key --farm my-farm --capacity 500GiB --relay 3 --relay 8
  # On this machine only:
  granary worker run --dir ./worker --suri //Alice --farm test --capacity 1GiB

The data directory holds the keys (keys/, mode 0600: back them up) and the data (zdb/). Everything else is on chain.")]
pub(crate) struct RunArgs {
	/// Data directory.
	#[arg(long)]
	dir: PathBuf,
	/// Name of the farm; created on first use.
	#[arg(long)]
	farm: String,
	/// Capacity to offer, for example 500GiB.
	#[arg(long, value_parser = parse_bytes)]
	capacity: u64,
	/// Address to serve on, encrypted; 0.0.0.0:9900 for all networks, then with --endpoint.
	#[arg(long, default_value = "127.0.0.1:9900")]
	listen: SocketAddr,
	#[command(flatten)]
	reach: ReachArgs,
	#[command(flatten)]
	relaying: RelayArgs,
	/// Address for /metrics (Prometheus), /healthz and /readyz over HTTP, for example 127.0.0.1:9901.
	#[arg(long, value_name = "ADDRESS:PORT")]
	metrics: Option<SocketAddr>,
	/// Unix socket to serve on as well, without encryption, for this machine's tools.
	#[arg(long, value_name = "PATH")]
	socket: Option<PathBuf>,
	/// Price of one GiB for one hour, in units.
	#[arg(long, default_value = "0.001", value_parser = parse_units)]
	price: Balance,
	/// Bond to hold on registration, in units.
	#[arg(long, default_value = "1000", value_parser = parse_units)]
	bond: Balance,
	#[command(flatten)]
	account: AccountArgs,
}

pub(super) async fn run(args: RunArgs, context: &Context) -> Result<()> {
	let endpoints = args.reach.endpoints(args.listen)?;
	let operator = args.account.tenant_keys()?;
	let key_dir = args.dir.join("keys");
	// Should they be unreadable, that is said before the data are opened.
	WorkerKeys::load_or_create(&key_dir)?;
	let store = Arc::new(Store::open(StoreOptions::new(args.dir.join("zdb")))?);
	for line in store.recovery_report().lines() {
		warn!("{line}");
	}
	let mut stop = StopSignal::listen()?;
	let Some(chain) = connect(&args.dir, &mut stop, context).await? else { return Ok(()) };
	remember_genesis(&args.dir, chain.genesis_hash())?;
	let offer = Offer {
		farm: args.farm.clone(),
		endpoint: endpoints.to_string(),
		capacity_bytes: args.capacity,
		price_per_gib_hour: args.price,
		bond: args.bond,
	};
	loop {
		let (keys, node) = find_or_register(&chain, operator.signer(), &key_dir, &offer).await?;
		let ended = serve(&args, &endpoints, &chain, &store, keys, node.id, &mut stop).await?;
		match ended {
			Ended::Stopped => break,
			Ended::KeysChanged => info!(node = node.id, "its keys on chain have changed"),
		}
	}
	store.sync_all()?;
	info!("stopped");
	Ok(())
}

/// Why a worker does not serve any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
	/// It was told to stop.
	Stopped,
	/// The chain has other keys of its node now: it goes on with those.
	KeysChanged,
}

/// Serves and follows the chain with one set of keys.
async fn serve(
	args: &RunArgs,
	endpoints: &Endpoints,
	chain: &Arc<ChainClient>,
	store: &Arc<Store>,
	keys: Arc<WorkerKeys>,
	node: NodeId,
	stop_asked: &mut StopSignal,
) -> Result<Ended> {
	let doors = open_doors(args, endpoints, chain, store, &keys, node).await?;
	let Doors { server, links, figures } = doors;
	info!(node, listen = %args.listen, "serving");

	let (stop, stopped) = watch::channel(false);
	let mut wait = stopped.clone();
	let serving = tokio::spawn(server.run(async move {
		// An error means that the sender is gone, which is a reason to stop too.
		let _ = wait.wait_for(|stop| *stop).await;
	}));
	let auditor = Arc::new(Auditor::new(chain.clone(), store.clone(), keys, node));
	let mut following = tokio::spawn(follow(auditor, stopped));
	let ended = tokio::select! {
		() = stop_asked.asked() => {
			info!("stopping");
			stop.send_replace(true);
			following.await.context("the chain follower ended early")?;
			Ended::Stopped
		},
		ended = &mut following => {
			stop.send_replace(true);
			ended.context("the chain follower ended early")?
		},
	};
	drop(links);
	serving.await.context("the server ended early")??;
	if let Some((ended, showing)) = figures {
		// The page may have ended by itself.
		let _ = ended.send(());
		showing.await.context("the page of figures ended early")?;
	}
	Ok(ended)
}

/// All ways by which others come in.
struct Doors {
	server: Server,
	/// Connections to relays.
	links: Links,
	/// What ends the page of figures, and the page.
	figures: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// Listens, connects to relays, and is a relay, as the arguments say. Nobody is answered before the server runs.
async fn open_doors(
	args: &RunArgs,
	endpoints: &Endpoints,
	chain: &Arc<ChainClient>,
	store: &Arc<Store>,
	keys: &Arc<WorkerKeys>,
	node: NodeId,
) -> Result<Doors> {
	let admission = Arc::new(Admission::new(chain.clone()));
	let relay = args.relaying.relay(&admission);
	let transport = Transport::of_worker(chain.genesis_hash(), keys)?;
	let tls = TlsOptions {
		strangers_only_read: true,
		others: relay.clone().map(|relay| Arc::new(Relaying(relay)) as Arc<dyn OtherProtocol>),
		..TlsOptions::new(args.listen, transport.server(relay.is_some())?)
	};
	let options = ServerOptions {
		tls: Some(tls),
		unix: args.socket.clone(),
		protected: true,
		..ServerOptions::default()
	};
	let cosigner = CoSigner::new(chain.clone(), store.clone(), keys.clone(), node);
	let door = Arc::new(Door { cosigner, admission });
	let mut server = Server::bind(options, store.clone(), Some(door)).await?;
	let links = Links::start(endpoints, &mut server, chain, &transport);
	let mut figures = None;
	if let Some(address) = args.metrics {
		let shown = links.all();
		let more = move || {
			let relay = relay.as_deref().map(relaying::metrics).unwrap_or_default();
			relay + &reach::metrics(&shown)
		};
		let (ended, end) = oneshot::channel();
		let showing = observe::start(address, server.metrics(), Arc::new(more), end).await?;
		figures = Some((ended, showing));
	}
	Ok(Doors { server, links, figures })
}

/// Waits for the chain that the directory belongs to; `None` if the worker is told to stop meanwhile.
async fn connect(
	dir: &Path,
	stop: &mut StopSignal,
	context: &Context,
) -> Result<Option<Arc<ChainClient>>> {
	let genesis = known_genesis(dir)?;
	tokio::select! {
		chain = ChainClient::connect_patiently(&context.endpoints, genesis) => Ok(Some(Arc::new(chain?))),
		() = stop.asked() => Ok(None),
	}
}

/// From finalised block to finalised block until told to stop. While the chain is out of reach the data are served on.
async fn follow(auditor: Arc<Auditor>, mut stopped: watch::Receiver<bool>) -> Ended {
	let mut blocks = auditor.chain.finalised_blocks();
	loop {
		let step = async {
			let (number, _) = blocks.next().await;
			match at_block(&auditor, number).await {
				Ok(keys_are_valid) => keys_are_valid,
				Err(error) => {
					warn!(block = number, "work at this block failed, will try again: {error:#}");
					blocks.repeat();
					tokio::time::sleep(RETRY_PAUSE).await;
					true
				},
			}
		};
		tokio::select! {
			// An error means that the sender is gone, which is a reason to stop too.
			_ = stopped.wait_for(|stop| *stop) => return Ended::Stopped,
			keys_are_valid = step => if !keys_are_valid {
				return Ended::KeysChanged;
			},
		}
	}
}

/// Does what a final block asks for; answers whether the node's keys are still those on record.
async fn at_block(auditor: &Arc<Auditor>, number: BlockNumber) -> Result<bool> {
	let record = auditor.chain.node(auditor.node).await?;
	let record = record.with_context(|| format!("node {} is not on chain", auditor.node))?;
	let keys = &auditor.keys;
	if (record.audit_key, record.transport_key)
		!= (keys.audit().public_key(), keys.transport_public())
	{
		return Ok(false);
	}
	let live = reconcile(&auditor.chain, &auditor.store, &auditor.keys, auditor.node).await?;
	removals::follow(&auditor.chain, &auditor.store, &live).await?;
	auditor.answer_due(number).await?;
	Ok(true)
}

fn genesis_file(dir: &Path) -> PathBuf {
	dir.join("genesis")
}

/// The chain that this directory belongs to, if it was used before.
fn known_genesis(dir: &Path) -> Result<Option<Hash>> {
	let path = genesis_file(dir);
	if !path.exists() {
		return Ok(None);
	}
	let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
	let mut hash = [0; 32];
	hex::decode_to_slice(text.trim(), &mut hash)
		.with_context(|| format!("{} does not hold a block hash", path.display()))?;
	Ok(Some(hash))
}

fn remember_genesis(dir: &Path, genesis: Hash) -> Result<()> {
	let path = genesis_file(dir);
	fs::write(&path, hex::encode(genesis)).with_context(|| format!("writing {}", path.display()))
}
