//! Requests that an earlier process read and did not answer.
//!
//! It may have done what they ask. Reading and writing again does no harm; a name that was made or removed already is what was asked for.

use crate::layer::{Answer, Attributes};
use fuser::{Errno, Request};

/// The kernel marks the number of a request that it sends again.
const RESENT: u64 = 1 << 63;

fn is_resent(request: &Request) -> bool {
	request.unique().0 & RESENT != 0
}

/// The answer to a request that makes a name; `existing` is what has the name, and it `fits` if the request can have made it.
pub(crate) fn made(
	request: &Request,
	answer: Answer<Attributes>,
	existing: impl FnOnce() -> Answer<Attributes>,
	fits: impl FnOnce(&Attributes) -> bool,
) -> Answer<Attributes> {
	match answer {
		Err(error) if error == Errno::EEXIST && is_resent(request) => {
			existing().ok().filter(fits).ok_or(error)
		},
		answer => answer,
	}
}

/// The answer to a request that fails with `already` if it was done, as `done` may know better.
pub(crate) fn done(
	request: &Request,
	answer: Answer<()>,
	already: Errno,
	done: impl FnOnce() -> bool,
) -> Answer<()> {
	match answer {
		Err(error) if error == already && is_resent(request) && done() => Ok(()),
		answer => answer,
	}
}
