//! The encrypted door: a real TLS client, limits, admission.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use granary_zdb::{
	ClientStream, Extension, NamespaceOptions, OtherConnection, OtherProtocol, Reply, Server,
	ServerOptions, Store, StoreOptions, TlsOptions,
};
use std::{
	future::Future,
	net::SocketAddr,
	pin::Pin,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	net::TcpStream,
	sync::mpsc,
	time::sleep,
};
use tokio_rustls::{
	client::TlsStream,
	rustls::{
		crypto::aws_lc_rs::default_provider, pki_types::ServerName, server::WebPkiClientVerifier,
		ClientConfig, RootCertStore, ServerConfig,
	},
	TlsConnector,
};

struct Doorman;

impl Extension for Doorman {
	fn call(&self, _: &[u8], _: &[Vec<u8>]) -> Option<Result<Reply, String>> {
		None
	}

	fn admit(&self, certificate: Option<&[u8]>) -> Result<(), String> {
		// The certificate of this test's unwelcome client has a telling name in it.
		let is_unwelcome = |bytes: &[u8]| bytes.windows(9).any(|window| window == b"unwelcome");
		match certificate {
			Some(bytes) if is_unwelcome(bytes) => Err("Nobody knows you".to_owned()),
			_ => Ok(()),
		}
	}
}

/// Server and client that trust each other's certificates.
fn configs(client_name: Option<&str>) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
	let make = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
	let (server, client) = (make("localhost"), client_name.map(make));
	let mut of_server = RootCertStore::empty();
	of_server.add(server.cert.der().clone()).unwrap();
	// Named, because other parts of a whole build may bring another library in.
	let provider = Arc::new(default_provider());
	let builder = ServerConfig::builder_with_provider(provider.clone());
	let builder = builder.with_safe_default_protocol_versions().unwrap();
	let builder = match &client {
		None => builder.with_no_client_auth(),
		Some(client) => {
			let mut roots = RootCertStore::empty();
			roots.add(client.cert.der().clone()).unwrap();
			let verifier =
				WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
			builder.with_client_cert_verifier(verifier.build().unwrap())
		},
	};
	let key = server.signing_key.serialize_der().try_into().unwrap();
	let server = builder.with_single_cert(vec![server.cert.der().clone()], key).unwrap();
	let builder = ClientConfig::builder_with_provider(provider);
	let builder = builder.with_safe_default_protocol_versions().unwrap();
	let builder = builder.with_root_certificates(of_server);
	let client = match client {
		None => builder.with_no_client_auth(),
		Some(client) => {
			let key = client.signing_key.serialize_der().try_into().unwrap();
			builder.with_client_auth_cert(vec![client.cert.der().clone()], key).unwrap()
		},
	};
	(Arc::new(server), Arc::new(client))
}

struct Served {
	address: SocketAddr,
	client: Arc<ClientConfig>,
	_dir: tempfile::TempDir,
}

async fn serve(client_name: Option<&str>, change: impl FnOnce(&mut TlsOptions)) -> Served {
	let (mut server, served) = bind(client_name, change).await;
	// Who would bring streams has gone: that is nothing to a server.
	server.serve_brought(mpsc::channel(1).1);
	tokio::spawn(server.run(std::future::pending()));
	served
}

async fn bind(client_name: Option<&str>, change: impl FnOnce(&mut TlsOptions)) -> (Server, Served) {
	let dir = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(StoreOptions::new(dir.path())).unwrap());
	let password = Some("secret".to_owned());
	let options = NamespaceOptions { password, public: true, ..Default::default() };
	store.create_namespace("shards", options).unwrap();
	let (config, client) = configs(client_name);
	let mut tls = TlsOptions::new("127.0.0.1:0".parse().unwrap(), config);
	change(&mut tls);
	let options = ServerOptions { tls: Some(tls), ..ServerOptions::default() };
	let server = Server::bind(options, store, Some(Arc::new(Doorman))).await.unwrap();
	let address = server.tls_addr().unwrap();
	assert_eq!(server.local_addr(), None);
	(server, Served { address, client, _dir: dir })
}

