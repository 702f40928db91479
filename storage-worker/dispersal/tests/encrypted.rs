//! Datasets over TLS: the right nodes are spoken to, impostors are not, strangers only read.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_dispersal::{Backend, Dataset, DatasetKey, DatasetOptions, DispersalError, Route};
use granary_transport::{relay::RelayAt, Identity, Key, Network, Role, Signature};
use granary_zdb::{NamespaceOptions, Server, ServerOptions, Store, StoreOptions, TlsOptions};
use rand::{RngCore, SeedableRng};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, PublicKey};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tempfile::TempDir;

const GENESIS: [u8; 32] = [7; 32];
const NODES: u8 = 3;

fn pair(seed: u8) -> Keypair {
	MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

fn verify(key: &Key, message: &[u8], signature: &Signature) -> bool {
	let signature = schnorrkel::Signature::from_bytes(signature).unwrap();
	PublicKey::from_bytes(key).unwrap().verify_simple(b"test", message, &signature).is_ok()
}

fn identity(role: Role, seed: u8) -> Arc<Identity> {
	let pair = pair(seed);
	let key = pair.public.to_bytes();
	let sign = move |message: &[u8]| pair.sign_simple(b"test", message).to_bytes();
	Arc::new(Identity::new(GENESIS, role, key, sign).unwrap())
}

/// Workers whose identities have these seeds.
struct Workers {
	addresses: Vec<SocketAddr>,
	_dir: TempDir,
}

impl Workers {
	async fn start(seeds: [u8; NODES as usize]) -> Self {
		let (dir, mut addresses) = (tempfile::tempdir().unwrap(), Vec::new());
		for (number, seed) in seeds.into_iter().enumerate() {
			let store =
				Store::open(StoreOptions::new(dir.path().join(number.to_string()))).unwrap();
			let password = Some("of the tenant".to_owned());
			let options =
				NamespaceOptions { audited: true, public: true, password, ..Default::default() };
			store.create_namespace("shards", options).unwrap();
			let network = Network::new(GENESIS, verify);
			let config = network.server(identity(Role::Node, seed)).unwrap();
			let tls = TlsOptions::new("127.0.0.1:0".parse().unwrap(), config);
			let tls = Some(TlsOptions { strangers_only_read: true, ..tls });
			let options = ServerOptions { tls, protected: true, ..ServerOptions::default() };
			let server = Server::bind(options, Arc::new(store), None).await.unwrap();
			addresses.push(server.tls_addr().unwrap());
			tokio::spawn(server.run(std::future::pending()));
		}
		Self { addresses, _dir: dir }
	}

	/// A client of nodes whose keys on record have the seeds 1, 2 and 3.
	fn dataset(&self, key: &DatasetKey, client: Option<Arc<Identity>>) -> Dataset {
		let network = Network::new(GENESIS, verify);
		let backends = self.addresses.iter().enumerate().map(|(node, address)| {
			let on_record = pair(node as u8 + 1).public.to_bytes();
			Backend {
				node: node as u32,
				routes: vec![Route::Direct(address.to_string())],
				namespace: "shards".to_owned(),
				password: client.is_some().then(|| "of the tenant".to_owned()),
				tls: Some(network.client(on_record, client.clone()).unwrap()),
			}
		});
		let options = DatasetOptions::new(2, NODES - 2, backends.collect());
		Dataset::new(key.clone(), options).unwrap()
	}
}

fn noise(len: usize) -> Vec<u8> {
	let mut bytes = vec![0; len];
	rand::rngs::StdRng::seed_from_u64(1).fill_bytes(&mut bytes);
	bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_writes_and_a_stranger_reads() {
	let workers = Workers::start([1, 2, 3]).await;
	let key = DatasetKey::generate().unwrap();
	let tenant = workers.dataset(&key, Some(identity(Role::Account, 9)));
	tenant.load_logs().await.unwrap();
	let objects: Vec<Vec<u8>> = [0, 10, 100_000, 1 << 20].map(noise).to_vec();
	tenant.put_many(objects.clone()).await.unwrap();
	let logs = tenant.logs();
	tenant.load_logs().await.unwrap();
	assert_eq!(tenant.logs(), logs);
	let stranger = workers.dataset(&key, None);
	for object in &objects {
		assert_eq!(&stranger.get(stranger.object_id(object)).await.unwrap(), object);
	}
	stranger.load_logs().await.unwrap();
	let error = stranger.put_many(vec![noise(500)]).await.unwrap_err().to_string();
	assert!(error.contains("read-only"), "{error}");
}

#[tokio::test]
async fn a_relay_that_says_nothing_is_named() {
	// Whoever has a relay's port after its end takes the connection and never answers.
	let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
	let addresses = vec![silent.local_addr().unwrap().to_string()];
	let key = pair(5).public.to_bytes();
	let network = Network::new(GENESIS, verify);
	let tls = network.relay_client(key, None).unwrap();
	let node = pair(6).public.to_bytes();
	let way = Route::Relayed(RelayAt { node: 5, addresses, key, tls }, node);
	let backend = Backend {
		node: 6,
		routes: vec![way.clone()],
		namespace: "shards".to_owned(),
		password: None,
		tls: Some(network.client(node, None).unwrap()),
	};
	let mut answers = backend.check_each(Duration::from_millis(100)).await;
	let (asked, answer) = answers.pop().unwrap();
	assert_eq!(asked, way);
	let error = answer.unwrap_err().to_string();
	assert_eq!(error, "relay 5: no answer on the way over it within 200 ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impostor_is_not_spoken_to() {
	// In the place of node 1, whose key on record has the seed 2, somebody with another key answers.
	let workers = Workers::start([1, 77, 3]).await;
	let key = DatasetKey::generate().unwrap();
	let tenant = workers.dataset(&key, Some(identity(Role::Account, 9)));
	let error = tenant.load_logs().await.unwrap_err();
	assert!(matches!(error, DispersalError::Backend { node: 1, .. }), "{error}");
	assert!(error.to_string().contains("another key than the chain's record"), "{error}");

	// Its record is changed on chain, or its address: the client goes on without a restart.
	let backends = tenant.backends();
	let network = Network::new(GENESIS, verify);
	let corrected = Backend {
		tls: Some(
			network.client(pair(77).public.to_bytes(), Some(identity(Role::Account, 9))).unwrap(),
		),
		..(*backends[1].0).clone()
	};
	assert!(backends[1].1, "it counts as down");
	tenant.redirect(1, corrected);
	tenant.load_logs().await.unwrap();
	tenant.put_many(vec![noise(5000)]).await.unwrap();
	assert_eq!(tenant.get(tenant.object_id(&noise(5000))).await.unwrap(), noise(5000));
}
