//! Results for people and for machines.

use anyhow::Result;
use granary_chain::ChainClient;
use serde_json::Value;
use std::{
	io::{IsTerminal, Write},
	sync::Arc,
};

/// What every command knows: where the chain is and how to answer.
#[derive(Debug, Clone)]
pub(crate) struct Context {
	/// Endpoints of the chain, tried in this order.
	pub(crate) endpoints: Vec<String>,
	/// Answer in JSON.
	pub(crate) json: bool,
}

impl Context {
	/// Connects to the chain.
	pub(crate) async fn connect(&self) -> Result<Arc<ChainClient>> {
		Ok(Arc::new(ChainClient::connect(&self.endpoints, None).await?))
	}

	/// Prints a result: the value for machines, or what `human` writes.
	pub(crate) fn print(&self, value: &Value, human: impl FnOnce(&mut Out)) {
		let mut out = Out::default();
		if self.json {
			out.line(format!("{value:#}"));
		} else {
			human(&mut out);
		}
		out.flush();
	}

	/// A remark on the way, for people only.
	pub(crate) fn note(&self, text: impl AsRef<str>) {
		// A remark that cannot be shown is not worth failing for.
		let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
	}

	/// Whether a moving bar makes sense.
	pub(crate) fn shows_progress(&self) -> bool {
		!self.json && std::io::stderr().is_terminal()
	}
}

/// Lines and tables on the standard output.
#[derive(Debug, Default)]
pub(crate) struct Out {
	text: String,
	rows: Vec<Vec<String>>,
}

impl Out {
	/// A line.
	pub(crate) fn line(&mut self, text: impl AsRef<str>) {
		self.end_table();
		self.text.push_str(text.as_ref());
		self.text.push('\n');
	}

	/// A named value.
	pub(crate) fn field(&mut self, name: &str, value: impl AsRef<str>) {
		self.line(format!("  {name:<16} {}", value.as_ref()));
	}

	/// A row of a table; consecutive rows are aligned.
	pub(crate) fn row(&mut self, cells: &[&str]) {
		self.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
	}

	fn end_table(&mut self) {
		let rows = std::mem::take(&mut self.rows);
		let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
		let width = |column: usize| {
			rows.iter()
				.filter_map(|row| row.get(column))
				.map(|cell| cell.chars().count())
				.max()
				.unwrap_or(0)
		};
		let widths: Vec<usize> = (0..columns).map(width).collect();
		for row in &rows {
			let mut line = String::new();
			for (cell, width) in row.iter().zip(&widths) {
				line.push_str(&format!("{cell:<width$}  "));
			}
			self.text.push_str(line.trim_end());
			self.text.push('\n');
		}
	}

	fn flush(mut self) {
		self.end_table();
		// A reader that went away (`| head`) is no failure of the command.
		let _ = std::io::stdout().lock().write_all(self.text.as_bytes());
	}
}