impl Served {
	async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
		greet(TcpStream::connect(self.address).await?, self.client.clone()).await
	}
}

async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
	stream: S,
	client: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<S>> {
	let name = ServerName::try_from("localhost").unwrap();
	TlsConnector::from(client).connect(name, stream).await
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, line: &str) -> String {
	let words: Vec<&str> = line.split(' ').collect();
	let mut request = format!("*{}\r\n", words.len());
	words.iter().for_each(|word| request += &format!("${}\r\n{word}\r\n", word.len()));
	stream.write_all(request.as_bytes()).await.unwrap();
	stream.flush().await.unwrap();
	let mut answer = vec![0; 4096];
	let read = stream.read(&mut answer).await.unwrap();
	String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn commands_travel_encrypted() {
	let served = serve(None, |_| {}).await;
	let mut client = served.connect().await.unwrap();
	assert_eq!(ask(&mut client, "SELECT shards secret").await, "+OK\r\n");
	assert_eq!(ask(&mut client, "SET key value").await, "$3\r\nkey\r\n");
	assert_eq!(ask(&mut client, "GET key").await, "$5\r\nvalue\r\n");
	let large = "x".repeat(1 << 20);
	let mut other = served.connect().await.unwrap();
	assert_eq!(ask(&mut other, &format!("SET large {large}")).await, "$5\r\nlarge\r\n");
	other.write_all(b"*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n").await.unwrap();
	let mut answer = vec![0; (1 << 20) + 12];
	other.read_exact(&mut answer).await.unwrap();
	assert!(answer.starts_with(b"$1048576\r\nxxx") && answer.ends_with(b"xxx\r\n"));
}

#[tokio::test]
async fn a_stranger_only_reads_even_with_the_password() {
	let served = serve(None, |tls| tls.strangers_only_read = true).await;
	let mut client = served.connect().await.unwrap();
	assert_eq!(ask(&mut client, "SELECT shards secret").await, "+OK\r\n");
	assert!(ask(&mut client, "SET key value").await.starts_with('-'));
	assert_eq!(ask(&mut client, "GET key").await, "$-1\r\n");

	let served = serve(Some("friend"), |tls| tls.strangers_only_read = true).await;
	let mut client = served.connect().await.unwrap();
	assert_eq!(ask(&mut client, "SELECT shards secret").await, "+OK\r\n");
	assert_eq!(ask(&mut client, "SET key value").await, "$3\r\nkey\r\n");
}

#[tokio::test]
async fn whom_the_extension_does_not_know_is_told_so() {
	let served = serve(Some("unwelcome"), |_| {}).await;
	let mut client = served.connect().await.unwrap();
	let mut answer = String::new();
	client.read_to_string(&mut answer).await.unwrap();
	assert_eq!(answer, "-Nobody knows you\r\n");
}

#[tokio::test]
async fn the_silent_are_sent_away() {
	let short = Duration::from_millis(200);
	let served = serve(None, |tls| {
		(tls.handshake_timeout, tls.idle_timeout, tls.handshakes) = (short, short, 2);
	})
	.await;
	// More of them than handshakes at once: they are cut off one after the other, and then there is room.
	let mut silent = Vec::new();
	for _ in 0..5 {
		silent.push(TcpStream::connect(served.address).await.unwrap());
	}
	for mut stream in silent {
		let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut [0; 9])).await;
		assert_eq!(read.unwrap().unwrap_or(0), 0);
	}
	let mut client = served.connect().await.unwrap();
	assert_eq!(ask(&mut client, "PING").await, "+PONG\r\n");
	let read = tokio::time::timeout(Duration::from_secs(10), client.read(&mut [0; 9])).await;
	assert_eq!(read.unwrap().unwrap_or(0), 0, "it was silent for too long");
}

#[tokio::test]
async fn who_does_not_speak_tls_gets_nowhere() {
	let served = serve(None, |_| {}).await;
	let mut plain = TcpStream::connect(served.address).await.unwrap();
	plain.write_all(b"*1\r\n$4\r\nPING\r\n").await.unwrap();
	let mut answer = Vec::new();
	// An alert, or nothing.
	let _ = plain.read_to_end(&mut answer).await;
	assert!(!answer.windows(4).any(|window| window == b"PONG"));
}

