//! Passing bytes on between two streams, within bounds.

use super::rate::{Rate, Turn};
use std::{
	io,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Mutex, PoisonError,
	},
	time::Duration,
};
use tokio::{
	io::{split, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	time::{sleep_until, timeout, Instant},
};

/// What is taken from one side before it is given to the other: the memory of one direction beside the streams' own.
const PIECE_BYTES: usize = 16 << 10;

/// What a pair of streams may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
	/// Neither side says anything for so long: they have forgotten each other.
	pub(crate) idle: Duration,
	/// A side does not take a piece within this time: it is gone, or too slow to be kept.
	pub(crate) stall: Duration,
}

/// When something last passed.
struct Activity(Mutex<Instant>);

impl Activity {
	fn touch(&self) {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
	}

	fn last(&self) -> Instant {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	async fn idle_for(&self, limit: Duration) {
		loop {
			let end = self.last() + limit;
			if end <= Instant::now() {
				return;
			}
			sleep_until(end).await;
		}
	}
}

/// Passes bytes on until both sides have ended, one of them breaks, or a bound is reached. `bytes` counts what has passed.
pub(crate) async fn pump<A, B>(
	a: A,
	b: B,
	bounds: Bounds,
	(rate, turn): (&Rate, &Turn),
	bytes: &AtomicU64,
) -> io::Result<()>
where
	A: AsyncRead + AsyncWrite,
	B: AsyncRead + AsyncWrite,
{
	let activity = Activity(Mutex::new(Instant::now()));
	let ((mut a_out, mut a_in), (mut b_out, mut b_in)) = (split(a), split(b));
	let way = Way { rate, turn, bytes, activity: &activity, stall: bounds.stall };
	let both =
		async { tokio::try_join!(way.one(&mut a_out, &mut b_in), way.one(&mut b_out, &mut a_in)) };
	tokio::select! {
		ended = both => ended.map(|_| ()),
		() = activity.idle_for(bounds.idle) => Err(io::Error::new(io::ErrorKind::TimedOut, "idle")),
	}
}

/// What both directions share.
struct Way<'a> {
	rate: &'a Rate,
	turn: &'a Turn,
	bytes: &'a AtomicU64,
	activity: &'a Activity,
	stall: Duration,
}

impl Way<'_> {
	async fn one<R, W>(&self, from: &mut R, to: &mut W) -> io::Result<()>
	where
		R: AsyncRead + Unpin,
		W: AsyncWrite + Unpin,
	{
		let late = |_| io::Error::new(io::ErrorKind::TimedOut, "a side does not receive");
		let mut piece = vec![0; PIECE_BYTES];
		loop {
			let read = from.read(&mut piece).await?;
			let Some(got) = piece.get(..read).filter(|got| !got.is_empty()) else {
				return timeout(self.stall, to.shutdown()).await.map_err(late)?;
			};
			self.rate.pass(self.turn, read).await;
			let given = async {
				to.write_all(got).await?;
				to.flush().await
			};
			timeout(self.stall, given).await.map_err(late)??;
			self.bytes.fetch_add(read as u64, Relaxed);
			self.activity.touch();
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::io::duplex;

	const BOUNDS: Bounds =
		Bounds { idle: Duration::from_secs(3), stall: Duration::from_millis(500) };

	#[tokio::test]
	async fn both_ways_pass_and_end_apart() {
		let ((mut client, near), (far, mut node)) = (duplex(1000), duplex(1000));
		let bytes = AtomicU64::new(0);
		let (rate, turn) = (Rate::new(None), Turn::default());
		let passing = pump(near, far, BOUNDS, (&rate, &turn), &bytes);
		let speaking = async {
			client.write_all(&[1; 50_000]).await.unwrap();
			client.shutdown().await.unwrap();
			let mut heard = Vec::new();
			client.read_to_end(&mut heard).await.unwrap();
			heard
		};
		let answering = async {
			let mut heard = Vec::new();
			node.read_to_end(&mut heard).await.unwrap();
			// The client has ended its half and hears ours still.
			node.write_all(&heard).await.unwrap();
			node.shutdown().await.unwrap();
		};
		let (passed, heard, ()) = tokio::join!(passing, speaking, answering);
		passed.unwrap();
		assert_eq!((heard, bytes.into_inner()), (vec![1; 50_000], 100_000));
	}

	#[tokio::test]
	async fn the_idle_and_the_slow_are_let_go() {
		let (rate, turn) = (Rate::new(None), Turn::default());
		let began = Instant::now();
		let ((mut client, near), (far, node)) = (duplex(1000), duplex(1000));
		let bytes = AtomicU64::new(0);
		client.write_all(b"once").await.unwrap();
		let ended = pump(near, far, BOUNDS, (&rate, &turn), &bytes).await;
		assert_eq!(ended.unwrap_err().to_string(), "idle");
		assert!(began.elapsed() >= BOUNDS.idle);
		drop(node);

		// It takes a thousand bytes and no more.
		let began = Instant::now();
		let ((mut client, near), (far, _node)) = (duplex(1000), duplex(1000));
		let flooding = tokio::spawn(async move { client.write_all(&[0; 1 << 20]).await });
		let ended = pump(near, far, BOUNDS, (&rate, &turn), &bytes).await;
		assert_eq!(ended.unwrap_err().to_string(), "a side does not receive");
		assert!(began.elapsed() >= BOUNDS.stall);
		assert!(flooding.await.unwrap().is_err());
	}
}
