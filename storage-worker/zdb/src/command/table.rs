//! The commands with what COMMAND tells of them.

/// What COMMAND tells of a command.
#[derive(Debug)]
pub(super) struct CommandInfo {
	/// In upper case.
	pub(super) name: &'static str,
	/// What may follow it; optional words stand in brackets.
	pub(super) syntax: &'static str,
	/// Arguments, the name included; at least so many if negative.
	pub(super) arity: i64,
	/// Redis' words for what it does.
	pub(super) flags: &'static [&'static str],
	/// Positions of the first and the last key, and the step from key to key; zeros without keys.
	pub(super) keys: [i64; 3],
	pub(super) group: &'static str,
	pub(super) summary: &'static str,
}

const READ: &[&str] = &["readonly", "fast"];
const WALK: &[&str] = &["readonly"];
const WRITE: &[&str] = &["write", "denyoom"];
const ADMIN: &[&str] = &["admin", "noscript"];
const ADMIN_WRITE: &[&str] = &["admin", "write", "noscript"];
const SIGN_IN: &[&str] = &["noscript", "no_auth", "fast"];
const PLAIN: &[&str] = &["loading", "stale", "fast"];
const BLOCKING: &[&str] = &["blocking", "noscript"];

const NO_KEYS: [i64; 3] = [0, 0, 0];
const ONE_KEY: [i64; 3] = [1, 1, 1];
const ALL_KEYS: [i64; 3] = [1, -1, 1];

type Row = (&'static str, &'static str, i64, &'static [&'static str], [i64; 3], &'static str);

const DATA: [Row; 26] = [
	("GET", "key", 2, READ, ONE_KEY, "The value of a key"),
	("GETRANGE", "key first last", 4, READ, ONE_KEY, "A part of the value of a key"),
	("MGET", "key [key...]", -2, READ, ALL_KEYS, "The values of several keys"),
	("SET", "key value [timestamp]", -3, WRITE, ONE_KEY, "Writes a value and answers its key"),
	(
		"SETX",
		"key value [timestamp]",
		-3,
		WRITE,
		ONE_KEY,
		"SET under a name that redis libraries do not know",
	),
	("MSET", "key value [key value...]", -3, WRITE, [1, -1, 2], "Writes several values"),
	("DEL", "key [timestamp]", -2, WRITE, ONE_KEY, "Deletes a key"),
	("MEND", "key value", 3, WRITE, ONE_KEY, "Gives a damaged value its bytes back"),
	("EXISTS", "key", 2, READ, ONE_KEY, "Whether a key exists"),
	("TYPE", "key", 2, READ, ONE_KEY, "string, or none without the key"),
	("LENGTH", "key", 2, READ, ONE_KEY, "Bytes of a value"),
	("KEYTIME", "key", 2, READ, ONE_KEY, "When a key was written"),
	("CHECK", "key", 2, READ, ONE_KEY, "Whether a value matches its checksum"),
	("KEYCUR", "key", 2, READ, ONE_KEY, "The scan cursor of a key"),
	(
		"HISTORY",
		"key [cursor]",
		-2,
		WALK,
		ONE_KEY,
		"A version of a value, and where the one before is",
	),
	("SCAN", "[cursor]", -1, WALK, NO_KEYS, "Keys in the order of writing"),
	("SCANX", "[cursor]", -1, WALK, NO_KEYS, "SCAN under a name that redis libraries do not know"),
	("RSCAN", "[cursor]", -1, WALK, NO_KEYS, "Keys from the last to the first"),
	("KSCAN", "prefix [cursor]", -2, WALK, NO_KEYS, "Keys with a prefix"),
	("DBSIZE", "", 1, READ, NO_KEYS, "Live keys of the namespace"),
	("FLUSH", "", 1, WRITE, NO_KEYS, "Removes everything from a private namespace"),
	(
		"NSLOG",
		"[leaf_count root]",
		-1,
		READ,
		NO_KEYS,
		"Leaf count, root and peaks of an audited namespace",
	),
	("NSLEAVES", "[cursor]", -1, WALK, NO_KEYS, "Keys of an audited log with their leaves' hashes"),
	(
		"REMOVAL",
		"BEGIN|ADD|PREPARE|STATUS|DROP [key...]",
		-2,
		WRITE,
		NO_KEYS,
		"Removes keys from an audited log",
	),
	("HOLD", "token seconds [held]", -3, WRITE, NO_KEYS, "Holds removals of an audited log off"),
	(
		"WAIT",
		"command [milliseconds]",
		-2,
		BLOCKING,
		NO_KEYS,
		"Waits for a command of another client",
	),
];

