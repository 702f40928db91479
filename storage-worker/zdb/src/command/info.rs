//! INFO: 0-db's four sections, then redis'.

use super::{memory::Memory, redis::REDIS_VERSION, Answer};
use crate::{
	server::{Args, Flow, Output, Session, Shared},
	sys, NamespaceInfo,
};
use std::{fmt::Write, sync::atomic::Ordering::Relaxed};

/// `INFO [section...]`. Without a section, or with `all`, `everything` or `default`, 0-db's sections come first; their lines
/// are `name: value`, redis' are `name:value`.
pub(super) fn info(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	session.count();
	let sections: Vec<Vec<u8>> = args.rest().map(<[u8]>::to_ascii_lowercase).collect();
	let everything =
		|name: &Vec<u8>| matches!(name.as_slice(), b"all" | b"everything" | b"default");
	let all = sections.is_empty() || sections.iter().any(everything);
	let shared = &session.shared;
	let namespaces =
		shared.store.list().into_iter().filter_map(|name| shared.store.namespace(&name));
	let infos: Vec<NamespaceInfo> = namespaces.map(|namespace| namespace.info()).collect();
	let mut text = if all { zdb_sections(shared, &infos) } else { String::new() };
	type Section = fn(&Shared, &[NamespaceInfo]) -> String;
	let known: [(&str, Section); 8] = [
		("Server", server),
		("Clients", clients),
		("Memory", memory),
		("Persistence", persistence),
		("Stats", stats),
		("Replication", replication),
		("CPU", cpu),
		("Keyspace", keyspace),
	];
	for (name, body) in known {
		if all || sections.iter().any(|asked| asked == name.to_ascii_lowercase().as_bytes()) {
			// Writing into a string cannot fail.
			let _ = write!(text, "# {name}\r\n{}\r\n", body(shared, &infos));
		}
	}
	output.bulk(text.as_bytes());
	Ok(Flow::Continue)
}

fn sum(infos: &[NamespaceInfo], figure: impl Fn(&NamespaceInfo) -> u64) -> u64 {
	infos.iter().map(figure).sum()
}

fn zdb_sections(shared: &Shared, infos: &[NamespaceInfo]) -> String {
	let stats = &shared.stats;
	let mut text = format!(
		"# server\nserver_name: granary-zdb\nserver_revision: {version}\nengine_revision: {version}\n\
		instance_id: {instance}\nstore_id: {store}\nboot_time: {boot}\nuptime: {uptime}\n\n\
		# clients\nclients_lifetime: {clients}\n\n\
		# internals\nsequential_key_size: 8\ndata_version: 1\nindex_version: 1\n\n\
		# stats\ncommands_executed: {executed}\ncommands_failed: {failed}\ncommands_unauthorized: {unauthorized}\n\
		index_disk_read_failed: 0\nindex_disk_write_failed: 0\n\
		data_disk_read_failed: {read_failed}\ndata_disk_write_failed: {write_failed}\n",
		version = env!("CARGO_PKG_VERSION"),
		instance = stats.instance_id,
		store = shared.store.id(),
		boot = stats.boot_time,
		uptime = stats.started.elapsed().as_secs(),
		clients = stats.clients_lifetime.load(Relaxed),
		executed = stats.commands_executed.load(Relaxed),
		failed = stats.commands_failed.load(Relaxed),
		unauthorized = stats.commands_unauthorized.load(Relaxed),
		read_failed = sum(infos, |info| info.read_errors),
		write_failed = sum(infos, |info| info.write_errors),
	);
	// The index lies in memory, so the disk has no part in it.
	for (name, bytes) in [
		("index_disk_read", 0),
		("index_disk_write", 0),
		("data_disk_read", sum(infos, |info| info.traffic.read_bytes)),
		("data_disk_write", sum(infos, |info| info.traffic.written_bytes)),
		("network_rx", stats.network_rx_bytes.load(Relaxed)),
		("network_tx", stats.network_tx_bytes.load(Relaxed)),
	] {
		let mib = bytes as f64 / f64::from(1 << 20);
		// Writing into a string cannot fail.
		let _ = writeln!(text, "{name}_bytes: {bytes}\n{name}_mb: {mib:.2}");
	}
	text.push('\n');
	text
}

