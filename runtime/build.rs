//! Builds the runtime a second time, for wasm: that copy is what the chain executes.

fn main() {
	#[cfg(feature = "std")]
	build_wasm();
}

#[cfg(feature = "std")]
fn build_wasm() {
	const HINT: &str = "WASM_BUILD_WORKSPACE_HINT";
	// The builder looks for the lock file above the target directory, which may lie elsewhere. Without
	// the lock file it would build with other versions than the ones this workspace is tested with.
	if std::env::var_os(HINT).is_none() {
		// Asked when it runs: this binary may have been compiled in another checkout.
		let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(std::path::PathBuf::from);
		if let Some(workspace) = manifest.as_deref().and_then(std::path::Path::parent) {
			std::env::set_var(HINT, workspace);
		}
	}
	let builder = substrate_wasm_builder::WasmBuilder::init_with_defaults();
	// Wallets check by this hash that they show what they sign.
	#[cfg(feature = "metadata-hash")]
	let builder = builder.enable_metadata_hash("GRAN", 12);
	builder.build();
}
