//! A load generator for zdb and Redis that takes less of a processor than the server does: `drive --port PORT --pid SERVER --command set|get
//! [--clients N] [--depth N] [--size BYTES] [--keys N] [--requests N] [--rate N]`.
//!
//! Without a rate each client sends its next batch when the one before is answered. With one, batches are due at even intervals, and their time counts from
//! when they were due, so that a server that stalls cannot hide it.
//! It prints one line: requests a second, the server's processor time for each in microseconds, and the median, 99th and 99.9th percentile
//! of the time from a batch's sending to its last reply, in microseconds. Each SET brings another value.

use mio::{net::TcpStream, Events, Interest, Poll, Token};
use std::{
	error::Error,
	io::{self, Read, Write},
	time::{Duration, Instant},
};

struct Arguments {
	port: u16,
	pid: u32,
	is_set: bool,
	clients: usize,
	depth: usize,
	size: usize,
	keys: u64,
	requests: usize,
	rate: Option<f64>,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
	let mut parsed = Arguments {
		port: 0,
		pid: 0,
		is_set: false,
		clients: 50,
		depth: 1,
		size: 512,
		keys: 20_000,
		requests: 200_000,
		rate: None,
	};
	let mut rest = std::env::args().skip(1);
	while let Some(name) = rest.next() {
		let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
		match name.as_str() {
			"--port" => parsed.port = value.parse()?,
			"--pid" => parsed.pid = value.parse()?,
			"--command" => parsed.is_set = value == "set",
			"--clients" => parsed.clients = value.parse()?,
			"--depth" => parsed.depth = value.parse()?,
			"--size" => parsed.size = value.parse()?,
			"--keys" => parsed.keys = value.parse()?,
			"--requests" => parsed.requests = value.parse()?,
			"--rate" => parsed.rate = Some(value.parse()?),
			_ => return Err(format!("unknown argument {name}").into()),
		}
	}
	if parsed.size < 20 || parsed.clients == 0 || parsed.depth == 0 || parsed.keys == 0 {
		return Err("values have 20 bytes at least; clients, depth and keys are not 0".into());
	}
	Ok(parsed)
}

/// Numbers that look random and cost nothing (xorshift64).
struct Numbers(u64);

impl Numbers {
	fn next(&mut self) -> u64 {
		self.0 ^= self.0 << 13;
		self.0 ^= self.0 >> 7;
		self.0 ^= self.0 << 17;
		self.0
	}
}

/// One connection: a batch on its way, and how many replies are still to come.
struct Client {
	stream: TcpStream,
	batch: Vec<u8>,
	sent: usize,
	expected: usize,
	/// What is left to skip of the reply that is being read.
	skip: usize,
	/// The line that is being read.
	line: Vec<u8>,
	began: Instant,
}

impl Client {
	fn start(&mut self, arguments: &Arguments, count: usize, due: Instant, numbers: &mut Numbers) {
		self.batch.clear();
		for _ in 0..count {
			let key = numbers.next() % arguments.keys;
			if arguments.is_set {
				let head =
					format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:012}\r\n${}\r\n", arguments.size);
				self.batch.extend_from_slice(head.as_bytes());
				self.batch.extend_from_slice(format!("{:020}", numbers.next()).as_bytes());
				self.batch.resize(self.batch.len() + arguments.size - 20, b'x');
				self.batch.extend_from_slice(b"\r\n");
			} else {
				let request = format!("*2\r\n$3\r\nGET\r\n$16\r\nkey:{key:012}\r\n");
				self.batch.extend_from_slice(request.as_bytes());
			}
		}
		(self.sent, self.expected, self.began) = (0, count, due);
	}

	fn send(&mut self) -> io::Result<()> {
		while self.sent < self.batch.len() {
			match self.stream.write(&self.batch[self.sent..]) {
				Ok(written) => self.sent += written,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
				Err(error) => return Err(error),
			}
		}
		Ok(())
	}

	/// Reads what is there; whether the batch is answered.
	fn receive(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
		loop {
			match self.stream.read(buffer) {
				Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
				Ok(read) => self.count(&buffer[..read])?,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
				Err(error) => return Err(error),
			}
		}
		Ok(self.expected == 0)
	}

	fn count(&mut self, mut bytes: &[u8]) -> io::Result<()> {
		while !bytes.is_empty() {
			let skipped = self.skip.min(bytes.len());
			self.skip -= skipped;
			bytes = &bytes[skipped..];
			let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
				self.line.extend_from_slice(bytes);
				break;
			};
			self.line.extend_from_slice(&bytes[..end]);
			bytes = &bytes[end + 1..];
			match self.line.first() {
				Some(b'-') => {
					return Err(io::Error::other(String::from_utf8_lossy(&self.line).into_owned()))
				},
				Some(b'$') if self.line.get(1) != Some(&b'-') => {
					let digits = std::str::from_utf8(&self.line[1..]).unwrap_or_default().trim();
					self.skip = digits.parse::<usize>().map_err(io::Error::other)? + 2;
				},
				_ => {},
			}
			self.line.clear();
			self.expected -= 1;
		}
		Ok(())
	}
}

