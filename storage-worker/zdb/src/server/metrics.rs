//! Figures of a running server in the text format of Prometheus.

use crate::{server::session::Shared, NamespaceInfo};
use std::{
	fmt::{Display, Write},
	sync::{atomic::Ordering::Relaxed, Arc},
};

/// Reads the figures of a server, also while it runs.
#[derive(Clone)]
pub struct Metrics(pub(super) Arc<Shared>);

impl std::fmt::Debug for Metrics {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("Metrics")
	}
}

/// A page under construction.
#[derive(Default)]
struct Page(String);

impl Page {
	fn family(&mut self, name: &str, kind: &str, help: &str) {
		// Writing into a string cannot fail.
		let _ =
			writeln!(self.0, "# HELP granary_zdb_{name} {help}\n# TYPE granary_zdb_{name} {kind}");
	}

	fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
		self.family(name, kind, help);
		let _ = writeln!(self.0, "granary_zdb_{name} {value}");
	}

	fn by_namespace(
		&mut self,
		(name, kind, help): (&str, &str, &str),
		infos: &[NamespaceInfo],
		value: impl Fn(&NamespaceInfo) -> u64,
	) {
		self.family(name, kind, help);
		for info in infos {
			let label = info.name.replace('\\', "\\\\").replace('"', "\\\"");
			let _ = writeln!(self.0, "granary_zdb_{name}{{namespace=\"{label}\"}} {}", value(info));
		}
	}
}

impl Metrics {
	fn infos(&self) -> Vec<NamespaceInfo> {
		let store = &self.0.store;
		let found = store.list().into_iter().filter_map(|name| store.namespace(&name));
		found.map(|namespace| namespace.info()).collect()
	}

	/// Why namespaces take no writes, one line for each that does not.
	pub fn faults(&self) -> Vec<String> {
		let with_fault = self.infos().into_iter().filter_map(|info| {
			let fault = info.fault?;
			Some(format!("namespace {}: {fault}", info.name))
		});
		with_fault.collect()
	}

	/// The page.
	pub fn render(&self) -> String {
		let mut page = Page::default();
		self.server(&mut page);
		let infos = self.infos();
		type Figure = fn(&NamespaceInfo) -> u64;
		let figures: [((&str, &str, &str), Figure); 15] = [
			(("reads_total", "counter", "Keys that clients read."), |info| info.traffic.reads),
			(("read_misses_total", "counter", "Keys that were not there."), |info| {
				info.traffic.misses
			}),
			(("writes_total", "counter", "Values that clients wrote."), |info| info.traffic.writes),
			(("deletes_total", "counter", "Keys that clients deleted."), |info| {
				info.traffic.deletes
			}),
			(("read_bytes_total", "counter", "Bytes of values that clients read."), |info| {
				info.traffic.read_bytes
			}),
			(("written_bytes_total", "counter", "Bytes of values that clients wrote."), |info| {
				info.traffic.written_bytes
			}),
			(("refusals_total", "counter", "Commands that were answered with an error."), |info| {
				info.traffic.refusals
			}),
			(("keys", "gauge", "Live keys."), |info| info.entries),
			(("live_bytes", "gauge", "Bytes of live values."), |info| info.live_bytes),
			(("disk_bytes", "gauge", "Bytes on disk, as the quota counts them."), |info| {
				info.disk_bytes
			}),
			(("index_bytes", "gauge", "Bytes of the index in memory."), |info| info.index_bytes),
			(("read_errors_total", "counter", "Reads that failed."), |info| info.read_errors),
			(("write_errors_total", "counter", "Writes that failed."), |info| info.write_errors),
			(
				("fault", "gauge", "1 while it takes no writes because the disk refused one."),
				|info| u64::from(info.fault.is_some()),
			),
			(("damaged", "gauge", "1 if records of it are known to be damaged."), |info| {
				u64::from(info.damage.is_some())
			}),
		];
		for (family, value) in figures {
			page.by_namespace(family, &infos, value);
		}
		page.0
	}

	fn server(&self, page: &mut Page) {
		let (stats, store) = (&self.0.stats, &self.0.store);
		if let Some(replica) = &self.0.options.replica {
			let status = replica.status();
			page.single(
				"replica_behind_records",
				"gauge",
				"Records that are still to come.",
				status.behind,
			);
			let silent = status.silent.map_or(-1.0, |silent| silent.as_secs_f64());
			page.single(
				"replica_silent_seconds",
				"gauge",
				"Since the primary answered; -1 if never.",
				silent,
			);
			page.single(
				"replica_promoted",
				"gauge",
				"1 once it follows nobody.",
				u8::from(status.promoted),
			);
		}
		let (compacted, _) = store.compaction();
		let (_, scrub) = store.scrub_status();
		page.single(
			"scrub_last_pass_ended_seconds",
			"gauge",
			"When the background scrub last read everything, Unix seconds; 0 if never.",
			scrub.last_pass_ended / 1000,
		);
		page.single(
			"uptime_seconds",
			"gauge",
			"Seconds since the start.",
			stats.started.elapsed().as_secs(),
		);
		page.single(
			"clients",
			"gauge",
			"Connected clients.",
			stats.clients_connected.load(Relaxed),
		);
		for (name, help, value) in [
			("connections_total", "Connections so far.", stats.clients_lifetime.load(Relaxed)),
			(
				"connections_refused_total",
				"Connections beyond the limit.",
				stats.clients_rejected.load(Relaxed),
			),
			("commands_total", "Commands executed.", stats.commands_executed.load(Relaxed)),
			(
				"commands_unknown_total",
				"Commands that nobody knows.",
				stats.commands_failed.load(Relaxed),
			),
			(
				"commands_denied_total",
				"Commands without the right to them.",
				stats.commands_unauthorized.load(Relaxed),
			),
			("received_bytes_total", "Bytes received.", stats.network_rx_bytes.load(Relaxed)),
			("sent_bytes_total", "Bytes sent.", stats.network_tx_bytes.load(Relaxed)),
			("compacted_segments_total", "Segments that compaction removed.", compacted.segments),
			(
				"compaction_moved_bytes_total",
				"Bytes that compaction wrote again.",
				compacted.moved_bytes,
			),
			("scrubbed_bytes_total", "Bytes that the background scrub read.", scrub.bytes),
			(
				"scrub_damaged_total",
				"Damaged stretches that the background scrub found.",
				scrub.damaged,
			),
			("compaction_freed_bytes_total", "Bytes of removed segments.", compacted.freed_bytes),
		] {
			page.single(name, "counter", help, value);
		}
	}
}
