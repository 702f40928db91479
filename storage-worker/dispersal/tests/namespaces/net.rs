//! Machines for a test: network namespaces, and cables between them that can be pulled out.

use std::{
	fs::File,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
};

/// What a machine sees of a capture: every frame of every interface, appended to a file.
const SNIFFER: &str = "
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
with open(sys.argv[1], 'wb', buffering=0) as out:
    out.write(b'listening')
    while True:
        out.write(wire.recv(1 << 17))
";

/// Why this machine cannot give namespaces, if it cannot.
pub(crate) fn unavailable() -> Option<String> {
	let name = format!("g{}probe", std::process::id());
	let made = Command::new("ip").args(["netns", "add", &name]).output();
	match made {
		Err(error) => Some(format!("ip cannot be run: {error}")),
		Ok(output) if !output.status.success() => {
			Some(String::from_utf8_lossy(&output.stderr).trim().to_owned())
		},
		Ok(_) => {
			ip(&["netns", "del", &name]);
			None
		},
	}
}

fn ip(args: &[&str]) {
	let output = Command::new("ip").args(args).output().unwrap();
	assert!(output.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Some machines; they and their processes are gone with it.
pub(crate) struct Net {
	names: Vec<&'static str>,
	processes: Vec<Child>,
}

impl Net {
	pub(crate) fn with_machines(names: &[&'static str]) -> Self {
		let net = Self { names: names.to_vec(), processes: Vec::new() };
		for name in names {
			ip(&["netns", "add", &space(name)]);
			ip(&["-n", &space(name), "link", "set", "lo", "up"]);
		}
		net
	}

	/// Lays a cable between two machines. Its number gives the addresses: 10.99.N.1 and 10.99.N.2.
	pub(crate) fn cable(&self, number: u8, from: &str, to: &str) {
		let (near, far) = (format!("{from}-{to}"), format!("{to}-{from}"));
		let (near_space, far_space) = (space(from), space(to));
		ip(&[
			"-n",
			&near_space,
			"link",
			"add",
			&near,
			"type",
			"veth",
			"peer",
			"name",
			&far,
			"netns",
			&far_space,
		]);
		for (space, name, end) in [(&near_space, &near, 1), (&far_space, &far, 2)] {
			ip(&["-n", space, "addr", "add", &format!("10.99.{number}.{end}/24"), "dev", name]);
			ip(&["-n", space, "link", "set", name, "up"]);
		}
	}

	/// Pulls a cable out at one of its ends, or puts it in again.
	pub(crate) fn plug(&self, from: &str, to: &str, is_in: bool) {
		let state = if is_in { "up" } else { "down" };
		ip(&["-n", &space(from), "link", "set", &format!("{from}-{to}"), state]);
	}

	/// A program on a machine.
	pub(crate) fn command(&self, name: &str, program: &Path) -> Command {
		let mut command = Command::new("ip");
		command.args(["netns", "exec", &space(name)]).arg(program);
		command
	}

	/// Keeps a process until the net ends and answers its number. `ip` becomes the program, so it is the program's.
	pub(crate) fn keep(&mut self, process: Child) -> u32 {
		let id = process.id();
		self.processes.push(process);
		id
	}

	/// Records all that a machine sends and receives into a file.
	pub(crate) fn record(&mut self, name: &str, file: PathBuf) {
		let python = Path::new("python3");
		let mut sniffer = self.command(name, python);
		sniffer.args(["-c", SNIFFER]).arg(&file).stdin(Stdio::null());
		let child = sniffer.spawn().unwrap();
		self.keep(child);
		super::patiently("the sniffer listens", || {
			File::open(&file).is_ok_and(|file| file.metadata().unwrap().len() > 0)
		});
	}
}

impl Drop for Net {
	fn drop(&mut self) {
		for child in &mut self.processes {
			let _ = child.kill();
			let _ = child.wait();
		}
		for name in &self.names {
			let _ = Command::new("ip").args(["netns", "del", &space(name)]).status();
		}
	}
}

/// Other runs of the test have namespaces too.
fn space(name: &str) -> String {
	format!("g{}{name}", std::process::id())
}