/// Processor time of a process so far, from /proc/PID/stat, in clock ticks of ten milliseconds.
fn processor_time(pid: u32) -> Result<Duration, Box<dyn Error>> {
	let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
	let fields: Vec<&str> =
		stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
	let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
	Ok(Duration::from_millis(10 * (ticks(11) + ticks(12))))
}

/// Sends all requests; answers the time of each batch.
fn run(
	arguments: &Arguments,
	poll: &mut Poll,
	clients: &mut [Client],
) -> Result<Vec<Duration>, Box<dyn Error>> {
	let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
	let interval =
		arguments.rate.map(|rate| Duration::from_secs_f64(arguments.depth as f64 / rate));
	let batches = arguments.requests.div_ceil(arguments.depth);
	let mut times = Vec::with_capacity(batches);
	let (mut started, mut next_due) = (0, Instant::now());
	let mut idle: Vec<usize> = (0..clients.len()).collect();
	let (mut buffer, mut events) = (vec![0; 256 << 10], Events::with_capacity(1024));
	while times.len() < batches {
		let now = Instant::now();
		while started < batches && interval.is_none_or(|_| next_due <= now) {
			let Some(free) = idle.pop() else { break };
			let due = interval.map_or(now, |_| next_due);
			let client = &mut clients[free];
			let count = arguments.depth.min(arguments.requests - started * arguments.depth);
			client.start(arguments, count, due, &mut numbers);
			client.send()?;
			started += 1;
			next_due += interval.unwrap_or_default();
		}
		let is_waiting = started < batches && !idle.is_empty();
		let patience = is_waiting.then(|| next_due.saturating_duration_since(Instant::now()));
		poll.poll(&mut events, patience)?;
		for event in &events {
			let client = &mut clients[event.token().0];
			if client.expected == 0 {
				continue;
			}
			client.send()?;
			if client.receive(&mut buffer)? {
				times.push(client.began.elapsed());
				idle.push(event.token().0);
			}
		}
	}
	Ok(times)
}

fn main() -> Result<(), Box<dyn Error>> {
	let arguments = arguments()?;
	let mut poll = Poll::new()?;
	let mut clients = Vec::new();
	for token in 0..arguments.clients {
		let stream = std::net::TcpStream::connect(("127.0.0.1", arguments.port))?;
		stream.set_nodelay(true)?;
		stream.set_nonblocking(true)?;
		let mut stream = TcpStream::from_std(stream);
		poll.registry().register(
			&mut stream,
			Token(token),
			Interest::READABLE | Interest::WRITABLE,
		)?;
		let (batch, line, began) = (Vec::new(), Vec::new(), Instant::now());
		clients.push(Client { stream, batch, sent: 0, expected: 0, skip: 0, line, began });
	}
	let before = processor_time(arguments.pid)?;
	let began = Instant::now();
	let times = run(&arguments, &mut poll, &mut clients)?;
	let took = began.elapsed().as_secs_f64();
	let server = processor_time(arguments.pid)?.saturating_sub(before).as_secs_f64();
	let mut times = times;
	times.sort_unstable();
	let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_micros();
	let requests = arguments.requests as f64;
	let line = format!(
		"{:.0} {:.2} {} {} {}\n",
		requests / took,
		server / requests * 1e6,
		at(0.5),
		at(0.99),
		at(0.999)
	);
	Ok(io::stdout().write_all(line.as_bytes())?)
}
