//! Progress of long work on a terminal.

use super::Context;
use granary_snapshot::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar; silent where nobody watches.
#[derive(Debug, Clone)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
	/// A bar over bytes, named by what is going on.
	pub(crate) fn bytes(context: &Context, what: &'static str) -> Self {
		let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
		Self::new(context, 0, what.to_owned(), template)
	}

	/// A bar over so many things.
	pub(crate) fn count(context: &Context, total: u64, what: &str) -> Self {
		let template = "{msg} {wide_bar} {pos}/{len} {per_sec} {eta}";
		Self::new(context, total, what.to_owned(), template)
	}

	fn new(context: &Context, total: u64, what: String, template: &str) -> Self {
		let target = if context.shows_progress() {
			ProgressDrawTarget::stderr()
		} else {
			ProgressDrawTarget::hidden()
		};
		let bar = ProgressBar::with_draw_target(Some(total), target);
		if let Ok(style) = ProgressStyle::with_template(template) {
			bar.set_style(style);
		}
		bar.set_message(what);
		Self(bar)
	}

	/// Shows another step, with so much of it done.
	pub(crate) fn at(&self, step: &str, done: u64, all: u64) {
		self.0.set_message(step.to_owned());
		self.0.set_length(all);
		self.0.set_position(done);
	}

	/// Counts so many more.
	pub(crate) fn inc(&self, count: u64) {
		self.0.inc(count);
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
