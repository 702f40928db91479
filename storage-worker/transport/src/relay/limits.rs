//! What a relay gives, and to whom.

use super::{pulse::Pulse, rate::Turn};
use crate::{Key, Peer};
use std::{
	collections::HashMap,
	net::{IpAddr, Ipv6Addr},
	num::NonZeroU64,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

/// What a relay gives at most.
#[derive(Debug, Clone, Copy)]
pub struct RelayLimits {
	/// Nodes that are connected.
	pub nodes: usize,
	/// Streams at once to one node. What clients have not received yet is at most 512 KiB for each of them, and 32 KiB are on their way.
	pub streams_per_node: usize,
	/// Streams at once of one client: an account, or an address of those that show none.
	pub streams_per_client: usize,
	/// Streams at once in all.
	pub streams: usize,
	/// Connections at once that have not said yet what they wish.
	pub greetings: usize,
	/// Bytes in a second over both directions of all streams, shared by turns between clients.
	pub bytes_per_second: Option<NonZeroU64>,
	/// How long a connection may take to say what it wishes, and a node to take a stream.
	pub hello: Duration,
	/// After so long without a word a stream is ended.
	pub idle: Duration,
	/// How long a side may take to receive what waits for it.
	pub stall: Duration,
	/// How nodes show that they live.
	pub pulse: Pulse,
}

impl Default for RelayLimits {
	fn default() -> Self {
		Self {
			nodes: 64,
			streams_per_node: 64,
			streams_per_client: 64,
			streams: 1024,
			greetings: 128,
			bytes_per_second: None,
			hello: Duration::from_secs(10),
			idle: Duration::from_secs(600),
			stall: Duration::from_secs(60),
			pulse: Pulse::default(),
		}
	}
}

/// Whose streams are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Caller {
	/// Who showed a key.
	Key(Key),
	/// Who did not, by address; a household has a whole /64 of IPv6.
	Address(IpAddr),
}

impl Caller {
	pub(super) fn new(peer: Option<Peer>, address: IpAddr) -> Self {
		match (peer, address.to_canonical()) {
			(Some(peer), _) => Self::Key(peer.key),
			(None, IpAddr::V4(address)) => Self::Address(address.into()),
			(None, IpAddr::V6(address)) => {
				let network = u128::from(address) & !u128::from(u64::MAX);
				Self::Address(Ipv6Addr::from(network).into())
			},
		}
	}
}

/// The callers that have streams, and nobody else: their number is bounded by that of streams.
#[derive(Debug, Default)]
pub(super) struct Callers(Mutex<HashMap<Caller, (usize, Arc<Turn>)>>);

/// The right to one stream.
#[derive(Debug)]
pub(super) struct Seat<'a> {
	callers: &'a Callers,
	caller: Caller,
	turn: Arc<Turn>,
}

impl Callers {
	/// `None` if the caller has as many streams as it may.
	pub(super) fn sit_down(&self, caller: Caller, streams_max: usize) -> Option<Seat<'_>> {
		let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		let (streams, turn) = callers.entry(caller).or_default();
		if *streams >= streams_max {
			return None;
		}
		*streams += 1;
		Some(Seat { callers: self, caller, turn: turn.clone() })
	}
}

impl Seat<'_> {
	pub(super) fn turn(&self) -> &Turn {
		&self.turn
	}
}

impl Drop for Seat<'_> {
	fn drop(&mut self) {
		let mut callers = self.callers.0.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some((streams, _)) = callers.get_mut(&self.caller) {
			*streams -= 1;
			if *streams == 0 {
				callers.remove(&self.caller);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Role;

	#[test]
	fn callers_are_told_apart_by_key_or_network() {
		let of = |text: &str| Caller::new(None, text.parse().unwrap());
		assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
		assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
		assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
		assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
		let peer = Peer { role: Role::Account, key: [1; 32] };
		let known = |text: &str| Caller::new(Some(peer), text.parse().unwrap());
		assert_eq!(known("192.0.2.1"), known("2001:db8::1"));
	}

	#[test]
	fn a_caller_that_has_left_is_forgotten() {
		let (callers, caller) = (Callers::default(), Caller::Key([1; 32]));
		let seats: Vec<_> = (0..3).map(|_| callers.sit_down(caller, 2)).collect();
		assert_eq!(seats.iter().filter(|seat| seat.is_some()).count(), 2);
		drop(seats);
		assert!(callers.0.lock().unwrap().is_empty());
	}
}