const SERVER: [Row; 25] = [
	("NSNEW", "namespace", 2, ADMIN_WRITE, NO_KEYS, "Makes a namespace"),
	("NSDEL", "namespace", 2, ADMIN_WRITE, NO_KEYS, "Removes a namespace"),
	("NSLIST", "", 1, PLAIN, NO_KEYS, "The names of all namespaces"),
	("NSINFO", "namespace", 2, PLAIN, NO_KEYS, "Settings and figures of a namespace"),
	(
		"NSSET",
		"namespace property value",
		4,
		ADMIN_WRITE,
		NO_KEYS,
		"Changes a setting of a namespace",
	),
	("NSJUMP", "", 1, ADMIN_WRITE, NO_KEYS, "Goes on in a new segment"),
	("RELOAD", "namespace", 2, ADMIN, NO_KEYS, "Reads the files of a namespace again"),
	("STOP", "", 1, ADMIN, NO_KEYS, "Ends the server"),
	("HOOKS", "", 1, ADMIN, NO_KEYS, "Runs of the hook program"),
	("INDEX", "DIRTY [RESET]", -2, ADMIN, NO_KEYS, "Segments with superseded records"),
	("DATA", "RAW segment offset", -2, ADMIN, NO_KEYS, "A record as it lies in its segment"),
	("COMPACT", "[STATUS|START|STOP|NOW]", -1, ADMIN, NO_KEYS, "Gives back dead space"),
	(
		"SCRUB",
		"[NOW|STATUS|START|STOP]",
		-1,
		ADMIN,
		NO_KEYS,
		"Compares a namespace with its checksums",
	),
	("MIRROR", "", 1, ADMIN, NO_KEYS, "Receives the commands of others"),
	("MASTER", "", 1, ADMIN, NO_KEYS, "Sends the commands of another server"),
	(
		"REPLICATE",
		"ID|SETTINGS|READ [namespace] [sequence] [count]",
		-2,
		ADMIN,
		NO_KEYS,
		"What a replica asks its primary",
	),
	("REPLICA", "STATUS|PROMOTE", 2, ADMIN, NO_KEYS, "How a replica stands, and its promotion"),
	("SLOWLOG", "GET|LEN|RESET [count]", -2, ADMIN, NO_KEYS, "Commands that took long"),
	("INFO", "[section...]", -1, PLAIN, NO_KEYS, "Figures of the server"),
	("CONFIG", "GET parameter [parameter...]", -3, PLAIN, NO_KEYS, "Settings of the server"),
	(
		"COMMAND",
		"[COUNT|DOCS|INFO|LIST] [command...]",
		-1,
		PLAIN,
		NO_KEYS,
		"What commands there are",
	),
	(
		"LATENCY",
		"LATEST|HISTORY|HISTOGRAM|RESET|DOCTOR [name...]",
		-2,
		PLAIN,
		NO_KEYS,
		"Latency monitoring, which is SLOWLOG's here",
	),
	(
		"MEMORY",
		"USAGE|STATS|DOCTOR|PURGE [key]",
		-2,
		PLAIN,
		NO_KEYS,
		"Memory of the server, disk space of a key",
	),
	("MODULE", "LIST", 2, PLAIN, NO_KEYS, "Modules; there are none"),
	("ROLE", "", 1, PLAIN, NO_KEYS, "Whether it is a primary or a replica"),
];

const CONNECTION: [Row; 8] = [
	(
		"AUTH",
		"password | SECURE CHALLENGE|hash | ACCOUNT account CHALLENGE|signature",
		-2,
		SIGN_IN,
		NO_KEYS,
		"Signs in",
	),
	("SELECT", "namespace [password]", -2, SIGN_IN, NO_KEYS, "Attaches to a namespace"),
	("HELLO", "[protocol]", -1, SIGN_IN, NO_KEYS, "Greets, and chooses the protocol"),
	("PING", "[text]", -1, PLAIN, NO_KEYS, "Answers PONG"),
	("ECHO", "text", 2, PLAIN, NO_KEYS, "Answers the text"),
	("TIME", "", 1, PLAIN, NO_KEYS, "Seconds and microseconds"),
	("QUIT", "", 1, PLAIN, NO_KEYS, "Ends the connection"),
	(
		"CLIENT",
		"ID|INFO|LIST|GETNAME|SETNAME|SETINFO [value...]",
		-2,
		PLAIN,
		NO_KEYS,
		"About connections",
	),
];

/// All commands of the server itself.
pub(super) fn commands() -> impl Iterator<Item = CommandInfo> {
	let groups = [("generic", &DATA[..]), ("server", &SERVER[..]), ("connection", &CONNECTION[..])];
	groups.into_iter().flat_map(|(group, rows)| {
		rows.iter().map(move |&(name, syntax, arity, flags, keys, summary)| CommandInfo {
			name,
			syntax,
			arity,
			flags,
			keys,
			group,
			summary,
		})
	})
}

/// The command of that name, in any case.
pub(super) fn command(name: &[u8]) -> Option<CommandInfo> {
	commands().find(|command| command.name.as_bytes().eq_ignore_ascii_case(name))
}

impl CommandInfo {
	/// The words of the syntax, and whether each is optional.
	pub(super) fn arguments(&self) -> Vec<(String, bool)> {
		let mut is_optional = false;
		let word = |word: &str| {
			is_optional |= word.starts_with('[');
			let found = (word.trim_matches(['[', ']']).to_owned(), is_optional);
			is_optional &= !word.ends_with(']');
			found
		};
		self.syntax.split(' ').filter(|word| !word.is_empty()).map(word).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn names_are_unique_and_arguments_are_words() {
		let mut names: Vec<_> = commands().map(|command| command.name).collect();
		let count = names.len();
		names.sort_unstable();
		names.dedup();
		assert_eq!(names.len(), count);
		let words = |name: &[u8]| command(name).unwrap().arguments();
		assert_eq!(
			words(b"mset")[1..],
			[("value".into(), false), ("key".into(), true), ("value...".into(), true)]
		);
		assert!(words(b"PING")[0].1 && words(b"TIME").is_empty());
		assert!(command(b"NOBODY").is_none());
	}
}
