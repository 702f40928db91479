//! Builds the runtime a second time, for wasm: that copy is what the chain executes.

fn main() {
	#[cfg(feature = "std")]
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}
