//! Where a worker is reached: the addresses that it names, and relays that it keeps connections to.

use crate::transport::Transport;
use anyhow::{ensure, Result};
use clap::Args;
use granary_chain::ChainClient;
use granary_primitives::NodeId;
use granary_transport::{
	relay::{Pulse, RelayLink, RelayState},
	Endpoint, Endpoints,
};
use granary_zdb::{ClientStream, Server};
use std::{net::SocketAddr, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};

/// What the chain keeps of an endpoint's text (`MaxEndpointLen` of its grid).
const RECORD_BYTES_MAX: usize = 128;
/// Relayed streams that wait for the server to take them.
const WAITING_STREAMS: usize = 64;

#[derive(Debug, Args)]
pub(super) struct ReachArgs {
	/// Where tenants reach it; may be given several times, the preferred one first. [default: the address that it serves on, unless --relay is
	/// given]
	#[arg(long, value_name = "HOST:PORT")]
	endpoint: Vec<String>,
	/// Number of a node that passes tenants on to this one, if nobody can reach it itself; may be given several times, the preferred one first.
	/// This worker connects to it and needs no open port.
	#[arg(long, value_name = "NODE")]
	relay: Vec<NodeId>,
}

impl ReachArgs {
	/// What the chain is told: direct ways, then relays.
	pub(super) fn endpoints(&self, listen: SocketAddr) -> Result<Endpoints> {
		let mut direct = self.endpoint.clone();
		if direct.is_empty() && self.relay.is_empty() {
			ensure!(
				!listen.ip().is_unspecified(),
				"{listen} is every address of this machine, so tenants would not know where to go; say it with --endpoint HOST:PORT",
			);
			direct.push(listen.to_string());
		}
		let mut endpoints = Vec::new();
		for text in &direct {
			match text.parse() {
				Ok(endpoint @ Endpoint::Direct(_)) => endpoints.push(endpoint),
				Ok(Endpoint::Relay(_)) | Err(_) => {
					anyhow::bail!("--endpoint '{text}' is not of the form HOST:PORT")
				},
			}
		}
		endpoints.extend(self.relay.iter().map(|relay| Endpoint::Relay(*relay)));
		let endpoints = Endpoints::new(endpoints)?;
		let text = endpoints.to_string();
		ensure!(
			text.len() <= RECORD_BYTES_MAX,
			"'{text}' is longer than the {RECORD_BYTES_MAX} bytes that the chain keeps; name fewer endpoints or shorter ones"
		);
		Ok(endpoints)
	}
}

/// Connections to relays, which end when this is dropped.
pub(super) struct Links {
	links: Vec<Arc<RelayLink>>,
	_tasks: JoinSet<()>,
}

impl Links {
	/// Keeps a connection to each relay of the endpoints and lets the server serve what comes over them.
	pub(super) fn start(
		endpoints: &Endpoints,
		server: &mut Server,
		chain: &Arc<ChainClient>,
		transport: &Transport,
	) -> Self {
		let (mut links, mut tasks) = (Vec::new(), JoinSet::new());
		let (bring, brought) = mpsc::channel::<Box<dyn ClientStream>>(WAITING_STREAMS);
		for relay in endpoints.relays() {
			let link = Arc::new(RelayLink::new(relay, Pulse::default()));
			links.push(link.clone());
			let (chain, transport, bring) = (chain.clone(), transport.clone(), bring.clone());
			let look_up = move |relay| {
				let (chain, transport) = (chain.clone(), transport.clone());
				async move {
					let found = transport.serving_relay(&chain, relay).await;
					found.map_err(|error| format!("{error:#}"))
				}
			};
			tasks.spawn(link.keep(look_up, move |stream| bring.try_send(Box::new(stream)).is_ok()));
		}
		server.serve_brought(brought);
		Self { links, _tasks: tasks }
	}

	/// The links, for figures.
	pub(super) fn all(&self) -> Vec<Arc<RelayLink>> {
		self.links.clone()
	}
}

/// Figures of the connections to relays in the text format of Prometheus.
pub(super) fn metrics(links: &[Arc<RelayLink>]) -> String {
	let mut page = String::new();
	type Figure = fn(&RelayLink) -> u64;
	let families: [(&str, &str, &str, Figure); 3] = [
		("connected", "gauge", "1 while the connection to the relay holds.", |link| {
			u64::from(matches!(link.state(), RelayState::Connected { .. }))
		}),
		("connections_total", "counter", "How often it was made.", RelayLink::connections),
		("streams_total", "counter", "Streams of clients over it.", RelayLink::streams),
	];
	if links.is_empty() {
		return page;
	}
	for (name, kind, help, figure) in families {
		page += &format!(
			"# HELP granary_relayed_{name} {help}\n# TYPE granary_relayed_{name} {kind}\n"
		);
		for link in links {
			page +=
				&format!("granary_relayed_{name}{{relay=\"{}\"}} {}\n", link.relay(), figure(link));
		}
	}
	page
}

#[cfg(test)]
mod tests {
	use super::*;

	fn text(endpoint: &[&str], relay: &[NodeId], listen: &str) -> Result<String, String> {
		let endpoint = endpoint.iter().map(|text| (*text).to_owned()).collect();
		let args = ReachArgs { endpoint, relay: relay.to_vec() };
		let endpoints = args.endpoints(listen.parse().unwrap());
		endpoints.map(|endpoints| endpoints.to_string()).map_err(|error| error.to_string())
	}

	#[test]
	fn the_record_names_direct_ways_before_relays() {
		let of = |endpoint: &[&str], relay: &[NodeId]| text(endpoint, relay, "0.0.0.0:9900");
		assert_eq!(
			of(&["a.example:1", "[2001:db8::1]:2"], &[7, 3]).unwrap(),
			"a.example:1,[2001:db8::1]:2,relay://7,relay://3"
		);
		assert_eq!(of(&[], &[7]).unwrap(), "relay://7", "what nobody reaches is not named");
		assert_eq!(text(&[], &[], "127.0.0.1:9900").unwrap(), "127.0.0.1:9900");
		assert!(of(&[], &[]).unwrap_err().contains("say it with --endpoint HOST:PORT"));
		for wrong in ["a", "a:x", "relay://1", "a:1,b:2"] {
			let error = of(&[wrong], &[]).unwrap_err();
			assert!(error.contains("not of the form HOST:PORT"), "{error}");
		}
		assert!(of(&[], &[7, 7]).unwrap_err().contains("twice"));
		let long = format!("{}.example:1", "a".repeat(60));
		let longer = format!("{}.example:1", "b".repeat(60));
		let error = of(&[&long, &longer], &[]).unwrap_err();
		assert!(error.contains("longer than the 128 bytes"), "{error}");
	}
}
