//! Requests whose replies are missing, in their order.

use crate::{resp::Reply, BackendError};
use std::{
	collections::VecDeque,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Mutex, MutexGuard, PoisonError,
	},
};
use tokio::sync::{mpsc, oneshot, Notify};

/// Requests are kept until they are answered; beyond so many bytes of them no more are taken.
const KEPT_BYTES_MAX: usize = 32 << 20;
/// Bytes of replies that are handed over at once.
const HANDED_BYTES: usize = 256 << 10;

/// Replies to requests that went out together, those that have come, and whether the requests were sent more than once.
#[derive(Debug)]
pub(crate) struct Came {
	pub(crate) replies: Vec<Reply>,
	pub(crate) is_repeated: bool,
}

/// Replies to requests that went out together, as they come.
pub(crate) type Replies = mpsc::UnboundedReceiver<Result<Came, BackendError>>;

/// Who waits for replies. Nobody need still be there when they come.
#[derive(Debug)]
enum Asker {
	/// For one.
	One(oneshot::Sender<Result<Reply, BackendError>>),
	/// For so many. There are no more of them than requests, so the channel needs no bound of its own.
	Many(usize, mpsc::UnboundedSender<Result<Came, BackendError>>),
}

/// Encoded requests and who asks them.
#[derive(Debug)]
pub(crate) struct Unsent {
	bytes: Vec<u8>,
	asker: Asker,
	/// It means something else the second time, so it is never sent twice.
	is_once: bool,
}

impl Unsent {
	/// One request.
	pub(crate) fn one(bytes: Vec<u8>) -> (Self, oneshot::Receiver<Result<Reply, BackendError>>) {
		let (reply, answer) = oneshot::channel();
		(Self { bytes, asker: Asker::One(reply), is_once: false }, answer)
	}

	/// One request that is not sent again when its reply is missing: its asker gets [`BackendError::Unsure`] and looks for itself.
	pub(crate) fn once(bytes: Vec<u8>) -> (Self, oneshot::Receiver<Result<Reply, BackendError>>) {
		let (request, answer) = Self::one(bytes);
		(Self { is_once: true, ..request }, answer)
	}

	/// So many requests, encoded one after the other.
	pub(crate) fn many(bytes: Vec<u8>, count: usize) -> (Self, Replies) {
		let (replies, answers) = mpsc::unbounded_channel();
		(Self { bytes, asker: Asker::Many(count, replies), is_once: false }, answers)
	}
}

/// Requests that were taken, and what has become of them.
#[derive(Debug)]
struct Kept {
	request: Unsent,
	/// They were sent over another way before.
	is_repeated: bool,
	/// Replies that their asker has.
	given: usize,
	/// Replies that come a second time.
	surplus: usize,
}

#[derive(Debug, Default)]
struct State {
	kept: VecDeque<Kept>,
	/// So many of the first ones were sent over the way that is used.
	sent: usize,
	bytes: usize,
}

impl State {
	/// Takes the first one away, whose asker has everything or gets nothing more.
	fn pop(&mut self) -> Option<Kept> {
		let first = self.kept.pop_front()?;
		self.sent = self.sent.saturating_sub(1);
		self.bytes -= first.request.bytes.len();
		Some(first)
	}
}

/// Replies that came together and go to one asker together.
#[derive(Debug, Default)]
pub(crate) struct Handed {
	replies: Vec<Reply>,
	bytes: usize,
}

impl Handed {
	pub(crate) fn is_empty(&self) -> bool {
		self.replies.is_empty()
	}
}

/// The requests of one connection that are not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
	state: Mutex<State>,
	replies: AtomicU64,
	/// Told when something was answered.
	answered: Notify,
}

impl Outstanding {
	fn lock(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}

	pub(crate) fn is_empty(&self) -> bool {
		self.lock().kept.is_empty()
	}

	pub(crate) fn has_room(&self) -> bool {
		self.lock().bytes < KEPT_BYTES_MAX
	}

	/// Replies that came so far.
	pub(crate) fn replies(&self) -> u64 {
		self.replies.load(Relaxed)
	}

	/// Adds requests at the end.
	pub(crate) fn push(&self, request: Unsent) {
		let mut state = self.lock();
		state.bytes += request.bytes.len();
		state.kept.push_back(Kept { request, is_repeated: false, given: 0, surplus: 0 });
	}

