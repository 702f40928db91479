//! TLS between clients and workers, both sides known by their keys on chain.
//!
//! A process makes a fresh Ed25519 key and a self-signed certificate for it. In an extension of the certificate the key that stands on
//! chain (a node's audit key, a twin's account) vouches for the fresh one, in the manner of libp2p's TLS handshake: the long-lived secret
//! signs once a day and never meets the network ([`Identity`]). The client demands the key of the node's record, the server learns
//! which key a client has ([`Network`]). TLS 1.3 with the key exchange X25519MLKEM768 and nothing else: what is recorded today stays closed
//! to a later quantum computer, and there is nothing to be talked down to. The format is in `docs/adr/0005`.
//!
//! Where a node is reached is a list ([`Endpoints`]): addresses, and relays for nodes that nobody can dial ([`relay`]).
//!
//! The crate knows neither the chain nor its signatures: a key is 32 bytes, signing and verifying are functions that it is given.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

mod certificate;
mod connect;
mod credential;
mod endpoint;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod identity;
mod network;
pub mod relay;
mod verify;

pub use certificate::server_with_certificate;
pub use connect::{connect, explain};
pub use credential::{CredentialError, Key, Peer, Role, Signature};
pub use endpoint::{Endpoint, EndpointError, Endpoints, ENDPOINTS_MAX};
pub use identity::{Identity, TransportError};
pub use network::{Network, SERVER_NAME};
pub use rustls::{ClientConfig, ServerConfig};
pub use verify::VerifySignature;
