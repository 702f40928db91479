//! Handshakes over a pipe: who gets in and who does not.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{identity, identity_on, key, network, pair, GENESIS};
use granary_transport::{connect, explain, Identity, Network, Peer, Role};
use rustls::{
	crypto::aws_lc_rs::{default_provider, kx_group},
	ClientConfig, NamedGroup, ProtocolVersion, ServerConfig,
};
use std::{io, sync::Arc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

/// What the server knows of the client, or why one of the two said no; and the group that they agreed on.
async fn shake(
	server: Arc<ServerConfig>,
	client: Arc<ClientConfig>,
) -> Result<(Option<Peer>, NamedGroup), (Option<io::Error>, Option<io::Error>)> {
	let (near, far) = tokio::io::duplex(64 << 10);
	let serving = tokio::spawn(async move {
		let mut stream = TlsAcceptor::from(server).accept(far).await?;
		let mut byte = [0];
		stream.read_exact(&mut byte).await?;
		stream.write_all(&byte).await?;
		stream.flush().await?;
		let connection = stream.get_ref().1;
		assert_eq!(connection.protocol_version(), Some(ProtocolVersion::TLSv1_3));
		let certificate = connection.peer_certificates().and_then(|chain| chain.first());
		let peer = certificate.map(|certificate| {
			let peer = Network::peer_of(certificate).unwrap();
			assert_eq!(network().check(certificate).unwrap(), peer);
			peer
		});
		let group = connection.negotiated_key_exchange_group().unwrap().name();
		Ok::<_, io::Error>((peer, group))
	});
	let client = async {
		let mut stream = connect(near, client).await?;
		stream.write_all(b"x").await?;
		stream.flush().await?;
		let mut byte = [0];
		stream.read_exact(&mut byte).await
	};
	match tokio::join!(serving, client) {
		(Ok(Ok(served)), Ok(_)) => Ok(served),
		(served, client) => Err((served.unwrap().err(), client.err())),
	}
}

#[tokio::test]
async fn both_sides_know_each_other_over_a_hybrid_key_exchange() {
	let server = network().server(identity(Role::Node, 1)).unwrap();
	for role in [Role::Account, Role::Node] {
		let client = network().client(key(1), Some(identity(role, 2))).unwrap();
		let (peer, group) = shake(server.clone(), client).await.unwrap();
		assert_eq!(peer, Some(Peer { role, key: key(2) }));
		assert_eq!(group, NamedGroup::X25519MLKEM768);
	}
	let anonymous = network().client(key(1), None).unwrap();
	assert_eq!(shake(server, anonymous).await.unwrap().0, None);
}

#[tokio::test]
async fn a_server_of_another_key_role_or_chain_is_refused() {
	let other_chain = identity_on([8; 32], Role::Node, 1);
	for (server, reason) in [
		(identity(Role::Node, 3), "another key"),
		(identity(Role::Account, 1), "another key"),
		(other_chain, "not signed by the key"),
	] {
		let server = network().server(server).unwrap();
		let client = network().client(key(1), Some(identity(Role::Account, 2))).unwrap();
		let (_, client) = shake(server, client).await.unwrap_err();
		let text = explain(&client.unwrap());
		assert!(text.contains(reason), "{text}");
	}
}

#[tokio::test]
async fn a_forged_certificate_is_refused_by_either_side() {
	// It names a key whose secret it does not have.
	let forge = |role, seed| {
		let pair = pair(99);
		let sign = move |message: &[u8]| pair.sign_simple(b"test", message).to_bytes();
		Arc::new(Identity::new(GENESIS, role, key(seed), sign).unwrap())
	};
	let (good, forged) = (identity(Role::Node, 1), forge(Role::Node, 1));
	let client = network().client(key(1), None).unwrap();
	let (_, error) = shake(network().server(forged).unwrap(), client).await.unwrap_err();
	assert!(explain(&error.unwrap()).contains("not signed by the key"));
	let client = network().client(key(1), Some(forge(Role::Account, 2))).unwrap();
	let (error, _) = shake(network().server(good).unwrap(), client).await.unwrap_err();
	assert!(explain(&error.unwrap()).contains("not signed by the key"));
}

#[tokio::test]
async fn nothing_weaker_is_spoken() {
	let server = network().server(identity(Role::Node, 1)).unwrap();
	let strong = network().client(key(1), None).unwrap();
	// The same trust, but a key exchange that a quantum computer breaks: what a downgrade would lead to.
	let mut provider = default_provider();
	provider.kx_groups = vec![kx_group::X25519, kx_group::SECP256R1];
	let classic = |version| {
		ClientConfig::builder_with_provider(Arc::new(provider.clone()))
			.with_protocol_versions(&[version])
			.unwrap()
			.with_root_certificates(rustls::RootCertStore::empty())
			.with_no_client_auth()
	};
	let (error, _) =
		shake(server.clone(), Arc::new(classic(&rustls::version::TLS13))).await.unwrap_err();
	assert!(error.unwrap().to_string().contains("NoKxGroupsInCommon"));
	shake(server, strong.clone()).await.unwrap();

	// A server that can only do less does not get this client to do less.
	let identity = identity(Role::Node, 1);
	let weak = ServerConfig::builder_with_provider(Arc::new(provider))
		.with_protocol_versions(&[&rustls::version::TLS13])
		.unwrap()
		.with_no_client_auth()
		.with_cert_resolver(identity);
	assert!(shake(Arc::new(weak), strong).await.is_err());
}

#[test]
fn other_certificates_name_nobody() {
	let plain = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
	let error = network().check(plain.cert.der()).unwrap_err();
	assert!(error.to_string().contains("names no key on chain"), "{error}");
	assert!(Network::peer_of(plain.cert.der()).is_none());
	assert!(network().check(b"no certificate").is_err());
}
