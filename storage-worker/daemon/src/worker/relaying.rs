//! A worker as a relay: it passes tenants on to nodes that nobody reaches, if its operator wants that.

use super::admission::Admission;
use crate::cli::parse_bytes;
use clap::Args;
use granary_transport::{
	relay::{Relay, RelayLimits},
	Network,
};
use granary_zdb::{OtherConnection, OtherProtocol};
use std::{
	future::Future,
	num::NonZeroU64,
	pin::Pin,
	sync::{atomic::Ordering::Relaxed, Arc},
};
use tracing::debug;

#[derive(Debug, Args)]
pub(super) struct RelayArgs {
	/// Be a relay beside: pass tenants on to nodes of this chain that nobody reaches, encrypted from end to end. Others name this node with
	/// --relay.
	#[arg(long)]
	as_relay: bool,
	/// Nodes that may be connected at once.
	#[arg(long, requires = "as_relay", default_value_t = 64, value_name = "NODES")]
	relay_nodes: usize,
	/// Streams that are passed on at once.
	#[arg(long, requires = "as_relay", default_value_t = 1024, value_name = "STREAMS")]
	relay_streams: usize,
	/// Bytes that are passed on in a second, shared by turns between clients, for example 20MiB. [default: no limit]
	#[arg(long, requires = "as_relay", value_parser = parse_bytes, value_name = "BYTES")]
	relay_rate: Option<u64>,
}

impl RelayArgs {
	/// The relay, if there is to be one.
	pub(super) fn relay(&self, admission: &Arc<Admission>) -> Option<Arc<Relay>> {
		let admission = admission.clone();
		let limits = RelayLimits {
			nodes: self.relay_nodes,
			streams: self.relay_streams,
			bytes_per_second: self.relay_rate.and_then(NonZeroU64::new),
			..RelayLimits::default()
		};
		self.as_relay
			.then(|| Arc::new(Relay::new(limits, Arc::new(move |peer| admission.check(peer)))))
	}
}

/// The relay as the server's other protocol.
#[derive(Debug)]
pub(super) struct Relaying(pub(super) Arc<Relay>);

impl OtherProtocol for Relaying {
	fn serve(&self, connection: OtherConnection) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
		Box::pin(async move {
			let OtherConnection { stream, address, certificate } = connection;
			let peer = certificate.as_deref().and_then(Network::peer_of);
			if let Err(error) = self.0.serve(stream, peer, address.ip()).await {
				debug!(%address, %error, "a connection to the relay ended");
			}
		})
	}
}

/// Figures of the relay in the text format of Prometheus.
pub(super) fn metrics(relay: &Relay) -> String {
	let stats = relay.stats();
	let mut page = String::new();
	for (name, kind, help, value) in [
		("nodes", "gauge", "Nodes that are connected.", &stats.nodes),
		("streams", "gauge", "Streams that are passed on.", &stats.streams),
		("streams_total", "counter", "Streams so far.", &stats.streams_total),
		("refused_total", "counter", "Wishes that were refused.", &stats.refused),
		("bytes_total", "counter", "Bytes passed on, both directions.", &stats.bytes),
	] {
		page += &format!(
			"# HELP granary_relay_{name} {help}\n# TYPE granary_relay_{name} {kind}\ngranary_relay_{name} {}\n",
			value.load(Relaxed)
		);
	}
	page
}
