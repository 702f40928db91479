//! Nodes that nobody can dial, over relays on the loopback: what passes, what a relay sees, who is refused, what happens when it goes.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use common::{identity, key, network};
use granary_transport::{
	connect, explain,
	relay::{Pulse, Refusal, Relay, RelayAt, RelayError, RelayLimits, RelayLink, RelayState},
	Network, Peer, Role,
};
use std::{
	io,
	net::SocketAddr,
	pin::Pin,
	sync::{Arc, Mutex},
	task::{Context, Poll},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
	net::{TcpListener, TcpStream},
	task::JoinSet,
	time::sleep,
};
use tokio_rustls::{client::TlsStream, TlsAcceptor};

/// Seeds: of relays, of the hidden node, of a client; of a node that the chain does not know.
const RELAY: u8 = 1;
const OTHER_RELAY: u8 = 2;
const NODE: u8 = 10;
const CLIENT: u8 = 20;
const UNKNOWN: u8 = 66;

const PULSE: Pulse =
	Pulse { interval: Duration::from_millis(100), silence: Duration::from_millis(500) };

fn limits() -> RelayLimits {
	RelayLimits { pulse: PULSE, hello: Duration::from_millis(500), ..RelayLimits::default() }
}

/// What passes through a stream, in both directions, as the one who holds it sees it.
struct Seen<S>(S, Arc<Mutex<Vec<u8>>>);

impl<S: AsyncRead + Unpin> AsyncRead for Seen<S> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		let before = buffer.filled().len();
		let read = Pin::new(&mut self.0).poll_read(cx, buffer);
		self.1.lock().unwrap().extend_from_slice(&buffer.filled()[before..]);
		read
	}
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Seen<S> {
	fn poll_write(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		let written = Pin::new(&mut self.0).poll_write(cx, bytes);
		if let Poll::Ready(Ok(written)) = written {
			self.1.lock().unwrap().extend_from_slice(&bytes[..written]);
		}
		written
	}

	fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.0).poll_flush(cx)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.0).poll_shutdown(cx)
	}
}

/// A running relay. Everything of it ends when it is dropped.
struct Site {
	relay: Arc<Relay>,
	address: SocketAddr,
	seed: u8,
	/// All that the relay reads and writes after the encryption of its own connections is taken off.
	seen: Arc<Mutex<Vec<u8>>>,
	_tasks: JoinSet<()>,
}

impl Site {
	async fn start(seed: u8, limits: RelayLimits, address: &str) -> Self {
		let admit = |peer: Peer| match peer.key == key(UNKNOWN) {
			true => Err("no node has this key".to_owned()),
			false => Ok(()),
		};
		let relay = Arc::new(Relay::new(limits, Arc::new(admit)));
		let listener = TcpListener::bind(address).await.unwrap();
		let address = listener.local_addr().unwrap();
		let config = network().relaying_server(identity(Role::Node, seed)).unwrap();
		let (seen, mut tasks) = (Arc::<Mutex<Vec<u8>>>::default(), JoinSet::new());
		let (served, seeing) = (relay.clone(), seen.clone());
		tasks.spawn(async move {
			let mut connections = JoinSet::new();
			loop {
				let (stream, from) = listener.accept().await.unwrap();
				let (relay, seen, config) = (served.clone(), seeing.clone(), config.clone());
				connections.spawn(async move {
					let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else { return };
					let certificates = stream.get_ref().1.peer_certificates();
					let peer =
						certificates.map(|chain| Network::peer_of(chain.first().unwrap()).unwrap());
					let _ = relay.serve(Seen(stream, seen), peer, from.ip()).await;
				});
			}
		});
		Self { relay, address, seed, seen, _tasks: tasks }
	}

	/// As a client finds it in its record; `caller` is whom it shows.
	fn record(&self, caller: Option<(Role, u8)>) -> RelayAt {
		let identity = caller.map(|(role, seed)| identity(role, seed));
		RelayAt {
			node: u32::from(self.seed),
			addresses: vec![self.address.to_string()],
			key: key(self.seed),
			tls: network().relay_client(key(self.seed), identity).unwrap(),
		}
	}

