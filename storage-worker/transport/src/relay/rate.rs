//! How bandwidth is shared: by turns between clients, however many streams each has.

use std::{
	num::NonZeroU64,
	sync::atomic::{AtomicU64, Ordering::Relaxed},
	time::Duration,
};
use tokio::{
	sync::Mutex,
	time::{sleep_until, Instant},
};

/// What may pass at once after a pause.
const BURST: Duration = Duration::from_millis(50);

/// A limit of bytes in a second over everything that a relay passes on, in both directions.
#[derive(Debug)]
pub(crate) struct Rate {
	bytes_per_second: Option<NonZeroU64>,
	/// When what has passed is paid for. The lock is fair: who asks first goes first.
	paid_at: Mutex<Instant>,
}

/// One client's place in the queue: its streams wait for each other, so that it stands there once.
#[derive(Debug, Default)]
pub(crate) struct Turn {
	queue: Mutex<()>,
	pub(crate) passed_bytes: AtomicU64,
}

impl Rate {
	pub(crate) fn new(bytes_per_second: Option<NonZeroU64>) -> Self {
		Self { bytes_per_second, paid_at: Mutex::new(Instant::now()) }
	}

	/// Waits until so many bytes of a client may pass.
	pub(crate) async fn pass(&self, turn: &Turn, bytes: usize) {
		turn.passed_bytes.fetch_add(bytes as u64, Relaxed);
		let Some(rate) = self.bytes_per_second else { return };
		let _mine = turn.queue.lock().await;
		let mut paid_at = self.paid_at.lock().await;
		let price = Duration::from_secs_f64(bytes as f64 / rate.get() as f64);
		let earliest = Instant::now().checked_sub(BURST).unwrap_or_else(Instant::now);
		*paid_at = (*paid_at).max(earliest) + price;
		sleep_until(*paid_at).await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::Arc;

	#[tokio::test]
	async fn a_client_with_many_streams_gets_no_more_than_one_with_one() {
		let rate = Arc::new(Rate::new(NonZeroU64::new(2 << 20)));
		let began = Instant::now();
		let clients: Vec<Arc<Turn>> = (0..2).map(|_| Arc::default()).collect();
		let mut streams = Vec::new();
		for (client, streams_of_it) in [(0, 9), (1, 1)] {
			for _ in 0..streams_of_it {
				let (rate, turn) = (rate.clone(), clients[client].clone());
				streams.push(tokio::spawn(async move {
					while began.elapsed() < Duration::from_secs(1) {
						rate.pass(&turn, 16 << 10).await;
					}
				}));
			}
		}
		for stream in streams {
			stream.await.unwrap();
		}
		let passed: Vec<u64> =
			clients.iter().map(|client| client.passed_bytes.load(Relaxed)).collect();
		// Each stream counts the piece that it waited for last.
		assert!(passed[0].abs_diff(passed[1]) <= 10 * (16 << 10), "{passed:?}");
		let (all, most) = (passed.iter().sum::<u64>(), began.elapsed().as_secs_f64() + 0.1);
		assert!(all as f64 <= most * f64::from(2 << 20), "{all} bytes in {most} s");
		assert!(all > 1 << 20, "{all} bytes in a second");
	}

	#[tokio::test]
	async fn without_a_limit_nobody_waits() {
		let (rate, began) = (Rate::new(None), Instant::now());
		rate.pass(&Turn::default(), 1 << 40).await;
		assert!(began.elapsed() < Duration::from_secs(60));
	}
}
