//! Gathering: of each of many objects any k shards that verify, from whichever backends answer first.
//!
//! A backend is asked for all objects at once and its replies are taken as they come. An object whose k values have arrived is verified, decoded and
//! opened in one go beside the others; values that turn out not to verify are made up for by asking the next backend for that object alone.

use crate::{
	dataset::ObjectId,
	link::{Link, PendingMany},
	opening::{open_all, Checked, Finish, Job, Opened},
	read::Found,
	resp::Reply,
	BackendError, Dataset, DispersalError,
};
use futures::{
	future::BoxFuture,
	stream::{FuturesUnordered, StreamExt},
};
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	time::Duration,
};
use tokio::time::{sleep_until, Instant};

/// Bytes of values that are verified and opened by one task.
const JOB_BYTES: usize = 256 << 10;

/// An object that is to be gathered.
pub(crate) struct Wanted {
	pub(crate) id: ObjectId,
	/// Shards that are not to be used.
	pub(crate) except: Vec<usize>,
}

/// What comes next for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
	/// Answers of backends.
	Waiting,
	/// What a task makes of its values.
	Opening,
	Ended,
}

/// What is known of an object so far.
struct Gathering {
	id: ObjectId,
	except: Vec<usize>,
	/// Whom to ask next, as a place in the order.
	next: usize,
	/// Answers that are still to come.
	awaited: usize,
	/// Values that nobody has looked into yet, with their shards.
	values: Vec<(usize, Vec<u8>)>,
	checked: Checked,
	/// Backends that did not answer.
	silent: usize,
	reasons: Vec<String>,
	/// A shard is missing or damaged.
	is_wanting: bool,
	stage: Stage,
}

/// Replies of a backend to requests for some objects, and those that are still to come.
struct Answered {
	shard: usize,
	/// The objects that were asked for and not answered before.
	objects: VecDeque<usize>,
	replies: Result<Vec<Reply>, BackendError>,
	pending: Option<PendingMany>,
}

type Opening<T> = BoxFuture<'static, (Vec<usize>, Result<Vec<Opened<T>>, String>)>;

/// Objects that are gathered together.
pub(crate) struct Batch<'d, T> {
	dataset: &'d Dataset,
	finish: Finish<T>,
	/// Whom to ask in which order.
	order: Vec<usize>,
	hedge_after: Duration,
	objects: Vec<Gathering>,
	/// The objects that each backend is asked for next.
	ask: BTreeMap<usize, Vec<usize>>,
	asked: FuturesUnordered<BoxFuture<'d, Answered>>,
	/// Backends of which answers are outstanding.
	outstanding: BTreeSet<usize>,
	/// When anybody said something last.
	heard: Instant,
	/// Objects whose values are to be looked into.
	complete: Vec<usize>,
	opening: FuturesUnordered<Opening<T>>,
	ended: VecDeque<(usize, Result<T, DispersalError>)>,
	left: usize,
}

async fn ask(
	dataset: &Dataset,
	shard: usize,
	objects: VecDeque<usize>,
	ids: Vec<ObjectId>,
) -> Answered {
	let Some(link) = dataset.links.get(shard) else {
		let replies = Err(BackendError::Protocol("there is no such shard".to_owned()));
		return Answered { shard, objects, replies, pending: None };
	};
	let asked = Instant::now();
	let begun = link.begin_many(ids.iter().map(|id| [b"GET".as_slice(), id])).await;
	let answered = match begun {
		Ok(pending) => go_on(link, shard, objects, pending).await,
		Err(error) => Answered { shard, objects, replies: Err(error), pending: None },
	};
	if answered.replies.is_ok() {
		link.latency.observe(asked.elapsed());
	}
	answered
}

async fn go_on(
	link: &Link,
	shard: usize,
	objects: VecDeque<usize>,
	mut pending: PendingMany,
) -> Answered {
	let replies = link.next(&mut pending).await;
	let pending = Some(pending).filter(|pending| replies.is_ok() && !pending.is_done());
	Answered { shard, objects, replies, pending }
}