	async fn has(&self, seed: u8) {
		patiently("the node is connected", || self.relay.nodes().contains(&key(seed))).await;
	}
}

async fn patiently(what: &str, mut holds: impl FnMut() -> bool) {
	let deadline = Instant::now() + Duration::from_secs(20);
	while !holds() {
		assert!(Instant::now() < deadline, "waited in vain until {what}");
		sleep(Duration::from_millis(10)).await;
	}
}

type Record = Arc<Mutex<RelayAt>>;

/// A node that listens nowhere and answers with what it hears.
struct Hidden {
	link: Arc<RelayLink>,
	_tasks: JoinSet<()>,
}

impl Hidden {
	fn start(seed: u8, record: Record) -> Self {
		let link = RelayLink::new(record.lock().unwrap().node, PULSE)
			.with_record_interval(Duration::from_millis(100));
		let (link, mut tasks) = (Arc::new(link), JoinSet::new());
		let config = network().server(identity(Role::Node, seed)).unwrap();
		let take = move |stream| {
			let config = config.clone();
			tokio::spawn(async move {
				let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else { return };
				let (mut from, mut to) = tokio::io::split(stream);
				let _ = tokio::io::copy(&mut from, &mut to).await;
				let _ = to.shutdown().await;
			});
			true
		};
		let look_up = move |_| {
			let record = record.lock().unwrap().clone();
			async { Ok(record) }
		};
		tasks.spawn(link.clone().keep(look_up, take));
		Self { link, _tasks: tasks }
	}

	/// Behind this relay, with its record as it is.
	fn behind(site: &Site) -> Self {
		Self::start(NODE, Arc::new(Mutex::new(site.record(Some((Role::Node, NODE))))))
	}
}

/// Reaches the hidden node as a client of this seed and greets it.
async fn greet(record: &RelayAt, client: u8) -> TlsStream<TlsStream<TcpStream>> {
	let stream = record.reach(key(NODE)).await.unwrap();
	let identity = identity(Role::Account, client);
	connect(stream, network().client(key(NODE), Some(identity)).unwrap()).await.unwrap()
}

async fn echo(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
	let (mut from, mut to) = tokio::io::split(stream);
	let speaking = async {
		to.write_all(bytes).await?;
		to.flush().await
	};
	let mut heard = vec![0; bytes.len()];
	let (said, listened) = tokio::join!(speaking, from.read_exact(&mut heard));
	said?;
	listened?;
	assert!(heard == bytes);
	Ok(())
}

