//! What the fuzz targets of Granary share.
//!
//! A target is a file under `fuzz_targets/`: a function that takes any bytes and asserts what must hold for them, and one that
//! makes a few real inputs to begin with. `scripts/fuzz` builds them, lets each of them write its seeds, and runs them. What
//! is asserted everywhere: no panic, no overflow, no execution of more than ten seconds, no more than 256 MiB of memory.

mod input;
mod memory;
mod seeds;
pub mod segment;
pub mod store;

pub use input::Input;
pub use memory::bounded;
pub use seeds::write_if_asked;

/// Makes a fuzz target of a function that takes any bytes, and of one that makes real inputs.
#[macro_export]
macro_rules! target {
	($run:path, seeds: $seeds:path) => {
		::libfuzzer_sys::fuzz_target!(
			init: {
				$crate::write_if_asked($seeds);
			},
			|bytes: &[u8]| {
				$crate::bounded(|| $run(bytes));
			}
		);
	};
}

/// Tells what an input does, where somebody looks at one: `GRANARY_FUZZ_SHOW=1` before the target and its input.
pub fn show(what: impl FnOnce() -> String) {
	if std::env::var_os("GRANARY_FUZZ_SHOW").is_some() {
		eprintln!("{}", what());
	}
}

/// Runs a future that needs no more than itself to end.
pub fn block_on<F: std::future::Future>(future: F) -> F::Output {
	futures::executor::block_on(future)
}
