//! A client's connection: TCP, a Unix socket, or TLS over TCP. Nothing here blocks.

use mio::{
	event::Source,
	net::{TcpStream, UnixStream},
	Interest, Registry, Token,
};
use std::io::{self, IoSlice, Read, Write};
use tokio_rustls::{rustls::ServerConnection, server::TlsStream};

/// A connection.
pub(crate) enum Stream {
	/// Plain TCP.
	Tcp(TcpStream),
	/// A Unix socket.
	Unix(UnixStream),
	/// TLS, its handshake done.
	Tls(Box<Encrypted>),
}

/// The two halves of a TLS connection.
pub(crate) struct Encrypted {
	socket: TcpStream,
	tls: ServerConnection,
}

impl Stream {
	/// Takes a connection over from the runtime that accepted it.
	pub(crate) fn from_tcp(stream: tokio::net::TcpStream) -> io::Result<Self> {
		Ok(Self::Tcp(TcpStream::from_std(stream.into_std()?)))
	}

	/// Takes a connection over from the runtime that accepted it.
	pub(crate) fn from_unix(stream: tokio::net::UnixStream) -> io::Result<Self> {
		Ok(Self::Unix(UnixStream::from_std(stream.into_std()?)))
	}

	/// Takes a connection over from the runtime that has shaken hands.
	pub(crate) fn from_tls(stream: TlsStream<tokio::net::TcpStream>) -> io::Result<Self> {
		let (stream, tls) = stream.into_inner();
		let socket = TcpStream::from_std(stream.into_std()?);
		Ok(Self::Tls(Box::new(Encrypted { socket, tls })))
	}

	fn source(&mut self) -> &mut dyn Source {
		match self {
			Self::Tcp(stream) => stream,
			Self::Unix(stream) => stream,
			Self::Tls(stream) => &mut stream.socket,
		}
	}

	/// Lets a poll watch it, from one change to the next.
	pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
		registry.register(self.source(), token, Interest::READABLE | Interest::WRITABLE)
	}

	/// Ends that.
	pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
		registry.deregister(self.source())
	}

	/// Reads what is there; `WouldBlock` if that is nothing, 0 at the end.
	pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		match self {
			Self::Tcp(stream) => stream.read(buffer),
			Self::Unix(stream) => stream.read(buffer),
			Self::Tls(stream) => stream.read(buffer),
		}
	}

	/// Whether a read that filled less than it could has emptied the socket. TLS hands out record by record.
	pub(super) fn is_drained_by_short_read(&self) -> bool {
		!matches!(self, Self::Tls(_))
	}

	/// Sends what can be sent; `WouldBlock` if that is nothing.
	pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
		match self {
			Self::Tcp(stream) => stream.write(piece),
			Self::Unix(stream) => stream.write(piece),
			Self::Tls(stream) => stream.write(&[IoSlice::new(piece)]),
		}
	}

	/// As [`Self::write`], for several pieces, which costs the kernel a little more.
	pub(super) fn write_pieces(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
		match self {
			Self::Tcp(stream) => stream.write_vectored(pieces),
			Self::Unix(stream) => stream.write_vectored(pieces),
			Self::Tls(stream) => stream.write(pieces),
		}
	}

	/// Sends what was taken but could not be sent yet; whether anything is left.
	pub(super) fn flush(&mut self) -> io::Result<bool> {
		match self {
			Self::Tcp(_) | Self::Unix(_) => Ok(true),
			Self::Tls(stream) => stream.send_records(),
		}
	}

	/// Turns a client away. A courtesy: it may be gone already.
	pub(crate) fn refuse(&mut self, reason: &str) {
		let _ = self.write(format!("-{reason}\r\n").as_bytes());
		self.close();
	}

	/// Says that nothing more will be sent. A courtesy: who does not hear it sees the end.
	pub(super) fn close(&mut self) {
		let _ = match self {
			Self::Tcp(stream) => stream.shutdown(std::net::Shutdown::Write),
			Self::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
			Self::Tls(stream) => {
				stream.tls.send_close_notify();
				stream
					.send_records()
					.and_then(|_| stream.socket.shutdown(std::net::Shutdown::Write))
			},
		};
	}
}

impl Encrypted {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		loop {
			match self.tls.reader().read(buffer) {
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => {},
				read => return read,
			}
			self.tls.read_tls(&mut self.socket)?;
			if let Err(error) = self.tls.process_new_packets() {
				// The peer is told what was wrong, if it still listens.
				let _ = self.send_records();
				return Err(io::Error::new(io::ErrorKind::InvalidData, error));
			}
			if self.tls.wants_write() {
				self.send_records()?;
			}
		}
	}

	fn write(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
		if !self.send_records()? {
			return Err(io::ErrorKind::WouldBlock.into());
		}
		let taken = self.tls.writer().write_vectored(pieces)?;
		self.send_records()?;
		Ok(taken)
	}

	/// Sends encrypted records; whether all are gone.
	fn send_records(&mut self) -> io::Result<bool> {
		while self.tls.wants_write() {
			match self.tls.write_tls(&mut self.socket) {
				Ok(_) => {},
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
				Err(error) if error.kind() == io::ErrorKind::Interrupted => {},
				Err(error) => return Err(error),
			}
		}
		Ok(true)
	}
}