fn refusal(result: Result<TlsStream<TcpStream>, RelayError>) -> Refusal {
	match result {
		Err(RelayError::Refused(refusal)) => refusal,
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn a_hidden_node_is_reached_and_the_relay_sees_sizes_alone() {
	let site = Site::start(RELAY, limits(), "127.0.0.1:0").await;
	let node = Hidden::behind(&site);
	site.has(NODE).await;
	let record = site.record(None);
	let secret = b"only the two ends know this sentence. ".repeat(8192);
	let mut streams = Vec::new();
	for client in CLIENT..CLIENT + 3 {
		let mut stream = greet(&record, client).await;
		echo(&mut stream, &secret).await.unwrap();
		streams.push(stream);
	}
	assert_eq!(node.link.streams(), 3);
	let stats = site.relay.stats();
	assert_eq!(stats.streams.load(std::sync::atomic::Ordering::Relaxed), 3);
	let passed = stats.bytes.load(std::sync::atomic::Ordering::Relaxed);
	assert!(passed > 2 * 3 * secret.len() as u64, "{passed}");

	let seen = site.seen.lock().unwrap().clone();
	let holds = |what: &[u8]| seen.windows(what.len()).any(|window| window == what);
	// It is told which node is wanted, so this looks at the right bytes; and it has passed on all of them, on either leg.
	assert!(holds(&key(NODE)), "the wish");
	assert!(seen.len() as u64 > 2 * passed);
	assert!(!holds(b"only the two ends"), "what is said");
	// Neither does it see who asks: the client's certificate is within the inner handshake.
	assert!(!holds(&key(CLIENT)), "who asks");
	drop(streams);
	patiently("streams end with their clients", || {
		stats.streams.load(std::sync::atomic::Ordering::Relaxed) == 0
	})
	.await;
}

#[tokio::test]
async fn who_is_at_the_end_must_have_the_key_on_record() {
	let site = Site::start(RELAY, limits(), "127.0.0.1:0").await;
	let _node = Hidden::behind(&site);
	site.has(NODE).await;
	let stream = site.record(None).reach(key(NODE)).await.unwrap();
	let error = connect(stream, network().client(key(NODE + 1), None).unwrap()).await.unwrap_err();
	assert!(explain(&error).contains("another key"), "{error}");
	// The relay must be the one on record too.
	let impostor = RelayAt {
		tls: network().relay_client(key(OTHER_RELAY), None).unwrap(),
		..site.record(None)
	};
	let error = impostor.reach(key(NODE)).await.unwrap_err();
	assert!(matches!(&error, RelayError::Stranger { .. }), "{error}");
}

#[tokio::test]
async fn only_nodes_of_the_chain_are_served() {
	let site = Site::start(RELAY, limits(), "127.0.0.1:0").await;
	for caller in [None, Some((Role::Account, NODE)), Some((Role::Node, UNKNOWN))] {
		let record = site.record(caller);
		let node = Hidden::start(NODE, Arc::new(Mutex::new(record)));
		patiently(
			"it is refused",
			|| matches!(node.link.state(), RelayState::Down { reason } if reason.contains("does not know")),
		)
		.await;
		assert_eq!(node.link.connections(), 0);
	}
	assert!(site.relay.nodes().is_empty());
	assert_eq!(refusal(site.record(None).reach(key(NODE)).await), Refusal::NotConnected);
	let unknown = site.record(Some((Role::Account, UNKNOWN)));
	assert_eq!(refusal(unknown.reach(key(NODE)).await), Refusal::Unknown);
}

#[tokio::test]
async fn streams_are_bounded_for_each_client_each_node_and_in_all() {
	let none = RelayLimits { nodes: 0, ..limits() };
	let site = Site::start(RELAY, none, "127.0.0.1:0").await;
	let node = Hidden::behind(&site);
	patiently(
		"there is no place for a node",
		|| matches!(node.link.state(), RelayState::Down { reason } if reason.contains("busy")),
	)
	.await;
	for (streams_per_client, streams_per_node, streams, others) in
		[(2, 9, 9, true), (9, 2, 9, false), (9, 9, 2, false)]
	{
		let limits = RelayLimits { streams_per_client, streams_per_node, streams, ..limits() };
		let site = Site::start(RELAY, limits, "127.0.0.1:0").await;
		let _node = Hidden::behind(&site);
		site.has(NODE).await;
		let of = |seed| site.record(Some((Role::Account, seed)));
		let held = (greet(&of(CLIENT), CLIENT).await, greet(&of(CLIENT), CLIENT).await);
		assert_eq!(refusal(of(CLIENT).reach(key(NODE)).await), Refusal::Busy);
		assert_eq!(of(CLIENT + 1).reach(key(NODE)).await.is_ok(), others);
		drop(held);
		let deadline = Instant::now() + Duration::from_secs(10);
		while of(CLIENT).reach(key(NODE)).await.is_err() {
			assert!(Instant::now() < deadline, "the places are free again");
			sleep(Duration::from_millis(10)).await;
		}
	}
}

#[tokio::test]
async fn the_silent_and_those_who_talk_nonsense_are_sent_away() {
	let site = Site::start(RELAY, RelayLimits { greetings: 1, ..limits() }, "127.0.0.1:0").await;
	let outer = || async {
		let stream = TcpStream::connect(site.address).await.unwrap();
		let node = Some(identity(Role::Node, NODE));
		connect(stream, network().relay_client(key(RELAY), node).unwrap()).await.unwrap()
	};
	let began = Instant::now();
	let mut silent = outer().await;
	sleep(Duration::from_millis(100)).await;
	let mut crowding = outer().await;
	assert!(crowding.read_u8().await.is_err(), "one says nothing already");
	assert!(began.elapsed() < Duration::from_millis(450));
	assert!(silent.read_u8().await.is_err());
	assert!(began.elapsed() >= Duration::from_millis(450));
	let mut wrong = outer().await;
	wrong.write_all(&[9; 33]).await.unwrap();
	assert!(wrong.read_u8().await.is_err());
	// A node that is granted its wish and then shows no pulse: its place is taken away.
	let mut lifeless = outer().await;
	lifeless.write_all(&[0; 33]).await.unwrap();
	assert_eq!(lifeless.read_u8().await.unwrap(), 0);
	assert_eq!(site.relay.nodes(), [key(NODE)]);
	// Who wants it meanwhile is told that it does not take streams.
	patiently("it is dropped", || site.relay.nodes().is_empty()).await;
}

#[tokio::test]
async fn a_worker_that_is_no_relay_says_so() {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let address = listener.local_addr().unwrap().to_string();
	let config = network().server(identity(Role::Node, RELAY)).unwrap();
	tokio::spawn(async move {
		let (stream, _) = listener.accept().await.unwrap();
		let mut stream = TlsAcceptor::from(config).accept(stream).await.unwrap();
		let _ = stream.read_u8().await;
	});
	let tls = network().relay_client(key(RELAY), None).unwrap();
	let record = RelayAt { node: 1, addresses: vec![address], key: key(RELAY), tls };
	let error = record.reach(key(NODE)).await.unwrap_err();
	assert!(error.to_string().contains("--as-relay"), "{error}");
	let nowhere = RelayAt { addresses: Vec::new(), ..record };
	assert!(matches!(nowhere.reach(key(NODE)).await, Err(RelayError::NoAddress)));
}

#[tokio::test]
async fn a_node_comes_back_to_a_relay_that_comes_back_and_follows_one_that_moves() {
	let first = Site::start(RELAY, limits(), "127.0.0.1:0").await;
	let (address, record) = (first.address.to_string(), first.record(Some((Role::Node, NODE))));
	let record = Arc::new(Mutex::new(record));
	let node = Hidden::start(NODE, record.clone());
	first.has(NODE).await;
	let mut stream = greet(&first.record(None), CLIENT).await;
	echo(&mut stream, b"hello").await.unwrap();
	drop(first);
	assert!(echo(&mut stream, b"hello").await.is_err(), "it went with the relay");
	let again = Site::start(RELAY, limits(), &address).await;
	again.has(NODE).await;
	echo(&mut greet(&again.record(None), CLIENT).await, b"hello").await.unwrap();

	// Its record names another place, then another key: the node goes there, though the old connection holds.
	let elsewhere = Site::start(RELAY, limits(), "127.0.0.1:0").await;
	record.lock().unwrap().addresses = vec![elsewhere.address.to_string()];
	elsewhere.has(NODE).await;
	let rotated = Site::start(OTHER_RELAY, limits(), "127.0.0.1:0").await;
	*record.lock().unwrap() = rotated.record(Some((Role::Node, NODE)));
	rotated.has(NODE).await;
	echo(&mut greet(&rotated.record(None), CLIENT).await, b"hello").await.unwrap();
	assert!(node.link.connections() >= 4);
	assert!(elsewhere.relay.nodes().is_empty() && again.relay.nodes().is_empty());
}

#[tokio::test]
async fn a_node_that_connects_again_takes_the_place_of_its_earlier_connection() {
	let site = Site::start(RELAY, limits(), "127.0.0.1:0").await;
	let earlier = Hidden::behind(&site);
	site.has(NODE).await;
	let later = Hidden::behind(&site);
	patiently("the later one is connected", || later.link.connections() > 0).await;
	echo(&mut greet(&site.record(None), CLIENT).await, b"hello").await.unwrap();
	assert_eq!(site.relay.nodes().len(), 1);
	drop(earlier);
	site.has(NODE).await;
}
