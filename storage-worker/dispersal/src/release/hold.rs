//! Holds: whoever writes a snapshot relies on objects that it found, and keeps them from being released until it is announced.

use crate::{BackendError, Dataset, DispersalError};
use aws_lc_rs::rand;
use futures::future::try_join_all;
use std::{
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};
use tokio::{task::AbortHandle, time::sleep};
use tracing::warn;

/// For how long a node keeps a hold that is not renewed.
const LASTS: Duration = Duration::from_secs(60);
/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(15);
/// What zdb says where there is nothing to hold.
const NOT_AUDITED: &str = "not audited";

/// A hold on all nodes of a dataset. Without [`Hold::end`] it ends by itself within a minute.
#[derive(Debug)]
pub struct Hold {
	dataset: Arc<Dataset>,
	token: [u8; 16],
	began: Instant,
	/// When all nodes had it last, and whether that was ever too long ago.
	renewed: Arc<Mutex<(Instant, bool)>>,
	task: AbortHandle,
}

impl Hold {
	/// Makes sure that every node has kept it all the time.
	///
	/// Errors: [`DispersalError::HoldLost`] if one may have forgotten it for a while, and a backend's.
	pub async fn check(&self) -> Result<(), DispersalError> {
		renew(&self.dataset, &self.token, self.began, &self.renewed).await?;
		match self.renewed.lock().unwrap_or_else(PoisonError::into_inner).1 {
			true => Err(DispersalError::HoldLost { seconds: LASTS.as_secs() }),
			false => Ok(()),
		}
	}

	/// Gives it up on all nodes that answer; the others forget it within a minute.
	pub async fn end(self) {
		self.task.abort();
		if let Err(error) =
			self.dataset.send_hold(&self.token, Duration::ZERO, Duration::ZERO).await
		{
			warn!("a hold is left to end by itself: {error}");
		}
	}
}

impl Drop for Hold {
	fn drop(&mut self) {
		self.task.abort();
	}
}

async fn renew(
	dataset: &Dataset,
	token: &[u8; 16],
	began: Instant,
	renewed: &Mutex<(Instant, bool)>,
) -> Result<(), DispersalError> {
	let asked = Instant::now();
	dataset.send_hold(token, began.elapsed(), LASTS).await?;
	let mut renewed = renewed.lock().unwrap_or_else(PoisonError::into_inner);
	renewed.1 |= asked.duration_since(renewed.0) >= LASTS;
	renewed.0 = asked;
	Ok(())
}

impl Dataset {
	/// Keeps everything that is there from being released until the hold ends. To be taken before the first object is put, and kept until what
	/// refers to the objects can be found by others.
	pub async fn hold(self: &Arc<Self>) -> Result<Hold, DispersalError> {
		let mut token = [0; 16];
		rand::fill(&mut token).map_err(|_| DispersalError::Crypto("making a token"))?;
		let began = Instant::now();
		self.send_hold(&token, Duration::ZERO, LASTS).await?;
		let renewed = Arc::new(Mutex::new((began, false)));
		let (dataset, theirs) = (Arc::downgrade(self), renewed.clone());
		let task = tokio::spawn(async move {
			loop {
				sleep(RENEWED_EVERY).await;
				let Some(dataset) = dataset.upgrade() else { return };
				if let Err(error) = renew(&dataset, &token, began, &theirs).await {
					warn!("a hold was not renewed everywhere, will try again: {error}");
				}
			}
		});
		let task = task.abort_handle();
		Ok(Hold { dataset: self.clone(), token, began, renewed, task })
	}

	async fn send_hold(
		&self,
		token: &[u8; 16],
		held: Duration,
		ahead: Duration,
	) -> Result<(), DispersalError> {
		// Rounded up: too old a hold keeps off more, never less.
		let held = match held.is_zero() {
			true => 0,
			false => held.as_secs() + 1,
		};
		let (held, ahead) = (held.to_string(), ahead.as_secs().to_string());
		let request = [b"HOLD".as_slice(), token, ahead.as_bytes(), held.as_bytes()];
		let sending = self.links.iter().enumerate().map(|(shard, link)| async move {
			match link.call(&request).await {
				Ok(_) => Ok(()),
				Err(BackendError::Refused(text)) if text.contains(NOT_AUDITED) => Ok(()),
				Err(error) => Err(self.failed(shard, error)),
			}
		});
		try_join_all(sending).await.map(drop)
	}
}
