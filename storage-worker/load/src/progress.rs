//! Progress on a terminal; nothing where there is none.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for so many things of this kind.
pub(crate) fn bar(what: &'static str, total: u64) -> ProgressBar {
	let style = ProgressStyle::with_template("{msg:14} {wide_bar} {pos}/{len} {elapsed}");
	let bar = ProgressBar::new(total).with_message(what);
	match style {
		Ok(style) => bar.with_style(style),
		Err(_) => bar,
	}
}