/// Says whom it sees.
#[derive(Debug)]
struct Naming;

impl OtherProtocol for Naming {
	fn serve(&self, connection: OtherConnection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
		Box::pin(async move {
			let OtherConnection { mut stream, address, certificate } = connection;
			let text = format!("{} {}", address.ip(), certificate.is_some());
			stream.write_all(text.as_bytes()).await.unwrap();
			stream.shutdown().await.unwrap();
		})
	}
}

fn with_naming(tls: &mut TlsOptions) {
	let mut config = ServerConfig::clone(&tls.config);
	config.alpn_protocols = vec![b"naming/1".to_vec()];
	tls.config = Arc::new(config);
	tls.others = Some(Arc::new(Naming));
}

fn naming(client: &Arc<ClientConfig>) -> Arc<ClientConfig> {
	let mut config = ClientConfig::clone(client);
	config.alpn_protocols = vec![b"naming/1".to_vec()];
	Arc::new(config)
}

#[tokio::test]
async fn a_handshake_may_choose_another_protocol() {
	for (name, expected) in [(None, "127.0.0.1 false"), (Some("friend"), "127.0.0.1 true")] {
		let served = serve(name, with_naming).await;
		let stream = TcpStream::connect(served.address).await.unwrap();
		let mut stream = greet(stream, naming(&served.client)).await.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).await.unwrap();
		assert_eq!(answer, expected);
		// Whoever chooses none speaks RESP as ever.
		assert_eq!(ask(&mut served.connect().await.unwrap(), "PING").await, "+PONG\r\n");
	}
	let without = serve(None, |_| {}).await;
	let stream = TcpStream::connect(without.address).await.unwrap();
	let mut stream = greet(stream, naming(&without.client)).await.unwrap();
	assert_eq!(stream.get_ref().1.alpn_protocol(), None);
	assert_eq!(ask(&mut stream, "PING").await, "+PONG\r\n");
}

#[tokio::test]
async fn a_stream_that_is_brought_passes_the_same_door() {
	let (mut server, served) = bind(Some("unwelcome"), with_naming).await;
	let (bring, brought) = mpsc::channel::<Box<dyn ClientStream>>(4);
	server.serve_brought(brought);
	tokio::spawn(server.run(std::future::pending()));
	let through = |client: Arc<ClientConfig>| async {
		let (near, far) = tokio::io::duplex(64 << 10);
		assert!(bring.send(Box::new(far)).await.is_ok());
		greet(near, client).await.unwrap()
	};
	let mut answer = String::new();
	through(served.client.clone()).await.read_to_string(&mut answer).await.unwrap();
	assert_eq!(answer, "-Nobody knows you\r\n");
	// The other protocol is for those who come themselves: a relay is not reached through a relay.
	let mut answer = String::new();
	through(naming(&served.client)).await.read_to_string(&mut answer).await.unwrap();
	assert_eq!(answer, "-Nobody knows you\r\n");

	let (mut server, served) = bind(None, |_| {}).await;
	let (bring, brought) = mpsc::channel::<Box<dyn ClientStream>>(4);
	server.serve_brought(brought);
	tokio::spawn(server.run(std::future::pending()));
	let (near, far) = tokio::io::duplex(64 << 10);
	assert!(bring.send(Box::new(far)).await.is_ok());
	let mut stream = greet(near, served.client.clone()).await.unwrap();
	assert_eq!(ask(&mut stream, "PING").await, "+PONG\r\n");
	// The server ends the session, the client does not: it is let go all the same.
	assert_eq!(ask(&mut stream, "QUIT").await, "+OK\r\n");
	assert_eq!(stream.read_to_string(&mut String::new()).await.unwrap(), 0);
	let deadline = Instant::now() + Duration::from_secs(10);
	while stream.write_all(b"x").await.and(stream.flush().await).is_ok() {
		assert!(Instant::now() < deadline, "it is still held");
		sleep(Duration::from_millis(50)).await;
	}
}