impl<'d, T: Send + 'static> Batch<'d, T> {
	/// Begins with these objects; `finish` makes of each one's good shards what is wanted of it.
	pub(crate) fn new(dataset: &'d Dataset, wanted: Vec<Wanted>, finish: Finish<T>) -> Self {
		let (order, hedge_after) = dataset.plan();
		let total = dataset.links.len();
		let left = wanted.len();
		let objects = wanted.into_iter().map(|Wanted { id, except }| Gathering {
			id,
			except,
			next: 0,
			awaited: 0,
			values: Vec::new(),
			checked: Checked::none(total),
			silent: 0,
			reasons: Vec::new(),
			is_wanting: false,
			stage: Stage::Waiting,
		});
		let mut batch = Self {
			dataset,
			finish,
			order,
			hedge_after,
			objects: objects.collect(),
			ask: BTreeMap::new(),
			asked: FuturesUnordered::new(),
			outstanding: BTreeSet::new(),
			heard: Instant::now(),
			complete: Vec::new(),
			opening: FuturesUnordered::new(),
			ended: VecDeque::new(),
			left,
		};
		for place in 0..left {
			batch.want(place, dataset.extra_reads);
			batch.settle(place);
		}
		batch
	}

	/// The next object of which it is known what became of it, by its place among those that were wanted; `None` after the last.
	pub(crate) async fn next(&mut self) -> Option<(usize, Result<T, DispersalError>)> {
		loop {
			if let Some(ended) = self.ended.pop_front() {
				self.left -= 1;
				return Some(ended);
			}
			if self.left == 0 {
				return None;
			}
			self.send();
			self.open();
			let hedge_at = self.heard + self.hedge_after;
			let can_hedge = !self.asked.is_empty() && self.can_ask();
			tokio::select! {
				biased;
				Some(answered) = self.asked.next() => self.take(answered),
				Some((places, opened)) = self.opening.next() => self.take_opened(&places, opened),
				() = sleep_until(hedge_at), if can_hedge => self.hedge(),
				else => self.give_up(),
			}
		}
	}

	/// Has an object asked of so many more backends, as far as there are any.
	fn want(&mut self, place: usize, count: usize) {
		let Some(object) = self.objects.get_mut(place) else { return };
		let mut wanted = 0;
		while wanted < count {
			let Some(shard) = self.order.get(object.next).copied() else { return };
			object.next += 1;
			if !object.except.contains(&shard) {
				self.ask.entry(shard).or_default().push(place);
				object.awaited += 1;
				wanted += 1;
			}
		}
	}

	/// Decides how an object goes on: with its values, with more of them, or not at all.
	fn settle(&mut self, place: usize) {
		let needed = self.dataset.pipeline.data();
		let Some(object) = self.objects.get(place) else { return };
		if object.stage != Stage::Waiting {
			return;
		}
		let have = object.checked.found + object.values.len();
		let missing = needed.saturating_sub(have);
		self.want(place, missing.saturating_sub(object.awaited));
		let Some(object) = self.objects.get_mut(place) else { return };
		if missing > 0 && object.awaited > 0 {
			return;
		}
		if missing > 0 && object.values.is_empty() {
			let error = object.failure(needed);
			return self.end(place, Err(error));
		}
		// If they are too few, it still matters whether they are good.
		object.stage = Stage::Opening;
		self.complete.push(place);
	}

	fn end(&mut self, place: usize, outcome: Result<T, DispersalError>) {
		let Some(object) = self.objects.get_mut(place) else { return };
		if object.stage == Stage::Ended {
			return;
		}
		object.stage = Stage::Ended;
		object.values = Vec::new();
		// An object of which nobody has anything was never stored, or belongs to another dataset.
		if object.is_wanting && object.checked.found > 0 {
			self.dataset.suspects.note(object.id);
		}
		self.ended.push_back((place, outcome));
	}

	/// Asks backends for what they are to be asked for, each with one request.
	fn send(&mut self) {
		for (shard, objects) in std::mem::take(&mut self.ask) {
			let ids = objects.iter().filter_map(|place| self.objects.get(*place));
			let ids = ids.map(|object| object.id).collect();
			if self.asked.is_empty() {
				self.heard = Instant::now();
			}
			self.outstanding.insert(shard);
			self.asked.push(Box::pin(ask(self.dataset, shard, objects.into(), ids)));
		}
	}

	/// Looks into the values of objects that have enough of them, some objects a task.
	fn open(&mut self) {
		let (mut jobs, mut bytes) = (Vec::new(), 0);
		let complete = std::mem::take(&mut self.complete);
		let last = complete.last().copied();
		for place in complete {
			let Some(object) = self.objects.get_mut(place) else { continue };
			let values = std::mem::take(&mut object.values);
			bytes += values.iter().map(|(_, value)| value.len()).sum::<usize>();
			let checked = std::mem::take(&mut object.checked);
			jobs.push(Job { place, id: object.id, values, checked });
			if bytes >= JOB_BYTES || Some(place) == last {
				let places: Vec<usize> = jobs.iter().map(|job| job.place).collect();
				let (pipeline, finish) = (self.dataset.pipeline.clone(), self.finish.clone());
				let jobs = std::mem::take(&mut jobs);
				let task = tokio::task::spawn_blocking(move || open_all(&pipeline, &*finish, jobs));
				self.opening.push(Box::pin(async move {
					(places, task.await.map_err(|error| error.to_string()))
				}));
				bytes = 0;
			}
		}
	}

	/// Takes a backend's replies in.
	fn take(&mut self, answered: Answered) {
		let Answered { shard, mut objects, replies, pending } = answered;
		self.heard = Instant::now();
		match replies {
			Ok(replies) => {
				for reply in replies {
					let Some(place) = objects.pop_front() else { break };
					self.take_reply(shard, place, reply);
				}
			},
			Err(error) => {
				for place in objects.drain(..) {
					self.take_failure(shard, place, error.clone());
				}
			},
		}
		let is_waited_for = |place: &usize| {
			self.objects.get(*place).is_some_and(|object| object.stage != Stage::Ended)
		};
		match (pending, self.dataset.links.get(shard)) {
			(Some(pending), Some(link)) if objects.iter().any(is_waited_for) => {
				self.asked.push(Box::pin(go_on(link, shard, objects, pending)));
			},
			_ => {
				self.outstanding.remove(&shard);
			},
		}
	}

	fn take_reply(&mut self, shard: usize, place: usize, reply: Reply) {
		match reply {
			Reply::Bulk(value) => {
				let Some(object) = self.objects.get_mut(place) else { return };
				object.awaited -= 1;
				if object.stage != Stage::Ended {
					object.values.push((shard, value));
				}
				self.settle(place);
			},
			Reply::Nil => {
				self.count(shard, &Found::Missing);
				let Some(object) = self.objects.get_mut(place) else { return };
				object.awaited -= 1;
				object.is_wanting = true;
				object.reasons.push(format!("shard {shard} is missing"));
				self.settle(place);
			},
			// A record that the node itself found damaged is one more lost shard.
			Reply::Error(text) => self.take_failure(shard, place, BackendError::Refused(text)),
			other => {
				let error = BackendError::Protocol(format!("GET answered {other:?}"));
				self.take_failure(shard, place, error);
			},
		}
	}

	fn take_failure(&mut self, shard: usize, place: usize, error: BackendError) {
		let is_refused = matches!(error, BackendError::Refused(_));
		let reason = self.dataset.failed(shard, error.clone()).to_string();
		self.count(shard, &Found::Failed(error));
		let Some(object) = self.objects.get_mut(place) else { return };
		object.awaited -= 1;
		object.is_wanting |= is_refused;
		object.silent += usize::from(!is_refused);
		object.reasons.push(reason);
		self.settle(place);
	}

	/// Takes in what a task found out about some objects.
	fn take_opened(&mut self, places: &[usize], opened: Result<Vec<Opened<T>>, String>) {
		let opened = match opened {
			Ok(opened) => opened,
			Err(text) => {
				for place in places {
					self.end(*place, Err(DispersalError::Task(text.clone())));
				}
				return;
			},
		};
		for Opened { place, checked, verdicts, outcome } in opened {
			for (shard, is_good) in verdicts {
				self.note_verdict(shard, place, is_good);
			}
			let Some(object) = self.objects.get_mut(place) else { continue };
			object.checked = checked;
			match outcome {
				Ok(Some(made)) => self.end(place, Ok(made)),
				Ok(None) => {
					object.stage = Stage::Waiting;
					self.settle(place);
				},
				Err(error) => self.end(place, Err(error)),
			}
		}
	}

	fn note_verdict(&mut self, shard: usize, place: usize, is_good: bool) {
		self.count(shard, if is_good { &Found::Good } else { &Found::Damaged });
		let object = self.objects.get_mut(place).filter(|_| !is_good);
		if let Some(object) = object {
			object.is_wanting = true;
			object.reasons.push(format!("shard {shard} is damaged"));
		}
	}

	fn count(&self, shard: usize, found: &Found) {
		if let Some(counters) = self.dataset.health.get(shard) {
			counters.note(found);
		}
	}

	/// Whether an object that waits could be asked of somebody else.
	fn can_ask(&self) -> bool {
		let order = self.order.len();
		self.objects.iter().any(|object| object.stage == Stage::Waiting && object.next < order)
	}

	/// Nobody has said anything for longer than usual: others are asked for what is still awaited.
	fn hedge(&mut self) {
		self.heard = Instant::now();
		let links = &self.dataset.links;
		self.outstanding.iter().filter_map(|shard| links.get(*shard)).for_each(Link::avoid);
		for place in 0..self.objects.len() {
			let object = self.objects.get(place).filter(|object| object.stage == Stage::Waiting);
			if let Some(awaited) = object.map(|object| object.awaited) {
				self.want(place, awaited);
			}
		}
	}

	/// Nothing is under way any more: what is left has failed.
	fn give_up(&mut self) {
		let needed = self.dataset.pipeline.data();
		for place in 0..self.objects.len() {
			if let Some(object) = self.objects.get(place) {
				let error = object.failure(needed);
				self.end(place, Err(error));
			}
		}
		// What cannot be told is not waited for.
		self.left = self.ended.len();
	}
}

impl Gathering {
	/// Why there is nothing more to hope for.
	fn failure(&self, needed: usize) -> DispersalError {
		let Checked { found, damaged, .. } = self.checked;
		if found == 0 && damaged >= needed {
			return DispersalError::WrongKey { id: self.id };
		}
		DispersalError::TooFewShards {
			id: self.id,
			found,
			needed,
			silent: self.silent,
			reasons: self.reasons.join("; "),
		}
	}
}