	/// Takes note that those that were not sent yet go into a batch, until it has this size.
	pub(crate) fn fill(&self, batch: &mut Vec<u8>, batch_bytes: usize) {
		let mut state = self.lock();
		let State { kept, sent, .. } = &mut *state;
		for Kept { request, .. } in kept.range(*sent..) {
			if batch.len() >= batch_bytes {
				break;
			}
			batch.extend_from_slice(&request.bytes);
			*sent += 1;
		}
	}

	/// Gives a reply to the first who waits, or keeps it for company; `false` if nothing was sent that it could belong to.
	pub(crate) fn answer(&self, reply: Reply, handed: &mut Handed) -> bool {
		let mut state = self.lock();
		if state.sent == 0 {
			return false;
		}
		let Some(first) = state.kept.front_mut() else { return false };
		if first.surplus > 0 {
			first.surplus -= 1;
			return true;
		}
		self.replies.fetch_add(1, Relaxed);
		if let Asker::Many(count, _) = first.request.asker {
			handed.bytes += reply.bulk_len();
			handed.replies.push(reply);
			let is_all = first.given + handed.replies.len() >= count;
			drop(state);
			if is_all || handed.bytes >= HANDED_BYTES {
				self.hand_over(handed);
			}
			return true;
		}
		let first = state.pop();
		drop(state);
		if let Some(Kept { request: Unsent { asker: Asker::One(asker), .. }, .. }) = first {
			// An asker that gave up does not want its reply any more.
			let _ = asker.send(Ok(reply));
		}
		self.answered.notify_waiters();
		true
	}

	/// Gives what has come to the first who waits, who goes when it has everything.
	pub(crate) fn hand_over(&self, handed: &mut Handed) {
		let Handed { replies, .. } = std::mem::take(handed);
		let mut state = self.lock();
		let Some(first) = state.kept.front_mut().filter(|_| !replies.is_empty()) else { return };
		let Asker::Many(count, asker) = &first.request.asker else { return };
		first.given += replies.len();
		let is_all = first.given >= *count;
		// An asker that gave up does not want its replies any more.
		let _ = asker.send(Ok(Came { replies, is_repeated: first.is_repeated }));
		if is_all {
			state.pop();
			drop(state);
			self.answered.notify_waiters();
		}
	}

	/// Gives the first one up.
	pub(crate) fn refuse_first(&self, error: &BackendError) {
		let first = self.lock().pop();
		if let Some(first) = first {
			first.fail(error);
			self.replies.fetch_add(1, Relaxed);
			self.answered.notify_waiters();
		}
	}

	/// All are to be sent anew, over another way, but for those that are sent once. Replies that their askers have will come again, and are then left out.
	pub(crate) fn repeat(&self) {
		let mut unsure = Vec::new();
		let mut state = self.lock();
		let sent = std::mem::take(&mut state.sent);
		let unsent = state.kept.split_off(sent);
		for mut kept in std::mem::take(&mut state.kept) {
			if kept.request.is_once {
				state.bytes -= kept.request.bytes.len();
				unsure.push(kept);
				continue;
			}
			// One whose asker gave up is sent again all the same: those after it count on its place.
			(kept.is_repeated, kept.surplus) = (true, kept.given);
			state.kept.push_back(kept);
		}
		state.kept.extend(unsent);
		drop(state);
		if !unsure.is_empty() {
			unsure.into_iter().for_each(|kept| kept.fail(&BackendError::Unsure));
			self.answered.notify_waiters();
		}
	}

	/// Gives all of them up.
	pub(crate) fn fail(&self, error: &BackendError) {
		let kept = std::mem::take(&mut *self.lock()).kept;
		kept.into_iter().for_each(|kept| kept.fail(error));
	}

	/// Waits until more may be pushed.
	pub(crate) async fn room(&self) {
		while !self.has_room() {
			self.answered.notified().await;
		}
	}

	/// Waits until all are answered.
	pub(crate) async fn drained(&self) {
		while !self.is_empty() {
			self.answered.notified().await;
		}
	}
}

