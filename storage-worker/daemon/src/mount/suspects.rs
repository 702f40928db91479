//! Objects that a mount's reads had trouble with, for whoever heals.

use super::{
	control::{ask, Request, SOCKET_NAME},
	session::{locked, Session},
	status::state_dir_of,
};
use crate::cli::parse_hex;
use anyhow::{ensure, Context as _, Result};
use granary_dispersal::ObjectId;
use granary_primitives::{DatasetId, ReservationId};
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};
use tokio::time::timeout;

/// How long a mount may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Objects that one request names: it has to fit a line that a mount reads.
const NAMED_AT_ONCE: usize = 500;

/// What a mount says of the objects that its reads found to lack good shards.
#[derive(Debug)]
pub(crate) struct Suspects {
	state_dir: PathBuf,
	/// The reservation that they are stored in.
	pub(crate) reservation: ReservationId,
	/// The dataset that they belong to.
	pub(crate) dataset: DatasetId,
	/// Their ids.
	pub(crate) objects: Vec<ObjectId>,
}

impl Suspects {
	/// Asks the mount at this mount point or with this state directory.
	pub(crate) async fn of(mount: &Path) -> Result<Self> {
		let state_dir = state_dir_of(mount)?;
		let answer = request(&state_dir, &Request::Suspects).await?;
		let odd = || format!("the mount at {} answers something else", mount.display());
		let hex = |value: &Value| value.as_str().map(str::to_owned).with_context(odd);
		let objects = answer["objects"].as_array().with_context(odd)?;
		Ok(Self {
			reservation: answer["reservation"].as_u64().with_context(odd)?,
			dataset: parse_hex(&hex(&answer["dataset"])?)?,
			objects: objects.iter().map(|id| parse_hex(&hex(id)?)).collect::<Result<_>>()?,
			state_dir,
		})
	}

	/// Those of the mounts that keep their state where it is kept if nobody says otherwise, as far as they live.
	pub(crate) async fn of_all() -> Vec<Self> {
		let Ok(entries) = super::session::state_dirs().and_then(|dir| Ok(std::fs::read_dir(dir)?))
		else {
			return Vec::new();
		};
		let mut all = Vec::new();
		for dir in entries.filter_map(|entry| Some(entry.ok()?.path())) {
			// A directory of a mount that has ended is no mount.
			if dir.join(SOCKET_NAME).exists() {
				all.extend(Self::of(&dir).await.ok());
			}
		}
		all
	}

	/// Tells the mount that these were looked after: if its reads have trouble with one again, they remember it again.
	pub(crate) async fn looked_after(&self) -> Result<()> {
		for objects in self.objects.chunks(NAMED_AT_ONCE) {
			let objects = objects.iter().map(hex::encode).collect();
			request(&self.state_dir, &Request::LookedAfter { objects }).await?;
		}
		Ok(())
	}
}

async fn request(state_dir: &Path, request: &Request) -> Result<Value> {
	let answer = timeout(PATIENCE, ask(state_dir, request, |_, _, _| {})).await;
	answer.with_context(|| {
		format!("the mount of {} does not answer within {PATIENCE:?}", state_dir.display())
	})?
}

/// What the mount answers.
pub(super) fn tell(session: &Session) -> Value {
	let below = locked(&session.below);
	let objects = session.snapshot.data.dataset.suspects();
	json!({
		"reservation": below.info.reservation,
		"dataset": hex::encode(below.info.dataset),
		"objects": objects.iter().map(hex::encode).collect::<Vec<_>>(),
	})
}

/// What the mount does when somebody has looked after them.
pub(super) fn forget(session: &Session, objects: &[String]) -> Result<Value> {
	ensure!(objects.len() <= NAMED_AT_ONCE, "{} objects are too many at once", objects.len());
	let ids = objects.iter().map(|id| parse_hex(id)).collect::<Result<Vec<_>>>()?;
	session.snapshot.data.dataset.forget_suspects(&ids);
	Ok(json!({ "forgotten": ids.len() }))
}
