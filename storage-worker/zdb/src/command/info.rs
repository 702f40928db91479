//! INFO: 0-db's four sections, then redis'.

use super::{redis::REDIS_VERSION, Answer};
use crate::server::{Args, Flow, Output, Session};
use std::{fmt::Write, sync::atomic::Ordering::Relaxed};

/// `INFO [section]`. Without a section, or with `all`, `everything` or `default`, 0-db's sections come first; their lines
/// are `name: value`, redis' are `name:value`.
pub(super) fn info(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let sections: Vec<Vec<u8>> = args.rest().map(<[u8]>::to_ascii_lowercase).collect();
	let everything =
		|name: &Vec<u8>| matches!(name.as_slice(), b"all" | b"everything" | b"default");
	let all = sections.is_empty() || sections.iter().any(everything);
	let mut text = if all { zdb_sections(session) } else { String::new() };
	for (name, body) in redis_sections(session) {
		if all || sections.iter().any(|asked| asked == name.to_ascii_lowercase().as_bytes()) {
			// Writing into a string cannot fail.
			let _ = write!(text, "# {name}\r\n{body}\r\n");
		}
	}
	output.bulk(text.as_bytes());
	Ok(Flow::Continue)
}

fn zdb_sections(session: &Session) -> String {
	let stats = &session.shared.stats;
	let (rx, tx) = (stats.network_rx_bytes.load(Relaxed), stats.network_tx_bytes.load(Relaxed));
	let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
	format!(
		"# server\nserver_name: granary-zdb\nserver_revision: {version}\nengine_revision: {version}\n\
		instance_id: {instance}\nboot_time: {boot}\nuptime: {uptime}\n\n\
		# clients\nclients_lifetime: {clients}\n\n\
		# internals\nsequential_key_size: 8\ndata_version: 1\nindex_version: 1\n\n\
		# stats\ncommands_executed: {executed}\ncommands_failed: {failed}\ncommands_unauthorized: {unauthorized}\n\
		network_rx_bytes: {rx}\nnetwork_rx_mb: {:.2}\nnetwork_tx_bytes: {tx}\nnetwork_tx_mb: {:.2}\n\n",
		mib(rx),
		mib(tx),
		version = env!("CARGO_PKG_VERSION"),
		instance = stats.instance_id,
		boot = stats.boot_time,
		uptime = stats.started.elapsed().as_secs(),
		clients = stats.clients_lifetime.load(Relaxed),
		executed = stats.commands_executed.load(Relaxed) + session.commands,
		failed = stats.commands_failed.load(Relaxed),
		unauthorized = stats.commands_unauthorized.load(Relaxed),
	)
}

fn redis_sections(session: &Session) -> [(&'static str, String); 6] {
	let shared = &session.shared;
	let stats = &shared.stats;
	let uptime = stats.started.elapsed().as_secs();
	let resident = resident_bytes();
	let mut keyspace = String::new();
	for (number, name) in shared.store.list().iter().enumerate() {
		let keys = shared.store.namespace(name).map_or(0, |namespace| namespace.dbsize());
		let _ = write!(keyspace, "db{number}:keys={keys},expires=0,avg_ttl=0\r\n");
	}
	[
		(
			"Server",
			format!(
				"redis_version:{REDIS_VERSION}\r\nredis_mode:standalone\r\nprocess_id:{}\r\n\
				tcp_port:{}\r\nuptime_in_seconds:{uptime}\r\nuptime_in_days:{}\r\n",
				std::process::id(),
				shared.tcp_port,
				uptime / 86_400,
			),
		),
		(
			"Clients",
			format!(
				"connected_clients:{}\r\nmaxclients:{}\r\nblocked_clients:0\r\n",
				stats.clients_connected.load(Relaxed),
				shared.options.max_connections
			),
		),
		("Memory", format!("used_memory:{resident}\r\nused_memory_rss:{resident}\r\n")),
		("Persistence", "loading:0\r\naof_enabled:1\r\n".to_owned()),
		(
			"Stats",
			format!(
				"total_connections_received:{}\r\ntotal_commands_processed:{}\r\n\
				total_net_input_bytes:{}\r\ntotal_net_output_bytes:{}\r\nrejected_connections:{}\r\n",
				stats.clients_lifetime.load(Relaxed),
				stats.commands_executed.load(Relaxed) + session.commands,
				stats.network_rx_bytes.load(Relaxed),
				stats.network_tx_bytes.load(Relaxed),
				stats.clients_rejected.load(Relaxed),
			),
		),
		("Keyspace", keyspace),
	]
}

/// Resident memory as the kernel counts it in `/proc`; 0 where there is none.
fn resident_bytes() -> u64 {
	const PAGE_BYTES: u64 = 4096;
	let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
	let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
	pages.unwrap_or(0) * PAGE_BYTES
}
