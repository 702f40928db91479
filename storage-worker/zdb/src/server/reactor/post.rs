//! What reaches a thread from others.

use super::{errand::Return, stream::Stream};
use crate::server::Session;
use mio::{Poll, Token, Waker};
use parking_lot::Mutex;
use std::{io, sync::Arc, time::Duration};

/// The token of the waker; clients have those from 0 on.
pub(super) const WAKER: Token = Token(usize::MAX);

/// A client of a thread. Slots are used again, numbers are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
	pub(super) slot: usize,
	pub(super) client: u64,
}

/// What reaches a thread.
pub(super) enum Letter {
	/// A new client.
	Arrival(Box<(Stream, Session)>),
	/// An errand has ended.
	Back(Address, Box<Return>),
	/// What these clients wrote is on the disk, or could not be brought there.
	Settled(Vec<Address>, bool),
	/// The command that the client waits for was run by another; the number tells this wait from earlier ones.
	Told(Address, u64, String),
	/// A command to mirror.
	Mirrored(Address, Arc<[u8]>),
	/// The client receives slower than others send.
	MirrorEnds(Address),
	/// The server stops; what runs has so much time.
	Stop(Duration),
}

/// Where letters for a thread are put.
#[derive(Clone)]
pub(super) struct Mailbox {
	letters: Arc<Mutex<Vec<Letter>>>,
	waker: Arc<Waker>,
}

impl Mailbox {
	pub(super) fn new(poll: &Poll) -> io::Result<Self> {
		let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
		Ok(Self { letters: Arc::default(), waker })
	}

	/// Puts a letter in and wakes the thread if it has not been already.
	pub(super) fn post(&self, letter: Letter) {
		let mut letters = self.letters.lock();
		let was_empty = letters.is_empty();
		letters.push(letter);
		drop(letters);
		if was_empty {
			if let Err(error) = self.waker.wake() {
				tracing::error!(%error, "a thread cannot be woken");
			}
		}
	}

	/// Takes what is there.
	pub(super) fn take(&self, letters: &mut Vec<Letter>) {
		std::mem::swap(&mut *self.letters.lock(), letters);
	}
}

/// The way to one client, for what happens without its doing.
#[derive(Clone)]
pub(crate) struct Postbox {
	pub(super) mailbox: Mailbox,
	pub(super) address: Address,
}

impl Postbox {
	/// Tells the client that the command that it waits for was run.
	pub(crate) fn tell(&self, wait: u64, command: &str) {
		self.mailbox.post(Letter::Told(self.address, wait, command.to_owned()));
	}

	/// Hands over a command that another client ran.
	pub(crate) fn mirror(&self, frame: Arc<[u8]>) {
		self.mailbox.post(Letter::Mirrored(self.address, frame));
	}

	/// Ends the mirroring.
	pub(crate) fn end_mirror(&self) {
		self.mailbox.post(Letter::MirrorEnds(self.address));
	}
}
