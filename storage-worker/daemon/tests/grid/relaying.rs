//! Workers that nobody reaches but over another one, and the other one going, coming back and moving.

use crate::{
	chain::{patiently, tree, Chain},
	common::{free_port, text, wait_until, Running},
};
use serde_json::Value;
use std::{
	fs,
	io::{Read, Write},
	net::TcpStream,
	path::Path,
};

fn relay(chain: &Chain, dir: &Path, port: u16, metrics: u16) -> Running {
	let (listen, metrics) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{metrics}"));
	let more = ["--as-relay", "--relay-nodes", "8", "--listen", &listen, "--metrics", &metrics];
	chain.worker_with(dir, "//Bob", &more)
}

fn page(port: u16) -> String {
	let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
	stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
	let mut page = Vec::new();
	stream.read_to_end(&mut page).unwrap();
	text(&page)
}

fn figure(page: &str, name: &str) -> f64 {
	let line = page.lines().find(|line| line.starts_with(&format!("{name} ")));
	let line = line.unwrap_or_else(|| panic!("{name} is not in {page}"));
	line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn nodes(chain: &Chain) -> Vec<Value> {
	chain.json(&["node", "list"]).as_array().unwrap().clone()
}

#[test]
fn workers_behind_a_relay_store_and_prove_and_follow_it() {
	let dir = tempfile::tempdir().unwrap();
	let path = |name: &str| dir.path().join(name);
	let shown = |name: &str| path(name).display().to_string();
	let chain = Chain::start(dir.path());
	let (port, metrics) = (free_port(), free_port());
	let mut bob = relay(&chain, &path("bob"), port, metrics);
	patiently("the relay is registered", 90, || nodes(&chain).len() == 1);
	let number = nodes(&chain)[0]["id"].to_string();
	let hidden_metrics = format!("127.0.0.1:{}", free_port());
	let listen = || format!("127.0.0.1:{}", free_port());
	let hidden: Vec<Running> = [("charlie", "//Charlie"), ("eve", "//Eve")]
		.into_iter()
		.map(|(name, suri)| {
			let listen = listen();
			let mut more = vec!["--relay", &number, "--listen", &listen];
			if name == "eve" {
				more.extend(["--metrics", hidden_metrics.as_str()]);
			}
			chain.worker_with(&path(name), suri, &more)
		})
		.collect();
	patiently("three nodes are registered", 90, || nodes(&chain).len() == 3);
	let eve = nodes(&chain)[2]["id"].to_string();
	assert_eq!(nodes(&chain)[2]["endpoint"], format!("relay://{number}"));
	let answers = || chain.run(&["node", "ping", &eve]).status.success();
	patiently("the hidden node is reached", 30, answers);
	assert_eq!(chain.json(&["node", "ping", &eve])["way"], format!("relay://{number}"));
	assert_eq!(chain.json(&["node", "ping", &number])["way"], format!("127.0.0.1:{port}"));

	// A reservation over the relay and those behind it: written, proven and read through it.
	let reserve = ["reservation", "create", "--data", "2", "--parity", "1", "--size", "16MiB"];
	let tenant = ["--blocks", "1000", "--public-read", "--suri", "//Dave"];
	let reservation = chain.json(&[&reserve[..], &tenant[..]].concat())["id"].to_string();
	tree(&path("base"));
	let (base, key) = (shown("base"), shown("key"));
	let create = ["snapshot", "create", &base, "--reservation", &reservation, "--key", &key];
	let created = chain.json(&[&create[..], &["--name", "test", "--suri", "//Dave"]].concat());
	let snapshot = created["id"].to_string();
	let through = page(metrics);
	assert_eq!(figure(&through, "granary_relay_nodes"), 2.0);
	assert!(figure(&through, "granary_relay_bytes_total") > 1e6, "{through}");
	let eves = page(hidden_metrics.rsplit(':').next().unwrap().parse().unwrap());
	assert_eq!(figure(&eves, &format!("granary_relayed_connected{{relay=\"{number}\"}}")), 1.0);
	let proven = || {
		let status = chain.json(&["worker", "status", "--dir", &shown("eve")]);
		status["allotments"][0]["proven"].as_u64() > Some(0)
	};
	patiently("the hidden node has proven an audit", 180, proven);

	// Without the relay nobody gets there, and the status says why; it comes back at another port, and all follow its record.
	bob.terminate();
	let status = chain.json(&["worker", "status", "--dir", &shown("eve")]);
	assert_eq!(status["ways"][0]["way"], format!("relay://{number}"));
	let error = status["ways"][0]["error"].as_str();
	assert!(error.is_some_and(|error| error.contains("relay")), "{status}");
	chain.fails(&["node", "ping", &eve], 1, &format!("relay {number}"));
	let moved = free_port();
	let _bob = relay(&chain, &path("bob"), moved, free_port());
	patiently("the hidden node is reached again", 120, answers);
	assert_eq!(nodes(&chain)[0]["endpoint"], format!("127.0.0.1:{moved}"));
	let way_answers = || {
		let status = chain.json(&["worker", "status", "--dir", &shown("eve")]);
		eprintln!("the ways are {}", status["ways"]);
		status["ways"][0]["milliseconds"].as_f64().is_some_and(|taken| taken > 0.0)
	};
	patiently("the status says that the way answers", 30, way_answers);
	let out = shown("out");
	chain.json(&["snapshot", "materialise", &snapshot, &out, "--key", &key]);
	let table = "chains/dev/paritydb/full/table";
	assert!(
		fs::read(path("out").join(table)).unwrap() == fs::read(path("base").join(table)).unwrap()
	);
	drop(hidden);
	wait_until(|| !answers(), "the hidden node is gone");
}
