//! The chains that the node knows without a file, and those that come from one.

use granary_runtime::{
	constants::{SS58_PREFIX, TOKEN_DECIMALS, TOKEN_SYMBOL},
	WASM_BINARY,
};
use sc_service::{ChainType, Properties};
use serde_json::json;
use std::path::Path;

/// A chain's specification.
pub(crate) type ChainSpec = sc_service::GenericChainSpec;

/// The chain of this name, or the one that the file of this name describes.
pub(crate) fn load(id: &str) -> Result<ChainSpec, String> {
	match id {
		"dev" => development(),
		"local" => local(),
		"" => Err("no chain was chosen: pass --dev, --chain local or --chain FILE".into()),
		path => from_file(path),
	}
}

/// One authority, Alice.
fn development() -> Result<ChainSpec, String> {
	preset(
		sp_genesis_builder::DEV_RUNTIME_PRESET,
		"Granary Development",
		"granary_dev",
		ChainType::Development,
	)
}

/// Two authorities, Alice and Bob.
fn local() -> Result<ChainSpec, String> {
	preset(
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
		"Granary Local",
		"granary_local",
		ChainType::Local,
	)
}

fn preset(preset: &str, name: &str, id: &str, chain_type: ChainType) -> Result<ChainSpec, String> {
	let code = WASM_BINARY.ok_or(
		"this node was built without the runtime's wasm (SKIP_WASM_BUILD was set): build it again, \
		 or give a chain specification by --chain FILE",
	)?;
	Ok(ChainSpec::builder(code, None)
		.with_name(name)
		.with_id(id)
		.with_protocol_id("granary")
		.with_chain_type(chain_type)
		.with_genesis_config_preset_name(preset)
		.with_properties(properties())
		.build())
}

fn from_file(path: &str) -> Result<ChainSpec, String> {
	if !Path::new(path).is_file() {
		return Err(format!(
			"chain '{path}' is unknown: it is neither 'dev' nor 'local', and there is no chain \
			 specification file of that name"
		));
	}
	ChainSpec::from_json_file(path.into())
		.map_err(|error| format!("chain specification '{path}' cannot be used: {error}"))
}

/// What wallets want to know.
fn properties() -> Properties {
	[
		("ss58Format", json!(SS58_PREFIX)),
		("tokenDecimals", json!(TOKEN_DECIMALS)),
		("tokenSymbol", json!(TOKEN_SYMBOL)),
	]
	.into_iter()
	.map(|(key, value)| (key.to_owned(), value))
	.collect()
}