fn server(shared: &Shared, _: &[NamespaceInfo]) -> String {
	let uptime = shared.stats.started.elapsed().as_secs();
	format!(
		"redis_version:{REDIS_VERSION}\r\nredis_mode:standalone\r\nos:{os}\r\narch_bits:{bits}\r\nprocess_id:{pid}\r\n\
		run_id:{run:040x}\r\ntcp_port:{port}\r\nuptime_in_seconds:{uptime}\r\nuptime_in_days:{days}\r\n",
		os = std::env::consts::OS,
		bits = usize::BITS,
		pid = std::process::id(),
		run = shared.stats.instance_id,
		port = shared.tcp_port,
		days = uptime / 86_400,
	)
}

fn clients(shared: &Shared, _: &[NamespaceInfo]) -> String {
	format!(
		"connected_clients:{}\r\nmaxclients:{}\r\nblocked_clients:{}\r\n",
		shared.stats.clients_connected.load(Relaxed),
		shared.options.max_connections,
		shared.watchers.waiting(),
	)
}

fn memory(_: &Shared, infos: &[NamespaceInfo]) -> String {
	let Memory { resident, peak } = Memory::now();
	format!(
		"used_memory:{resident}\r\nused_memory_rss:{resident}\r\nused_memory_peak:{peak}\r\n\
		used_memory_dataset:{index}\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n",
		index = sum(infos, |info| info.index_bytes),
	)
}

fn persistence(_: &Shared, infos: &[NamespaceInfo]) -> String {
	let is_sound = infos.iter().all(|info| info.fault.is_none());
	let status = if is_sound { "ok" } else { "err" };
	format!(
		"loading:0\r\nrdb_changes_since_last_save:0\r\nrdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:ok\r\n\
		aof_enabled:1\r\naof_rewrite_in_progress:0\r\naof_last_write_status:{status}\r\naof_current_size:{size}\r\n",
		size = sum(infos, |info| info.disk_bytes),
	)
}

fn stats(shared: &Shared, infos: &[NamespaceInfo]) -> String {
	let stats = &shared.stats;
	let reads = sum(infos, |info| info.traffic.reads);
	let misses = sum(infos, |info| info.traffic.misses);
	format!(
		"total_connections_received:{}\r\ntotal_commands_processed:{}\r\ntotal_net_input_bytes:{}\r\n\
		total_net_output_bytes:{}\r\nrejected_connections:{}\r\nexpired_keys:0\r\nevicted_keys:0\r\n\
		keyspace_hits:{}\r\nkeyspace_misses:{misses}\r\ntotal_reads_processed:{reads}\r\ntotal_writes_processed:{}\r\n\
		total_error_replies:{}\r\n",
		stats.clients_lifetime.load(Relaxed),
		stats.commands_executed.load(Relaxed),
		stats.network_rx_bytes.load(Relaxed),
		stats.network_tx_bytes.load(Relaxed),
		stats.clients_rejected.load(Relaxed),
		reads.saturating_sub(misses),
		sum(infos, |info| info.traffic.writes + info.traffic.deletes),
		stats.error_replies.load(Relaxed),
	)
}

fn replication(shared: &Shared, _: &[NamespaceInfo]) -> String {
	let replica = shared.options.replica.as_ref().filter(|replica| !replica.is_promoted());
	let Some(replica) = replica else {
		return "role:master\r\nconnected_slaves:0\r\n".to_owned();
	};
	let ((host, port), status) = (replica.primary(), replica.status());
	let link = if status.is_connected() { "up" } else { "down" };
	let silent =
		status.silent.and_then(|silent| i64::try_from(silent.as_secs()).ok()).unwrap_or(-1);
	format!(
		"role:slave\r\nmaster_host:{host}\r\nmaster_port:{port}\r\nmaster_link_status:{link}\r\n\
		master_last_io_seconds_ago:{silent}\r\nslave_read_only:1\r\nslave_behind_records:{}\r\nconnected_slaves:0\r\n",
		status.behind,
	)
}

fn cpu(_: &Shared, _: &[NamespaceInfo]) -> String {
	let (user, system) = sys::cpu_time();
	format!(
		"used_cpu_sys:{:.6}\r\nused_cpu_user:{:.6}\r\n",
		system.as_secs_f64(),
		user.as_secs_f64()
	)
}

fn keyspace(_: &Shared, infos: &[NamespaceInfo]) -> String {
	let mut text = String::new();
	for (number, info) in infos.iter().enumerate() {
		// Writing into a string cannot fail.
		let _ = write!(text, "db{number}:keys={},expires=0,avg_ttl=0\r\n", info.entries);
	}
	text
}
