//! Records of where nodes are reached, and certificates that say whose a connection is.

#![no_main]

use granary_fuzz::Input;
use granary_transport::{fuzzing::credential, Endpoints, Identity, Network, Role, ENDPOINTS_MAX};
use std::sync::OnceLock;

fn endpoints(text: &str) {
	let Ok(endpoints) = text.parse::<Endpoints>() else { return };
	assert_eq!(endpoints.to_string(), text, "a record has two spellings");
	assert!((1..=ENDPOINTS_MAX).contains(&endpoints.iter().count()));
	assert_eq!(
		endpoints.iter().count(),
		endpoints.addresses().count() + endpoints.relays().count()
	);
}

/// A certificate as nodes show it, and the network in which it is good.
fn certificate() -> &'static (Vec<u8>, Network) {
	static CERTIFICATE: OnceLock<(Vec<u8>, Network)> = OnceLock::new();
	CERTIFICATE.get_or_init(|| {
		let sign = |message: &[u8]| {
			let hash = blake3::hash(message);
			let mut signature = [0; 64];
			signature[..32].copy_from_slice(hash.as_bytes());
			signature
		};
		let identity = Identity::new([1; 32], Role::Node, [2; 32], sign).expect("an identity");
		let network = Network::new([1; 32], |_, message, signature| {
			blake3::hash(message).as_bytes() == &signature[..32]
		});
		let der = granary_transport::fuzzing::certificate(&identity);
		network.check(&der).expect("its own certificate is good");
		(der, network)
	})
}

fn certificates(input: &mut Input<'_>) {
	let (der, network) = certificate();
	let flags = input.byte();
	let mut given = der.clone();
	if flags & 1 == 0 {
		given = input.rest().to_vec();
	}
	while !input.is_empty() {
		let (at, change) = (input.below(given.len()), input.byte());
		given[at] ^= change;
	}
	let peer = Network::peer_of(&given);
	if let Ok(checked) = network.check(&given) {
		assert_eq!(peer, Some(checked), "two readings of one certificate");
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() % 3 {
		0 => endpoints(&String::from_utf8_lossy(input.rest())),
		1 => certificates(&mut input),
		_ => {
			let content = input.rest();
			if let Some(again) = credential(content) {
				assert_eq!(again, content, "a credential has two forms");
			}
		},
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let (der, _) = certificate();
	let texts = [
		"127.0.0.1:9900",
		"storage.example.org:9900,[2001:db8::1]:9900,relay://7,relay://4294967295",
		"[fe80::1%eth0]:1",
		"relay://07",
	];
	let mut seeds: Vec<Vec<u8>> =
		texts.iter().map(|text| [&[0], text.as_bytes()].concat()).collect();
	seeds.push([&[1, 0], der.as_slice()].concat());
	seeds.push(vec![1, 1, 200, 0, 1]);
	seeds.push([&[2, 1, 0], [7; 96].as_slice()].concat());
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
