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
	/// Name, keys, live bytes, bytes on disk, fault.
	namespaces: Vec<(String, u64, u64, u64, String)>,
}

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
		let (keys, live) = (number("entries"), number("data_size_bytes"));
		namespaces.push((name, keys, live, number("disk_size_bytes"), fault));
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
	let namespaces: Vec<_> = now
		.namespaces
		.iter()
		.map(|(name, keys, live, disk, fault)| {
			json!({ "name": name, "keys": keys, "live_bytes": live, "disk_bytes": disk, "fault": fault })
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
		out.row(&["NAMESPACE", "KEYS", "LIVE", "ON DISK", "FAULT"]);
		for (name, keys, live, disk, fault) in &now.namespaces {
			out.row(&[name, &keys.to_string(), &bytes_text(*live), &bytes_text(*disk), fault]);
		}
	});
	Ok(())
}
