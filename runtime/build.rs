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
		let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent();
		if let Some(workspace) = workspace {
			std::env::set_var(HINT, workspace);
		}
	}
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}
