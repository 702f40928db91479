//! Doors for the fuzz targets under `fuzz/`, through which they reach what reads others' bytes and is private otherwise. They are
//! compiled with the feature `fuzzing` alone, which nothing but those targets asks for.

use crate::{
	engine::fuzzing as engine,
	server::fuzzing::{arguments, Parser, Progress},
};

pub use engine::{small_file, Ids, Keys, SmallFile};

/// What is known of a request.
#[derive(Debug)]
pub enum Parsed {
	/// It has so many bytes, and these arguments.
	Complete {
		/// Its length.
		bytes: usize,
		/// The name and what is behind it; none for an empty line.
		arguments: Vec<Vec<u8>>,
	},
	/// At least so many bytes of it have to be there.
	Incomplete {
		/// Counted from its first byte.
		needed: usize,
	},
}

/// The server's reader of requests.
#[derive(Debug)]
pub struct RequestParser(Parser);

impl RequestParser {
	/// For arguments of at most so many bytes.
	pub fn new(value_max_bytes: usize) -> Self {
		Self(Parser::new(value_max_bytes))
	}

	/// Goes on with the request that `bytes` starts with. The error is the text that the client is told.
	pub fn parse(&mut self, bytes: &[u8]) -> Result<Parsed, String> {
		match self.0.parse(bytes).map_err(|error| error.to_string())? {
			Progress::Incomplete(needed) => Ok(Parsed::Incomplete { needed }),
			Progress::Complete(len) => {
				Ok(Parsed::Complete { bytes: len, arguments: arguments(&self.0, bytes) })
			},
		}
	}

	/// Starts with the next request.
	pub fn reset(&mut self) {
		self.0.reset();
	}
}
