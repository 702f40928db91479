//! COMMAND: what commands there are, for clients that complete and check what is typed.

use super::{
	table::{command as find, commands, CommandInfo},
	Answer,
};
use crate::server::{Args, Flow, Output};

/// `COMMAND [COUNT|LIST|INFO name...|DOCS name...]`.
pub(super) fn command(args: Args<'_>, output: &mut Output) -> Answer {
	let named = || args.rest().skip(1);
	match args.get(1).map(<[u8]>::to_ascii_uppercase).as_deref() {
		None => {
			output.array(commands().count());
			commands().for_each(|command| describe(&command, output));
		},
		Some(b"COUNT") => output.integer(i64::try_from(commands().count()).unwrap_or(i64::MAX)),
		Some(b"LIST") => {
			output.array(commands().count());
			commands().for_each(|command| output.bulk(command.name.to_lowercase().as_bytes()));
		},
		Some(b"INFO") if args.len() > 2 => {
			output.array(args.len() - 2);
			for name in named() {
				match find(name) {
					Some(command) => describe(&command, output),
					None => output.nil(),
				}
			}
		},
		Some(b"INFO") => {
			output.array(commands().count());
			commands().for_each(|command| describe(&command, output));
		},
		Some(b"DOCS") => {
			let asked: Vec<CommandInfo> = match args.len() {
				2 => commands().collect(),
				_ => named().filter_map(find).collect(),
			};
			output.map(asked.len());
			asked.iter().for_each(|command| document(command, output));
		},
		Some(_) => return Err("ERR unknown COMMAND subcommand"),
	}
	Ok(Flow::Continue)
}

/// `[name, arity, [flag...], first key, last key, step, [category...], [tip...], [key specification...], [subcommand...]]`.
fn describe(command: &CommandInfo, output: &mut Output) {
	output.array(10);
	output.bulk(command.name.to_lowercase().as_bytes());
	output.integer(command.arity);
	output.array(command.flags.len());
	command.flags.iter().for_each(|flag| output.simple(flag));
	command.keys.iter().for_each(|position| output.integer(*position));
	(0..4).for_each(|_| output.array(0));
}

/// The name and a map of what is known.
fn document(command: &CommandInfo, output: &mut Output) {
	let arguments = command.arguments();
	output.bulk(command.name.to_lowercase().as_bytes());
	output.map(if arguments.is_empty() { 3 } else { 4 });
	for (name, value) in [
		("summary", command.summary),
		("since", env!("CARGO_PKG_VERSION")),
		("group", command.group),
	] {
		output.bulk(name.as_bytes());
		output.bulk(value.as_bytes());
	}
	if arguments.is_empty() {
		return;
	}
	output.bulk(b"arguments");
	output.array(arguments.len());
	for (word, is_optional) in &arguments {
		output.map(if *is_optional { 4 } else { 3 });
		for (name, value) in [("name", word.as_str()), ("type", "string"), ("display_text", word)] {
			output.bulk(name.as_bytes());
			output.bulk(value.as_bytes());
		}
		if *is_optional {
			output.bulk(b"flags");
			output.array(1);
			output.simple("optional");
		}
	}
}
