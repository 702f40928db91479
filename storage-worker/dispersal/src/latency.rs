//! How long a backend takes to answer, estimated as TCP does (RFC 6298): a smoothed mean and a smoothed deviation.

use std::{
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};

/// What was seen longer ago says nothing: a backend that was slow gets another chance.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// The estimate of one backend.
#[derive(Debug, Default)]
pub(crate) struct Latency(Mutex<Option<Estimate>>);

#[derive(Debug, Clone, Copy)]
struct Estimate {
	mean: Duration,
	deviation: Duration,
	seen: Instant,
}

impl Latency {
	fn get(&self) -> Option<Estimate> {
		let estimate = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
		estimate.filter(|estimate| estimate.seen.elapsed() < FORGOTTEN_AFTER)
	}

	/// Takes one more answer into account.
	pub(crate) fn observe(&self, taken: Duration) {
		let next = match self.get() {
			None => Estimate { mean: taken, deviation: taken / 2, seen: Instant::now() },
			Some(Estimate { mean, deviation, .. }) => Estimate {
				mean: mean / 8 * 7 + taken / 8,
				deviation: deviation / 4 * 3 + mean.abs_diff(taken) / 4,
				seen: Instant::now(),
			},
		};
		*self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
	}

	/// The mean, if anything is known.
	pub(crate) fn mean(&self) -> Option<Duration> {
		self.get().map(|estimate| estimate.mean)
	}

	/// By when nearly every answer is there: the mean and four deviations.
	pub(crate) fn usual_limit(&self) -> Option<Duration> {
		self.get().map(|estimate| estimate.mean + estimate.deviation * 4)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn it_follows_what_it_sees() {
		let latency = Latency::default();
		assert_eq!((latency.mean(), latency.usual_limit()), (None, None));
		for expected in [20, 100] {
			for _ in 0..200 {
				latency.observe(Duration::from_millis(expected));
			}
			let mean = latency.mean().unwrap().as_millis();
			assert!(mean.abs_diff(expected.into()) <= 1, "{mean}");
			assert!(latency.usual_limit().unwrap() < Duration::from_millis(expected + 2));
		}
	}
}
