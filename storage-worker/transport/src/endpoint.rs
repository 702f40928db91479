//! Where a node is reached: the text of its record, a list in order of preference.

use std::{fmt, str::FromStr};

/// Ways to a node that are looked at; a record has room for about a dozen of the shortest kind.
pub const ENDPOINTS_MAX: usize = 8;

/// What names a relay in a list. No address looks like it: what follows the colon is no port.
const RELAY: &str = "relay://";

/// One way to a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
	/// `host:port`: it listens there.
	Direct(String),
	/// `relay://NODE`: it keeps a connection to the node of this number, whose own record says where that is.
	Relay(u32),
}

/// Why a text names no ways to a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
	/// It is neither of the two kinds.
	#[error("'{0}' is neither HOST:PORT nor {RELAY}NODE")]
	Unknown(String),
	/// There is none.
	#[error("no endpoint is given")]
	Empty,
	/// There are too many.
	#[error("{0} endpoints are given; {ENDPOINTS_MAX} are looked at")]
	TooMany(usize),
	/// One is given twice.
	#[error("'{0}' is given twice")]
	Twice(Endpoint),
}

impl fmt::Display for Endpoint {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Direct(address) => f.write_str(address),
			Self::Relay(node) => write!(f, "{RELAY}{node}"),
		}
	}
}

impl FromStr for Endpoint {
	type Err = EndpointError;

	fn from_str(text: &str) -> Result<Self, EndpointError> {
		let unknown = || EndpointError::Unknown(text.to_owned());
		if let Some(node) = text.strip_prefix(RELAY) {
			// One spelling of a number, so that equal ways have equal texts.
			let number = node.parse().map_err(|_| unknown())?;
			let is_plain = node == u32::to_string(&number);
			return is_plain.then_some(Self::Relay(number)).ok_or_else(unknown);
		}
		let (host, port) = text.rsplit_once(':').ok_or_else(unknown)?;
		let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
		let is_host = !host.is_empty()
			&& host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:%".contains(&byte));
		// A bare IPv6 address would lose its last group to the port.
		let is_bracketed = host.starts_with('[') && host.ends_with(']');
		if !is_port || !is_host || (host.contains(':') && !is_bracketed) {
			return Err(unknown());
		}
		Ok(Self::Direct(text.to_owned()))
	}
}

/// The ways to a node, the preferred one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints(Vec<Endpoint>);

impl Endpoints {
	/// Between one and [`ENDPOINTS_MAX`], none twice.
	pub fn new(endpoints: Vec<Endpoint>) -> Result<Self, EndpointError> {
		match endpoints.len() {
			0 => return Err(EndpointError::Empty),
			1..=ENDPOINTS_MAX => {},
			more => return Err(EndpointError::TooMany(more)),
		}
		for (at, endpoint) in endpoints.iter().enumerate() {
			if endpoints.iter().take(at).any(|earlier| earlier == endpoint) {
				return Err(EndpointError::Twice(endpoint.clone()));
			}
		}
		Ok(Self(endpoints))
	}

	/// In order of preference.
	pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
		self.0.iter()
	}

	/// The addresses that it listens on itself.
	pub fn addresses(&self) -> impl Iterator<Item = &str> {
		self.0.iter().filter_map(|endpoint| match endpoint {
			Endpoint::Direct(address) => Some(address.as_str()),
			Endpoint::Relay(_) => None,
		})
	}

	/// The nodes that it can be reached through.
	pub fn relays(&self) -> impl Iterator<Item = u32> + '_ {
		self.0.iter().filter_map(|endpoint| match endpoint {
			Endpoint::Direct(_) => None,
			Endpoint::Relay(node) => Some(*node),
		})
	}
}

impl fmt::Display for Endpoints {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for (at, endpoint) in self.0.iter().enumerate() {
			let comma = if at == 0 { "" } else { "," };
			write!(f, "{comma}{endpoint}")?;
		}
		Ok(())
	}
}

impl FromStr for Endpoints {
	type Err = EndpointError;

	fn from_str(text: &str) -> Result<Self, EndpointError> {
		if text.is_empty() {
			return Err(EndpointError::Empty);
		}
		Self::new(text.split(',').map(str::parse).collect::<Result<_, _>>()?)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn lists_are_read_and_written_the_same() {
		for text in [
			"127.0.0.1:9900",
			"storage.example.org:9900,[2001:db8::1]:9900,relay://7,relay://4294967295",
			"relay://0",
			"[fe80::1%eth0]:1",
		] {
			assert_eq!(text.parse::<Endpoints>().unwrap().to_string(), text);
		}
		let both: Endpoints = "a.example:1,relay://7,b.example:2,relay://8".parse().unwrap();
		assert_eq!(both.addresses().collect::<Vec<_>>(), ["a.example:1", "b.example:2"]);
		assert_eq!(both.relays().collect::<Vec<_>>(), [7, 8]);
	}

	#[test]
	fn other_texts_name_no_way() {
		for text in [
			"host",
			"host:",
			":1",
			"host:0",
			"host:65536",
			"host:+1x",
			"relay://",
			"relay://-1",
			"relay://07",
			"relay://+7",
			"relay://4294967296",
			"::1:9900",
			"a b:1",
			"a:1,",
			",a:1",
			"a/b:1",
			"",
		] {
			assert!(text.parse::<Endpoints>().is_err(), "{text}");
		}
		assert_eq!(
			"a:1,relay://1,a:1".parse::<Endpoints>(),
			Err(EndpointError::Twice(Endpoint::Direct("a:1".to_owned())))
		);
		let many = (1..=9).map(|port| format!("a:{port}")).collect::<Vec<_>>().join(",");
		assert_eq!(many.parse::<Endpoints>(), Err(EndpointError::TooMany(9)));
	}

	#[test]
	fn a_record_holds_several() {
		// What the runtime allows an endpoint's text.
		const RECORD_BYTES: usize = 128;
		let text = "[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:65535,a-rather-long-name.storage.example.org:65535,relay://4294967295,relay://1";
		assert!(text.len() <= RECORD_BYTES, "{}", text.len());
		assert_eq!(text.parse::<Endpoints>().unwrap().iter().count(), 4);
	}
}
