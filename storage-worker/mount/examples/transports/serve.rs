//! The transports.

use crate::protocol::{
	init, long, number, out_header, Asked, OneFile, IN_HEADER_BYTES, OUT_HEADER_BYTES,
	READ_BYTES_MAX,
};
use io_uring::{cqueue, opcode, squeue, types, IoUring};
use std::{
	ffi::CString,
	fs::{File, OpenOptions},
	io::{self, Read, Write},
	os::{fd::AsRawFd, unix::ffi::OsStrExt},
	path::Path,
	sync::{Arc, Barrier},
	thread,
};

/// Requests of a ring that are under way at once.
const RING_DEPTH: usize = 8;
/// Commands of `fuse_uring_cmd`.
const REGISTER: u32 = 1;
const COMMIT_AND_FETCH: u32 = 2;
/// Bytes of `fuse_uring_req_header`: two fixed areas and what a ring adds.
const RING_HEADER_BYTES: usize = 288;
const OPERATION_AT: usize = 128;
const COMMIT_ID_AT: usize = 264;
const PAYLOAD_BYTES_AT: usize = 272;

/// How requests come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
	/// So many threads read them from the device.
	Device(usize),
	/// A thread bound to each processor reads them from the device.
	DeviceBound,
	/// A ring for each processor, each with a thread bound to it.
	Rings,
}

impl Transport {
	pub const ALL: [Self; 4] = [Self::Device(2), Self::Device(16), Self::DeviceBound, Self::Rings];

	pub fn name(self) -> &'static str {
		match self {
			Self::Device(2) => "device-2",
			Self::Device(_) => "device-16",
			Self::DeviceBound => "device-bound",
			Self::Rings => "rings",
		}
	}
}

/// Mounts `file` in `directory` and serves it until it is unmounted.
pub fn serve(transport: Transport, file: &Path, directory: &Path) -> io::Result<()> {
	let served = Arc::new(OneFile::new(File::open(file)?)?);
	let device = Arc::new(mount(directory)?);
	greet(&device, transport == Transport::Rings)?;
	let processors = thread::available_parallelism()?.get();
	let rings = if transport == Transport::Rings { processors } else { 0 };
	let readers = match transport {
		Transport::Device(threads) => threads,
		Transport::DeviceBound => processors,
		// What is only told, as that a file is forgotten, still comes this way.
		Transport::Rings => 1,
	};
	let ready = Arc::new(Barrier::new(rings + 1));
	let mut threads = Vec::new();
	for processor in 0..rings {
		let (device, served, ready) = (device.clone(), served.clone(), ready.clone());
		threads.push(thread::spawn(move || {
			bind(processor);
			Ring::new(processor as u16)?.serve(&device, &served, &ready)
		}));
	}
	for reader in 0..readers {
		let (device, served) = (device.clone(), served.clone());
		threads.push(thread::spawn(move || {
			if transport == Transport::DeviceBound {
				bind(reader);
			}
			read_device(&device, &served)
		}));
	}
	ready.wait();
	println!("mounted");
	io::stdout().flush()?;
	threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
}

fn mount(directory: &Path) -> io::Result<File> {
	let device = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
	let options = format!(
		"fd={},rootmode=40000,user_id=0,group_id=0,max_read={READ_BYTES_MAX}",
		device.as_raw_fd()
	);
	let (options, path) = (CString::new(options)?, CString::new(directory.as_os_str().as_bytes())?);
	// SAFETY: all are strings that end with a zero, and live until it returns.
	let mounted = unsafe {
		libc::mount(
			c"transports".as_ptr(),
			path.as_ptr(),
			c"fuse".as_ptr(),
			0,
			options.as_ptr().cast(),
		)
	};
	if mounted == 0 {
		Ok(device)
	} else {
		Err(io::Error::last_os_error())
	}
}

/// Answers the kernel's first request.
fn greet(mut device: &File, rings: bool) -> io::Result<()> {
	let mut buffer = vec![0; READ_BYTES_MAX];
	let read = device.read(&mut buffer)?;
	let (header, body) = buffer
		.get(..read)
		.and_then(|all| all.split_at_checked(IN_HEADER_BYTES))
		.ok_or(io::ErrorKind::InvalidData)?;
	let (answer, offers_rings) = init(Asked::parse(header).unique, body, rings);
	if rings && !offers_rings {
		return Err(io::Error::other(
			"the kernel allows no rings: echo Y >/sys/module/fuse/parameters/enable_uring",
		));
	}
	device.write_all(&answer)
}

fn bind(processor: usize) {
	// SAFETY: a set is plain bits, and the kernel only reads it.
	unsafe {
		let mut set: libc::cpu_set_t = std::mem::zeroed();
		libc::CPU_SET(processor, &mut set);
		libc::sched_setaffinity(0, size_of_val(&set), &set);
	}
}

