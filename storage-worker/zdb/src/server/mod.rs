//! The RESP server: sockets, frames, sessions.

mod args;
mod connection;
mod frame;
mod listen;
mod options;
mod reply;
mod session;
mod stats;

pub(crate) use args::Args;
pub use listen::{Server, ServerError};
pub use options::{Extension, ServerOptions};
pub(crate) use reply::Output;
pub use reply::Reply;
pub(crate) use session::{Flow, Session};
pub(crate) use stats::Stats;
