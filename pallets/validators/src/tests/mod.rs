//! Tests by topic.

mod admission;
mod leaving;
mod offences;
mod random;
mod sessions;

use crate::mock::*;
use frame_support::dispatch::DispatchResult;

/// Governance invites an account that has keys, and it joins.
fn admit(who: u64) -> DispatchResult {
	Validators::invite(RuntimeOrigin::root(), who)?;
	set_keys(who, keys(who));
	Validators::join(RuntimeOrigin::signed(who))
}
