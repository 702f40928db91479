//! Progress of long work on a terminal.

use super::Context;
use granary_snapshot::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over bytes; silent where nobody watches.
#[derive(Debug, Clone)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
	/// A bar named by what is going on.
	pub(crate) fn bytes(context: &Context, what: &'static str) -> Self {
		let target = if context.shows_progress() {
			ProgressDrawTarget::stderr()
		} else {
			ProgressDrawTarget::hidden()
		};
		let bar = ProgressBar::with_draw_target(Some(0), target);
		let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
		if let Ok(style) = ProgressStyle::with_template(template) {
			bar.set_style(style);
		}
		bar.set_message(what);
		Self(bar)
	}

	/// Takes the bar off the screen.
	pub(crate) fn finish(&self) {
		self.0.finish_and_clear();
	}
}

impl Progress for Bar {
	fn set_total(&self, bytes: u64) {
		self.0.set_length(bytes);
	}

	fn advance(&self, bytes: u64) {
		self.0.inc(bytes);
	}
}