impl Kept {
	/// An asker that gave up does not want to know.
	fn fail(self, error: &BackendError) {
		match self.request.asker {
			Asker::One(asker) => {
				let _ = asker.send(Err(error.clone()));
			},
			Asker::Many(_, asker) => {
				let _ = asker.send(Err(error.clone()));
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn batch(outstanding: &Outstanding, bytes: usize) -> Vec<u8> {
		let mut batch = Vec::new();
		outstanding.fill(&mut batch, bytes);
		batch
	}

	fn ask(outstanding: &Outstanding, text: &str) -> Replies {
		let (request, answer) = Unsent::many(text.as_bytes().to_vec(), 1);
		outstanding.push(request);
		answer
	}

	fn answered(outstanding: &Outstanding, number: i64) -> bool {
		outstanding.answer(Reply::Integer(number), &mut Handed::default())
	}

	#[test]
	fn what_has_no_reply_is_sent_again_in_its_order() {
		let outstanding = Outstanding::default();
		let mut answers: Vec<_> = ["a", "b", "c", "d"].map(|text| ask(&outstanding, text)).into();
		assert_eq!(batch(&outstanding, 3), b"abc");
		assert!(answered(&outstanding, 0));
		outstanding.repeat();
		assert_eq!(batch(&outstanding, 100), b"bcd");
		assert_eq!(batch(&outstanding, 100), b"");
		for number in 1..4 {
			assert!(answered(&outstanding, number));
		}
		assert!(!answered(&outstanding, 4), "nobody asked");
		for (number, answer) in answers.iter_mut().enumerate() {
			let Came { replies, is_repeated } = answer.try_recv().unwrap().unwrap();
			assert_eq!(replies, [Reply::Integer(number as i64)]);
			assert_eq!(is_repeated, number == 1 || number == 2, "the last one was sent once");
		}
		assert!(outstanding.is_empty() && outstanding.lock().bytes == 0);
	}

	#[test]
	fn replies_of_many_that_come_twice_are_given_once() {
		let outstanding = Outstanding::default();
		let (request, mut replies) = Unsent::many(b"abc".to_vec(), 3);
		outstanding.push(request);
		assert_eq!(batch(&outstanding, 100), b"abc");
		let mut handed = Handed::default();
		assert!(outstanding.answer(Reply::Integer(0), &mut handed));
		outstanding.hand_over(&mut handed);
		// This one was read and not handed over when the way broke.
		assert!(outstanding.answer(Reply::Integer(1), &mut handed));
		assert!(!handed.is_empty());
		drop(handed);
		outstanding.repeat();
		assert_eq!(batch(&outstanding, 100), b"abc");
		let mut handed = Handed::default();
		for number in 0..3 {
			assert!(outstanding.answer(Reply::Integer(number), &mut handed));
		}
		let mut all = Vec::new();
		while let Ok(some) = replies.try_recv() {
			let Came { replies, is_repeated } = some.unwrap();
			assert_eq!(is_repeated, !all.is_empty(), "the first one came before");
			all.extend(replies);
		}
		assert_eq!(all, [0, 1, 2].map(Reply::Integer));
		assert!(outstanding.is_empty() && handed.is_empty() && outstanding.lock().bytes == 0);
	}

	#[test]
	fn what_is_sent_once_is_not_sent_again() {
		let outstanding = Outstanding::default();
		let before = ask(&outstanding, "a");
		let (request, mut once) = Unsent::once(b"b".to_vec());
		outstanding.push(request);
		let after = ask(&outstanding, "c");
		let (request, mut unsent) = Unsent::once(b"d".to_vec());
		assert_eq!(batch(&outstanding, 100), b"abc");
		outstanding.push(request);
		outstanding.repeat();
		assert_eq!(once.try_recv().unwrap(), Err(BackendError::Unsure));
		assert_eq!(batch(&outstanding, 100), b"acd", "one that was not sent yet is sent");
		for (number, mut answer) in [(0, before), (1, after)] {
			assert!(answered(&outstanding, number));
			assert_eq!(answer.try_recv().unwrap().unwrap().replies, [Reply::Integer(number)]);
		}
		assert!(answered(&outstanding, 2));
		assert_eq!(unsent.try_recv().unwrap(), Ok(Reply::Integer(2)));
		assert!(outstanding.is_empty() && outstanding.lock().bytes == 0);
	}

	#[test]
	fn a_reply_to_what_was_not_sent_is_nobodys() {
		let outstanding = Outstanding::default();
		let mut answer = ask(&outstanding, "a");
		assert!(!answered(&outstanding, 0));
		outstanding.fail(&BackendError::TimedOut(1));
		assert_eq!(answer.try_recv().unwrap().unwrap_err(), BackendError::TimedOut(1));
	}
}
