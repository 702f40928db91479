//! Reaching nodes that nobody can dial: they dial out to a relay, which is a node like any other, and keep the connection; a client asks the
//! relay for the node and gets a stream to it, within which it greets the node as if it had dialled it.
//!
//! ```text
//! client ══ TLS ══ relay ══ TLS, yamux ══ node
//! client ───────────── TLS ────────────── node      the relay passes on what it cannot read
//! ```
//!
//! A connection to a relay is an ordinary one to a worker whose handshake chooses [`RELAY_PROTOCOL`]. Its first 33 bytes say what is wished: to
//! be served, which only a node that proves its key can be, or to reach the node of a key. One byte is the answer. The format is in `docs/adr/0008`.
//!
//! [`Relay`] is the relay's side, [`RelayLink`] that of the node, [`RelayAt`] that of the client.

mod dial;
mod hello;
mod limits;
mod mux;
mod pulse;
mod pump;
mod rate;
mod served;
mod server;
mod stats;

pub use dial::{RelayAt, RelayError};
#[cfg(feature = "fuzzing")]
pub(crate) use hello::repeat;
pub use hello::{Refusal, RELAY_PROTOCOL};
pub use limits::RelayLimits;
#[cfg(feature = "fuzzing")]
pub(crate) use mux::count_streams;
pub use mux::RelayedStream;
pub use pulse::Pulse;
pub use served::{RelayLink, RelayState};
pub use server::{Admit, Relay};
pub use stats::RelayStats;
