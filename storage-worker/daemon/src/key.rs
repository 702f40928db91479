//! `granary key`: dataset keys and recipients' keys.

use crate::cli::Context;
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use granary_dispersal::{DatasetKey, DispersalError, RecipientKey};
use serde_json::json;
use std::{
	io::{IsTerminal, Read},
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Keys of datasets and of those who may read them. No chain is needed.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  granary key new my.key                        # to be granted datasets; prints the line to hand out
  granary key new dataset.key --kind dataset    # a dataset's own key; `granary snapshot create` makes one by itself
  granary key show my.key --phrase              # 24 words for the drawer
  granary key recover my.key < words.txt

Key files are one short line, mode 0600. There are no cipher options: recipients are X25519 and ML-KEM-768 combined (X-Wing).")]
pub(crate) enum KeyCommand {
	/// Make a new key file; an existing file is never replaced.
	New {
		/// Where to write it.
		file: PathBuf,
		/// What the key is for.
		#[arg(long, value_enum, default_value_t = Kind::Recipient)]
		kind: Kind,
	},
	/// Show what is public about a key file, and on demand its recovery phrase.
	Show(ShowArgs),
	/// Put a new key before those of a dataset's key file: what is published from now on is sealed with it. What was published before stays
	/// readable with the file, and for everybody who has the old key.
	Rotate {
		/// The dataset's key file.
		file: PathBuf,
	},
	/// Write a key file from its recovery phrase, which is read from standard input.
	Recover {
		/// Where to write it; an existing file is never replaced.
		file: PathBuf,
		/// What the key is for.
		#[arg(long, value_enum, default_value_t = Kind::Recipient)]
		kind: Kind,
	},
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
	/// The key file.
	file: PathBuf,
	/// Print the 24 words from which the key can be made again: whoever sees them has the key.
	#[arg(long)]
	phrase: bool,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
	/// To be granted datasets.
	Recipient,
	/// To seal a dataset.
	Dataset,
}

/// Either key.
enum AnyKey {
	Recipient(Box<RecipientKey>),
	Dataset(DatasetKey, usize),
}

impl AnyKey {
	fn load(path: &Path) -> Result<Self> {
		match DatasetKey::load_all(path) {
			Ok((current, earlier)) => Ok(Self::Dataset(current, earlier.len())),
			Err(DispersalError::KeyFile { .. }) => {
				Ok(Self::Recipient(Box::new(RecipientKey::load(path)?)))
			},
			Err(error) => Err(error.into()),
		}
	}

	fn phrase(&self) -> Result<Zeroizing<String>, DispersalError> {
		match self {
			Self::Recipient(key) => key.phrase(),
			Self::Dataset(key, _) => key.phrase(),
		}
	}
}

/// Runs one of the commands.
pub(crate) fn run(command: KeyCommand, context: &Context) -> Result<()> {
	match command {
		KeyCommand::New { file, kind } => {
			match kind {
				Kind::Recipient => RecipientKey::generate()?.save(&file)?,
				Kind::Dataset => DatasetKey::generate()?.save(&file)?,
			}
			show(&file, false, context)
		},
		KeyCommand::Show(args) => show(&args.file, args.phrase, context),
		KeyCommand::Rotate { file } => {
			DatasetKey::rotate(&file)?;
			context.note(
				"what is published from now on has a new key; grant it to those who shall read on. What was published before can be read with the old key for ever",
			);
			show(&file, false, context)
		},
		KeyCommand::Recover { file, kind } => {
			let words = read_words(context)?;
			match kind {
				Kind::Recipient => RecipientKey::from_phrase(&words)?.save(&file)?,
				Kind::Dataset => DatasetKey::from_phrase(&words)?.save(&file)?,
			}
			show(&file, false, context)
		},
	}
}

fn read_words(context: &Context) -> Result<Zeroizing<String>> {
	if std::io::stdin().is_terminal() {
		context.note("type the 24 words, then end with Ctrl-D:");
	}
	let mut words = Zeroizing::new(String::new());
	std::io::stdin().read_to_string(&mut words).context("reading the recovery phrase")?;
	let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
	Ok(Zeroizing::new(words))
}

fn show(file: &Path, with_phrase: bool, context: &Context) -> Result<()> {
	let key = AnyKey::load(file)?;
	let phrase = if with_phrase { Some(key.phrase()?) } else { None };
	let words = phrase.as_ref().map(|words| words.as_str());
	match &key {
		AnyKey::Recipient(key) => {
			let recipient = key.recipient();
			let value = json!({
				"kind": "recipient",
				"fingerprint": recipient.to_string(),
				"recipient": recipient.to_text(),
				"phrase": words,
			});
			context.print(&value, |out| {
				out.line(recipient.to_text());
				out.field("fingerprint", recipient.to_string());
				out.field("key file", file.display().to_string());
				if let Some(words) = words {
					out.field("recovery phrase", words);
				}
			});
		},
		AnyKey::Dataset(key, earlier) => {
			let id = format!("0x{}", hex::encode(key.id()));
			let value =
				json!({ "kind": "dataset", "dataset": id, "earlier": earlier, "phrase": words });
			context.print(&value, |out| {
				out.line(format!("dataset {id}"));
				out.field("key file", file.display().to_string());
				out.field("earlier keys", earlier.to_string());
				if let Some(words) = words {
					out.field("recovery phrase", words);
				}
			});
		},
	}
	Ok(())
}
