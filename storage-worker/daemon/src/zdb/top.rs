//! `granary zdb top`: what a running server does, second by second.

use super::remote::{bytes, Remote, RemoteArgs};
use crate::cli::{bytes_text, Context};
use anyhow::Result;
use clap::Args;
use redis::cmd;
use serde_json::json;
use std::{
	collections::BTreeMap,
	io::{stdout, IsTerminal, Write},
	thread,
	time::{Duration, Instant},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary zdb top
  granary --json zdb top --once 127.0.0.1:9900")]
pub(crate) struct TopArgs {
	/// The running server: HOST:PORT
	#[arg(default_value = "127.0.0.1:9900")]
	server: String,
	/// Seconds between two looks
	#[arg(long, default_value_t = 1.0)]
	every: f64,
	/// Look for one interval and end
	#[arg(long)]
	once: bool,
	#[command(flatten)]
	remote: RemoteArgs,
}

/// One look at the server.
struct Look {
	at: Instant,
	/// Figures of INFO that count up.
	counters: BTreeMap<String, f64>,
	namespaces: Vec<NamespaceLook>,
}

/// What NSINFO says of a namespace.
struct NamespaceLook {
	name: String,
	keys: u64,
	live_bytes: u64,
	disk_bytes: u64,
	fault: String,
	/// Figures that count up, in the order of [`RATES`].
	counters: [u64; RATES.len()],
}

/// What NSINFO counts, and how it is called as a rate.
const RATES: [(&str, &str); 6] = [
	("stats_reads", "reads_per_second"),
	("stats_writes", "writes_per_second"),
	("stats_deletes", "deletes_per_second"),
	("stats_read_bytes", "read_bytes_per_second"),
	("stats_written_bytes", "written_bytes_per_second"),
	("stats_refusals", "refusals_per_second"),
];

pub(super) fn run(args: &TopArgs, context: &Context) -> Result<()> {
	let mut remote = Remote::connect(&args.server, &args.remote)?;
	let pause = Duration::from_secs_f64(args.every.clamp(0.1, 3600.0));
	let mut before = look(&mut remote, &args.remote)?;
	loop {
		thread::sleep(pause);
		let now = look(&mut remote, &args.remote)?;
		show(&before, &now, args, context)?;
		if args.once {
			return Ok(());
		}
		before = now;
	}
}

impl NamespaceLook {
	/// How fast its counters went up since the look before; a namespace that was not there, or whose server started anew, from zero.
	fn rates(&self, before: &Look, seconds: f64) -> [f64; RATES.len()] {
		let same = before.namespaces.iter().find(|look| look.name == self.name);
		let mut earlier = same.map_or([0; RATES.len()], |look| look.counters).into_iter();
		self.counters.map(|now| now.saturating_sub(earlier.next().unwrap_or(0)) as f64 / seconds)
	}
}

fn look(remote: &mut Remote, args: &RemoteArgs) -> Result<Look> {
	let info = String::from_utf8_lossy(&bytes(&remote.call(&cmd("INFO"))?)?).into_owned();
	let counters = info.lines().filter_map(|line| {
		let (name, value) = line.split_once(':')?;
		Some((name.trim().to_owned(), value.trim().parse().ok()?))
	});
	let mut namespaces = Vec::new();
	for name in remote.names()?.into_iter().filter(|name| args.wants(name)) {
		let Ok(reply) = remote.call(cmd("NSINFO").arg(&name)) else {
			// A private one tells its own clients and administrators only.
			continue;
		};
		let text = String::from_utf8_lossy(&bytes(&reply)?).into_owned();
		let field = |wanted: &str| {
			let mut lines = text.lines().filter_map(|line| line.split_once(": "));
			lines.find(|(name, _)| *name == wanted).map(|(_, value)| value.trim().to_owned())
		};
		let number = |wanted: &str| field(wanted).and_then(|value| value.parse().ok()).unwrap_or(0);
		let fault = field("fault").filter(|fault| fault != "none").unwrap_or_default();
		namespaces.push(NamespaceLook {
			keys: number("entries"),
			live_bytes: number("data_size_bytes"),
			disk_bytes: number("disk_size_bytes"),
			counters: RATES.map(|(counter, _)| number(counter)),
			name,
			fault,
		});
	}
	Ok(Look { at: Instant::now(), counters: counters.collect(), namespaces })
}

fn show(before: &Look, now: &Look, args: &TopArgs, context: &Context) -> Result<()> {
	let seconds = now.at.duration_since(before.at).as_secs_f64().max(f64::EPSILON);
	let value = |look: &Look, name: &str| look.counters.get(name).copied().unwrap_or(0.0);
	let rate = |name: &str| (value(now, name) - value(before, name)).max(0.0) / seconds;
	let [commands, received, sent] =
		["commands_executed", "network_rx_bytes", "network_tx_bytes"].map(rate);
	let clients = value(now, "connected_clients");
	let rates: Vec<_> = now.namespaces.iter().map(|look| look.rates(before, seconds)).collect();
	let namespaces: Vec<_> = now
		.namespaces
		.iter()
		.zip(&rates)
		.map(|(look, rates)| {
			let mut value = json!({
				"name": look.name,
				"keys": look.keys,
				"live_bytes": look.live_bytes,
				"disk_bytes": look.disk_bytes,
				"fault": look.fault,
			});
			if let Some(value) = value.as_object_mut() {
				let rates = RATES.iter().zip(rates);
				value.extend(rates.map(|((_, name), rate)| ((*name).to_owned(), json!(rate))));
			}
			value
		})
		.collect();
	let figures = json!({
		"commands_per_second": commands,
		"received_bytes_per_second": received,
		"sent_bytes_per_second": sent,
		"clients": clients,
		"namespaces": namespaces,
	});
	if !args.once && stdout().is_terminal() {
		// To the upper left corner, everything below cleared.
		stdout().write_all(b"\x1b[H\x1b[J")?;
	}
	context.print(&figures, |out| {
		out.line(format!(
			"{}  {commands:.0} commands/s  in {}/s  out {}/s  {clients:.0} clients",
			args.server,
			bytes_text(received as u64),
			bytes_text(sent as u64)
		));
		out.row(&[
			"NAMESPACE",
			"KEYS",
			"LIVE",
			"ON DISK",
			"READS/S",
			"WRITES/S",
			"DELETES/S",
			"READ/S",
			"WRITTEN/S",
			"REFUSED/S",
			"FAULT",
		]);
		for (look, rates) in now.namespaces.iter().zip(&rates) {
			let [reads, writes, deletes, read, written, refused] = rates;
			out.row(&[
				&look.name,
				&look.keys.to_string(),
				&bytes_text(look.live_bytes),
				&bytes_text(look.disk_bytes),
				&format!("{reads:.0}"),
				&format!("{writes:.0}"),
				&format!("{deletes:.0}"),
				&bytes_text(*read as u64),
				&bytes_text(*written as u64),
				&format!("{refused:.0}"),
				&look.fault,
			]);
		}
	});
	Ok(())
}