fn read_device(mut device: &File, served: &OneFile) -> io::Result<()> {
	// The kernel wants room for the largest write it could ask for.
	let mut request = vec![0; READ_BYTES_MAX + 4096];
	let mut out = vec![0; OUT_HEADER_BYTES + READ_BYTES_MAX];
	loop {
		let read = match device.read(&mut request) {
			Ok(read) => read,
			Err(error) if error.raw_os_error() == Some(libc::ENODEV) => return Ok(()),
			Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
			Err(error) => return Err(error),
		};
		let (header, body) = request
			.get(..read)
			.and_then(|all| all.split_at_checked(IN_HEADER_BYTES))
			.ok_or(io::ErrorKind::InvalidData)?;
		let asked = Asked::parse(header);
		if asked.is_notice() {
			continue;
		}
		let (head, payload) = out.split_at_mut(OUT_HEADER_BYTES);
		let answer = served.answer(&asked, body, body, payload);
		head.copy_from_slice(&out_header(asked.unique, answer));
		let len = OUT_HEADER_BYTES + answer.unwrap_or(0);
		device.write_all(out.get(..len).unwrap_or_default())?;
	}
}

/// One request of a ring: where the kernel writes it and finds the answer.
struct Entry {
	header: Vec<u8>,
	payload: Vec<u8>,
}

/// The ring of a processor.
struct Ring {
	processor: u16,
	ring: IoUring<squeue::Entry128, cqueue::Entry>,
	entries: Vec<Entry>,
}

impl Ring {
	fn new(processor: u16) -> io::Result<Self> {
		let entry =
			|| Entry { header: vec![0; RING_HEADER_BYTES], payload: vec![0; READ_BYTES_MAX] };
		let ring = IoUring::builder()
			.setup_single_issuer()
			.setup_defer_taskrun()
			.build(RING_DEPTH as u32)?;
		Ok(Self { processor, ring, entries: (0..RING_DEPTH).map(|_| entry()).collect() })
	}

	/// A command: the flags, none, the answered request, the ring.
	fn command(&self, operation: u32, entry: usize, commit_id: u64) -> squeue::Entry128 {
		let mut command = [0; 80];
		if let Some(field) = command.get_mut(8..16) {
			field.copy_from_slice(&commit_id.to_le_bytes());
		}
		if let Some(field) = command.get_mut(16..18) {
			field.copy_from_slice(&self.processor.to_le_bytes());
		}
		opcode::UringCmd80::new(types::Fixed(0), operation)
			.cmd(command)
			.build()
			.user_data(entry as u64)
	}

	fn push(&mut self, command: &squeue::Entry128) -> io::Result<()> {
		// SAFETY: what it points to lives as long as the ring.
		unsafe { self.ring.submission().push(command) }.map_err(io::Error::other)
	}

	fn register(&mut self) -> io::Result<Vec<[libc::iovec; 2]>> {
		let places: Vec<[libc::iovec; 2]> = self
			.entries
			.iter_mut()
			.map(|entry| {
				[&mut entry.header, &mut entry.payload].map(|bytes| libc::iovec {
					iov_base: bytes.as_mut_ptr().cast(),
					iov_len: bytes.len(),
				})
			})
			.collect();
		for (at, place) in places.iter().enumerate() {
			let mut command = self.command(REGISTER, at, 0);
			// SAFETY: of an `io_uring_sqe`, which this is, bytes 16 to 24 are the address and 24 to 28 the length, for which the library has no name here.
			unsafe {
				let fields = std::ptr::from_mut(&mut command).cast::<u8>();
				fields.add(16).cast::<u64>().write_unaligned(place.as_ptr() as u64);
				fields.add(24).cast::<u32>().write_unaligned(2);
			}
			self.push(&command)?;
		}
		Ok(places)
	}

	fn serve(mut self, device: &File, served: &OneFile, ready: &Barrier) -> io::Result<()> {
		self.ring.submitter().register_files(&[device.as_raw_fd()])?;
		let _places = self.register()?;
		self.ring.submit()?;
		ready.wait();
		loop {
			match self.ring.submit_and_wait(1) {
				Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
				other => other?,
			};
			let come: Vec<(usize, i32)> = self
				.ring
				.completion()
				.map(|come| (come.user_data() as usize, come.result()))
				.collect();
			for (at, result) in come {
				match -result {
					0 => {},
					libc::ENOTCONN | libc::ECANCELED => return Ok(()),
					error => return Err(io::Error::from_raw_os_error(error)),
				}
				let commit_id = self.answer(at, served)?;
				let command = self.command(COMMIT_AND_FETCH, at, commit_id);
				self.push(&command)?;
			}
		}
	}

	/// Answers the request in this entry, and says under which number it is handed in.
	fn answer(&mut self, at: usize, served: &OneFile) -> io::Result<u64> {
		let Entry { header, payload } =
			self.entries.get_mut(at).ok_or(io::ErrorKind::InvalidData)?;
		let commit_id = long(header, COMMIT_ID_AT);
		let asked = Asked::parse(header);
		let operation = header.get(OPERATION_AT..).unwrap_or_default();
		let name_bytes = number(header, PAYLOAD_BYTES_AT).min(256) as usize;
		let name = payload.get(..name_bytes).unwrap_or_default().to_vec();
		let answer = served.answer(&asked, operation, &name, payload);
		if let Some(field) = header.get_mut(..OUT_HEADER_BYTES) {
			field.copy_from_slice(&out_header(asked.unique, answer));
		}
		if let Some(field) = header.get_mut(PAYLOAD_BYTES_AT..PAYLOAD_BYTES_AT + 4) {
			field.copy_from_slice(&(answer.unwrap_or(0) as u32).to_le_bytes());
		}
		Ok(commit_id)
	}
}
