//! What runs on the machines: relays, a worker that nobody reaches, a client. Each is this test binary again, told by its environment what to be.

use granary_dispersal::{Backend, Dataset, DatasetKey, DatasetOptions, Route};
use granary_transport::{
	relay::{Pulse, Relay, RelayAt, RelayLimits, RelayLink},
	Identity, Key, Network, Role, Signature,
};
use granary_zdb::{
	ClientStream, NamespaceOptions, OtherConnection, OtherProtocol, Server, ServerOptions, Store,
	StoreOptions, TlsOptions,
};
use rand::{RngCore, SeedableRng};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, PublicKey};
use std::{
	env,
	future::Future,
	io::BufRead,
	path::PathBuf,
	pin::Pin,
	sync::{
		atomic::{AtomicBool, Ordering::Relaxed},
		Arc,
	},
	time::Duration,
};
use tokio::sync::mpsc;

pub(crate) const ROLE: &str = "GRANARY_TEST_ROLE";
pub(crate) const DIR: &str = "GRANARY_TEST_DIR";
/// A word that the two ends share; not even its existence is in the relays' program.
pub(crate) const SECRET: &str = "GRANARY_TEST_SECRET";

const GENESIS: [u8; 32] = [7; 32];
const WORKER: u8 = 10;
const CLIENT: u8 = 20;
/// The worker is three backends, so that a dataset fits on it.
const BACKENDS: u32 = 3;
/// A round of the client's.
const OBJECTS: usize = 8;
const OBJECT_BYTES: usize = 100_000;

