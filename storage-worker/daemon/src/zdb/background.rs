//! `--background` and `--logfile`: a server without a terminal.
//!
//! The server is started once more, as a process of its own session; the first one waits until that serves clients, or has
//! failed.

use anyhow::{bail, Context as _, Result};
use std::{
	env,
	fs::{File, OpenOptions},
	io::{stdout, BufRead, BufReader, Write},
	os::unix::fs::OpenOptionsExt,
	path::Path,
	process::{Command, Stdio},
};

/// Tells the process in the background so, by the process that has started it: the environment is handed on to hooks and further, the
/// parent is not.
const MARK: &str = "GRANARY_ZDB_STARTED_BY";
const READY: &str = "ready";

/// Where this process is.
pub(super) enum Background {
	/// Where it was started.
	Foreground,
	/// In the background; whether its errors go to a file of their own.
	Inside {
		/// They do.
		has_logfile: bool,
	},
	/// This process has started another one that serves.
	Started(u32),
}

impl Background {
	/// Goes to the background if that is wanted, and sends remarks and errors to the log file if there is one.
	pub(super) fn begin(wanted: bool, logfile: Option<&Path>) -> Result<Self> {
		let parent = rustix::process::getppid().map(|parent| parent.as_raw_nonzero().to_string());
		let is_inside = parent.is_some() && env::var(MARK).ok() == parent;
		if wanted && !is_inside {
			return start(logfile);
		}
		if let Some(path) = logfile {
			let mut options = OpenOptions::new();
			let file = options.append(true).create(true).mode(0o600).open(path);
			let file = file.with_context(|| format!("opening the log {}", path.display()))?;
			rustix::stdio::dup2_stderr(&file)?;
		}
		if !is_inside {
			return Ok(Self::Foreground);
		}
		rustix::process::setsid().context("leaving the terminal")?;
		Ok(Self::Inside { has_logfile: logfile.is_some() })
	}

	/// Says that clients are served.
	pub(super) fn is_ready(&self) {
		let Self::Inside { has_logfile } = self else { return };
		let said = writeln!(stdout(), "{READY}").and_then(|()| stdout().flush());
		let nowhere = File::options().write(true).open("/dev/null").and_then(|nowhere| {
			rustix::stdio::dup2_stdout(&nowhere)?;
			if !has_logfile {
				rustix::stdio::dup2_stderr(&nowhere)?;
			}
			Ok(())
		});
		if let Err(error) = said.and(nowhere) {
			tracing::warn!(%error, "leaving the terminal");
		}
	}
}

/// Starts the process in the background and waits until it serves.
fn start(logfile: Option<&Path>) -> Result<Background> {
	let program = env::current_exe().context("finding this program")?;
	let mut child = Command::new(&program)
		.args(env::args_os().skip(1))
		.env(MARK, std::process::id().to_string())
		.stdin(Stdio::null())
		.stdout(Stdio::piped())
		.spawn()
		.with_context(|| format!("starting {}", program.display()))?;
	let output = child.stdout.take().context("the new process has no output")?;
	let mut line = String::new();
	BufReader::new(output).read_line(&mut line).context("waiting for the new process")?;
	if line.trim() == READY {
		return Ok(Background::Started(child.id()));
	}
	let status = child.wait().context("waiting for the new process")?;
	match logfile {
		Some(path) => bail!("the server has ended with {status}; {} says why", path.display()),
		None => bail!("the server has ended with {status}; what it said is above"),
	}
}
