//! The RESP server: sockets, frames, sessions.

mod args;
mod batch;
mod clients;
mod commit;
mod events;
mod frame;
mod hooks;
mod inline;
mod listen;
mod metrics;
mod options;
mod reactor;
mod replica;
mod reply;
mod session;
mod slow;
mod stats;
mod tls;
mod watch;

/// What the fuzz targets look at.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
	use super::{inline::InlineLine, Args};

	pub(crate) use super::frame::{Parser, Progress};

	/// The arguments of a complete request, which `bytes` starts with.
	pub(crate) fn arguments(parser: &Parser, bytes: &[u8]) -> Vec<Vec<u8>> {
		let args = parser.line().map_or(Args::new(bytes, parser.ranges()), InlineLine::args);
		(0..args.len()).filter_map(|at| args.get(at)).map(<[u8]>::to_vec).collect()
	}
}

pub(crate) use args::Args;
pub use listen::{Server, ServerError};
pub use metrics::Metrics;
pub use options::{Extension, ServerOptions};
pub use replica::{Replica, ReplicaStatus};
pub(crate) use reply::Output;
pub use reply::Reply;
pub(crate) use session::{Flow, Session, Shared};
pub(crate) use slow::{SlowLog, SLOW, SLOW_KEPT};
pub(crate) use stats::Stats;
pub(crate) use tls::Visitor;
pub use tls::{ClientStream, OtherConnection, OtherProtocol, TlsOptions};
pub(crate) use watch::Teller;