fn pair(seed: u8) -> Keypair {
	MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

fn verify(key: &Key, message: &[u8], signature: &Signature) -> bool {
	let signature = schnorrkel::Signature::from_bytes(signature).unwrap();
	PublicKey::from_bytes(key).unwrap().verify_simple(b"test", message, &signature).is_ok()
}

fn key(seed: u8) -> Key {
	pair(seed).public.to_bytes()
}

fn identity(role: Role, seed: u8) -> Arc<Identity> {
	let pair = pair(seed);
	let sign = move |message: &[u8]| pair.sign_simple(b"test", message).to_bytes();
	Arc::new(Identity::new(GENESIS, role, key(seed), sign).unwrap())
}

fn network() -> Network {
	Network::new(GENESIS, verify)
}

/// A relay's record: both machines find the address that they can reach.
fn relay_at(seed: u8, identity: Option<Arc<Identity>>) -> RelayAt {
	let addresses = vec![format!("10.99.{seed}.2:9900"), format!("10.99.{}.2:9900", seed + 2)];
	let tls = network().relay_client(key(seed), identity).unwrap();
	RelayAt { node: u32::from(seed), addresses, key: key(seed), tls }
}

fn namespace(number: u32) -> String {
	format!("{}-{number}", env::var(SECRET).unwrap())
}

/// Becomes what the environment says; without it there is nothing to be.
pub(crate) fn run() {
	let Ok(role) = env::var(ROLE) else { return };
	let runtime = tokio::runtime::Runtime::new().unwrap();
	runtime.block_on(async {
		match role.as_str() {
			"worker" => worker().await,
			"client" => client().await,
			relay => self::relay(relay.parse().unwrap()).await,
		}
	});
}

fn store() -> Arc<Store> {
	Arc::new(Store::open(StoreOptions::new(PathBuf::from(env::var(DIR).unwrap()))).unwrap())
}

#[derive(Debug)]
struct Relaying(Relay);

impl OtherProtocol for Relaying {
	fn serve(&self, connection: OtherConnection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
		Box::pin(async move {
			let OtherConnection { stream, address, certificate } = connection;
			let peer = certificate.as_deref().and_then(Network::peer_of);
			let _ = self.0.serve(stream, peer, address.ip()).await;
		})
	}
}

fn pulse() -> Pulse {
	Pulse { interval: Duration::from_millis(300), silence: Duration::from_millis(1500) }
}

async fn relay(seed: u8) {
	let limits = RelayLimits { pulse: pulse(), ..RelayLimits::default() };
	let relay = Relaying(Relay::new(limits, Arc::new(|_| Ok(()))));
	let config = network().relaying_server(identity(Role::Node, seed)).unwrap();
	let tls = TlsOptions {
		others: Some(Arc::new(relay)),
		..TlsOptions::new("0.0.0.0:9900".parse().unwrap(), config)
	};
	let options = ServerOptions { tls: Some(tls), ..ServerOptions::default() };
	let server = Server::bind(options, store(), None).await.unwrap();
	server.run(std::future::pending()).await.unwrap();
}

async fn worker() {
	let store = store();
	for number in 0..BACKENDS {
		let password = Some(env::var(SECRET).unwrap());
		let options = NamespaceOptions { audited: true, password, ..Default::default() };
		store.create_namespace(&namespace(number), options).unwrap();
	}
	let identity = identity(Role::Node, WORKER);
	let config = network().server(identity.clone()).unwrap();
	let tls = Some(TlsOptions::new("0.0.0.0:9900".parse().unwrap(), config));
	let options = ServerOptions { tls, protected: true, ..ServerOptions::default() };
	let mut server = Server::bind(options, store, None).await.unwrap();
	let (bring, brought) = mpsc::channel::<Box<dyn ClientStream>>(64);
	server.serve_brought(brought);
	for seed in [1, 2] {
		let (identity, bring) = (identity.clone(), bring.clone());
		let look_up = move |_| {
			let relay = relay_at(seed, Some(identity.clone()));
			async { Ok(relay) }
		};
		let link = Arc::new(RelayLink::new(u32::from(seed), pulse()));
		tokio::spawn(link.keep(look_up, move |stream| bring.try_send(Box::new(stream)).is_ok()));
	}
	server.run(std::future::pending()).await.unwrap();
}

fn object(number: u64) -> Vec<u8> {
	let mut bytes = vec![0; OBJECT_BYTES];
	rand::rngs::StdRng::seed_from_u64(number).fill_bytes(&mut bytes);
	bytes
}

fn open() -> Dataset {
	let direct = Route::Direct("10.99.5.2:9900".to_owned());
	let relays = [1, 2].map(|seed| Route::Relayed(relay_at(seed, None), key(WORKER)));
	let routes: Vec<Route> = std::iter::once(direct).chain(relays).collect();
	let backends = (0..BACKENDS).map(|number| Backend {
		node: number,
		routes: routes.clone(),
		namespace: namespace(number),
		password: Some(env::var(SECRET).unwrap()),
		tls: Some(network().client(key(WORKER), Some(identity(Role::Account, CLIENT))).unwrap()),
	});
	let mut options = DatasetOptions::new(2, 1, backends.collect());
	options.connect_timeout_ms = 1500;
	options.request_timeout_ms = 6000;
	options.better_route_after_ms = 500;
	Dataset::new(DatasetKey::generate().unwrap(), options).unwrap()
}

/// Stores objects, round after round, and says which ways it uses, until it is told to stop by the end of its input; then reads all of them back.
async fn client() {
	let dataset = open();
	while dataset.load_logs().await.is_err() {
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	let is_over = Arc::new(AtomicBool::new(false));
	let told = is_over.clone();
	std::thread::spawn(move || {
		let _ = std::io::stdin().lock().lines().count();
		told.store(true, Relaxed);
	});
	let mut stored = 0;
	while !is_over.load(Relaxed) {
		let round: Vec<Vec<u8>> = (0..OBJECTS as u64).map(|add| object(stored + add)).collect();
		dataset.put_many(round).await.unwrap();
		stored += OBJECTS as u64;
		let ways: Vec<String> = dataset.health().into_iter().map(|node| node.address).collect();
		println!("round {stored} over {}", ways.join(" "));
	}
	let logs = dataset.logs();
	dataset.load_logs().await.unwrap();
	assert_eq!(dataset.logs(), logs, "the logs are those that the client computed");
	for number in 0..stored {
		let object = object(number);
		assert!(dataset.get(dataset.object_id(&object)).await.unwrap() == object);
	}
	println!("verified {stored}");
}
