//! What is done for a client where it may block: commands that are slow by their nature or need the disk, jobs, and the extension.

use super::post::{Address, Letter, Mailbox};
use crate::{
	command,
	engine::Durability,
	server::{session::Job, Args, Extension, Flow, Output, Session},
};
use std::sync::Arc;
use tokio::runtime::Handle;

/// What is to be done.
pub(super) enum Work {
	/// A command of ours: its bytes, and where its arguments lie in them.
	Command(Vec<u8>, Vec<(usize, usize)>),
	/// A command that only the extension may know: its name in upper case, and the rest.
	Extension(Arc<dyn Extension>, Vec<u8>, Vec<Vec<u8>>),
	/// What a command of ours left to be done.
	Job(Job),
}

impl Work {
	pub(super) fn command(args: Args<'_>) -> Self {
		let mut bytes = Vec::new();
		let mut ranges = Vec::with_capacity(args.len());
		for position in 0..args.len() {
			let start = bytes.len();
			bytes.extend_from_slice(args.get(position).unwrap_or_default());
			ranges.push((start, bytes.len()));
		}
		Self::Command(bytes, ranges)
	}

	pub(super) fn extension(extension: Arc<dyn Extension>, args: Args<'_>) -> Self {
		let name = args.get(0).unwrap_or_default().to_ascii_uppercase();
		Self::Extension(extension, name, args.rest().map(<[u8]>::to_vec).collect())
	}
}

/// Work, with the session of the client that it is for.
pub(super) struct Errand {
	pub(super) session: Session,
	pub(super) work: Work,
	pub(super) is_resp3: bool,
}

/// A session that comes back, and what is to be answered.
pub(super) struct Return {
	pub(super) session: Session,
	pub(super) output: Output,
	pub(super) flow: Flow,
}

/// Posts the return whatever happens to the work: a client whose command panics must not wait for ever.
struct Guard {
	mailbox: Mailbox,
	address: Address,
	returned: Option<Box<Return>>,
}

impl Drop for Guard {
	fn drop(&mut self) {
		let Some(mut returned) = self.returned.take() else { return };
		if std::thread::panicking() {
			tracing::error!("a command panicked");
			returned.output.truncate(0);
			returned.output.error("Internal Error");
			returned.session.unflushed_from = None;
			returned.session.may_block = false;
			returned.session.pairs_stored = 0;
		}
		self.mailbox.post(Letter::Back(self.address, returned));
	}
}

impl Errand {
	/// Does the work on a thread that may block, and posts the session and the reply back.
	pub(super) fn send_off(self, runtime: &Handle, mailbox: Mailbox, address: Address) {
		let mut output = Output::default();
		output.is_resp3 = self.is_resp3;
		let returned = Return { session: self.session, output, flow: Flow::Continue };
		let mut guard = Guard { mailbox, address, returned: Some(Box::new(returned)) };
		let work = self.work;
		runtime.spawn_blocking(move || {
			if let Some(returned) = &mut guard.returned {
				returned.session.may_block = true;
				returned.work(work);
				returned.session.may_block = false;
				// What was executed anew is over, however far it came; another MSET stores all of its pairs.
				returned.session.pairs_stored = 0;
			}
		});
	}
}

impl Return {
	fn work(&mut self, work: Work) {
		match work {
			Work::Command(bytes, ranges) => {
				let args = Args::new(&bytes, &ranges);
				self.flow = command::execute(&mut self.session, args, &mut self.output);
				if self.flow == Flow::Later {
					self.flow = Flow::Continue;
					if let Some(job) = self.session.job.take() {
						self.answer(job());
					}
				}
			},
			Work::Job(job) => self.answer(job()),
			Work::Extension(extension, name, rest) => match extension.call(&name, &rest) {
				Some(reply) => self.answer(reply),
				None => command::unknown(&mut self.session, &mut self.output),
			},
		}
		self.settle();
	}

	fn answer(&mut self, reply: Result<crate::Reply, String>) {
		match reply {
			Ok(reply) => self.output.reply(&reply),
			Err(text) => self.output.error(&text),
		}
	}

	/// Makes good what was promised for what the command wrote.
	fn settle(&mut self) {
		let Some(first) = self.session.unflushed_from.take() else { return };
		let namespace = &self.session.namespace;
		let settled = match namespace.durability() {
			Durability::Always => namespace.sync(),
			Durability::Every(_) | Durability::Os => namespace.flush(),
		};
		if let Err(error) = settled {
			tracing::error!(namespace = namespace.name(), %error, "writes failed");
			self.output.truncate(first);
			self.output.error("Cannot write data right now");
			self.flow = Flow::Close;
		}
	}
}
