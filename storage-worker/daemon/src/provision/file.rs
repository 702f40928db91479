//! Settings of a provisioned node from a TOML file, for unattended starts.

use super::{ProvisionArgs, Restart};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// What a file may say. Paths are relative to the working directory.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
	chain: Option<String>,
	at: Option<String>,
	database: Option<String>,
	key: Option<PathBuf>,
	mount_point: Option<PathBuf>,
	state_dir: Option<PathBuf>,
	cache_dir: Option<PathBuf>,
	node_rpc: Option<String>,
	restart: Option<Restart>,
	hold: Option<String>,
	serve_logs: Option<bool>,
	command: Option<Vec<String>>,
}

/// The arguments with what the file says where they say nothing.
pub(super) fn complete(mut args: ProvisionArgs) -> Result<ProvisionArgs> {
	let Some(path) = args.config.take() else { return Ok(args) };
	let text = std::fs::read_to_string(&path)
		.with_context(|| format!("reading the settings {}", path.display()))?;
	let settings: Settings =
		toml::from_str(&text).with_context(|| format!("in the settings {}", path.display()))?;
	args.chain = args.chain.or(settings.chain);
	args.at = args.at.or(settings.at);
	args.database = args.database.or(settings.database);
	args.key = args.key.or(settings.key);
	args.mount_point = args.mount_point.or(settings.mount_point);
	args.session.state_dir = args.session.state_dir.or(settings.state_dir);
	args.reading.cache_dir = args.reading.cache_dir.or(settings.cache_dir);
	args.node_rpc = args.node_rpc.or(settings.node_rpc);
	args.restart = args.restart.or(settings.restart);
	if let (None, Some(hold)) = (args.session.hold, settings.hold) {
		let hold = crate::cli::parse_duration(&hold);
		args.session.hold =
			Some(hold.map_err(|text| {
				anyhow::anyhow!("in the settings {}: hold: {text}", path.display())
			})?);
	}
	args.session.serve_logs |= settings.serve_logs.unwrap_or_default();
	if args.command.is_empty() {
		args.command = settings.command.unwrap_or_default();
	}
	Ok(args)
}
