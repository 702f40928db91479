//! A stand-alone server for tests and profiling: `serve --dir DIR [--listen ADDRESS] [--unix PATH] [--admin PASSWORD]
//! [--protected] [--sync always|everysec|os] [--hook PROGRAM] [--segment-bytes N] [--frame-timeout-ms N] [--max-connections N]
//! [--max-value BYTES] [--scrub-ms N] [--admin-account ACCOUNT] [--mode user|seq]`.
//! It prints its address in one line and stops when its standard input ends.

use granary_zdb::{Durability, Mode, Server, ServerOptions, Store, StoreOptions};
use std::{error::Error, io::Write, sync::Arc, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
	let mut store_options = StoreOptions::new(".");
	let mut options =
		ServerOptions { tcp: Some("127.0.0.1:0".parse()?), ..ServerOptions::default() };
	let mut has_dir = false;
	let mut arguments = std::env::args().skip(1);
	while let Some(name) = arguments.next() {
		if name == "--protected" {
			options.protected = true;
			continue;
		}
		let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
		match name.as_str() {
			"--dir" => {
				store_options.dir = value.into();
				has_dir = true;
			},
			"--listen" => options.tcp = Some(value.parse()?),
			"--unix" => options.unix = Some(value.into()),
			"--admin" => options.admin_password = Some(value),
			"--hook" => options.hook = Some(value.into()),
			"--segment-bytes" => store_options.segment_bytes = value.parse()?,
			"--scrub-ms" => {
				store_options.scrub.interval = Duration::from_millis(value.parse()?);
			},
			"--max-connections" => options.max_connections = value.parse()?,
			"--frame-timeout-ms" => options.frame_timeout = Duration::from_millis(value.parse()?),
			"--max-value" => store_options.max_value_bytes = value.parse()?,
			"--admin-account" => {
				let account = granary_zdb::parse_account(&value).ok_or("not an account")?;
				options.admin_accounts.push(account);
			},
			"--mode" => {
				options.fixed_mode =
					Some(if value == "seq" { Mode::Sequential } else { Mode::User });
			},
			"--sync" => {
				store_options.durability = match value.as_str() {
					"always" => Durability::Always,
					"everysec" => Durability::Every(1000),
					"os" => Durability::Os,
					_ => return Err("--sync is always, everysec or os".into()),
				}
			},
			_ => return Err(format!("unknown argument {name}").into()),
		}
	}
	if !has_dir {
		return Err("--dir is needed".into());
	}
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
	runtime.block_on(serve(store_options, options))
}

async fn serve(
	mut store_options: StoreOptions,
	options: ServerOptions,
) -> Result<(), Box<dyn Error>> {
	options.announce_store(&store_options.dir)?;
	options.announce_crash()?;
	store_options.segment_source = options.segment_source()?;
	let store = Arc::new(Store::open(store_options)?);
	let mut stdout = std::io::stdout();
	for line in store.recovery_report().lines() {
		writeln!(stdout, "recovery: {line}")?;
	}
	let server = Server::bind(options, store, None).await?;
	if let Some(address) = server.local_addr() {
		writeln!(stdout, "listening on {address}")?;
	}
	stdout.flush()?;
	let (stop, stopped) = tokio::sync::oneshot::channel();
	std::thread::spawn(move || {
		// Whoever started us holds the other end; its death ends ours.
		let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
		let _ = stop.send(());
	});
	server
		.run(async {
			let _ = stopped.await;
		})
		.await?;
	Ok(())
}
