//! Databases on a mount whose process is killed under them: what they committed is there, and they find themselves whole.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{detach, spawn, Place};
use std::{
	io::{BufRead, BufReader},
	path::Path,
	process::{Command, Stdio},
	thread,
	time::{Duration, Instant},
};

/// Transactions that a database commits before the mount is killed under it.
const COMMITS: u64 = 40;
const KILLS: u64 = 3;
/// How long an engine's tool may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Fills the database of its first argument, with the journal of its second, and says which transactions were committed.
const SQLITE_WRITER: &str = r#"
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=" + sys.argv[2])
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, round INTEGER, body BLOB, sum BLOB)")
first = db.execute("SELECT coalesce(max(round), 0) FROM rows").fetchone()[0] + 1
for number in range(first, first + int(sys.argv[3])):
    db.execute("BEGIN")
    for row in range(20):
        body = hashlib.sha256(b"%d %d" % (number, row)).digest() * (1 + row * 7 % 40)
        db.execute("INSERT INTO rows (round, body, sum) VALUES (?, ?, ?)", (number, body, hashlib.md5(body).digest()))
    db.execute("UPDATE rows SET body = body WHERE id % 97 = ?", (number % 97,))
    db.execute("DELETE FROM rows WHERE round = ?", (number - 300,))
    db.execute("COMMIT")
    print(number, flush=True)
"#;

/// Checks the database of its first argument, and says which transaction was the last.
const SQLITE_CHECKER: &str = r#"
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
last = db.execute("SELECT max(round) FROM rows").fetchone()[0]
rounds = db.execute("SELECT round, count(*) FROM rows GROUP BY round ORDER BY round").fetchall()
assert [number for number, count in rounds] == list(range(rounds[0][0], last + 1)), "a transaction is missing"
assert all(count == 20 for number, count in rounds), "a transaction is there in part"
assert all(hashlib.md5(body).digest() == sum for body, sum in db.execute("SELECT body, sum FROM rows"))
print(last)
"#;

fn python(script: &str, arguments: &[&str]) -> Command {
	let mut command = Command::new("python3");
	command.args(["-c", script]).args(arguments).stdout(Stdio::piped());
	command
}

/// What a checker says; its complaints are the test's.
fn answer(mut command: Command) -> String {
	let child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
	let output = child.wait_with_output().unwrap();
	let said = String::from_utf8_lossy(&output.stdout).into_owned();
	let complaint = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{command:?}: {said} {complaint}");
	said
}

fn sqlite_survives(journal: &str) {
	let place = Place::new();
	// A part of it lies below.
	let below = place.lower().join("db").display().to_string();
	answer(python(SQLITE_WRITER, &[&below, "DELETE", "200"]));
	let database = place.mnt().join("db").display().to_string();
	let mut last = 200;
	for _ in 0..KILLS {
		let child = place.mount_in_child();
		let mut writer = python(SQLITE_WRITER, &[&database, journal, "1000000"]);
		let mut writer = spawn(writer.stderr(Stdio::null()));
		let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
		let until = last + COMMITS;
		while last < until {
			last = lines.next().expect("the writer ended").unwrap().parse().unwrap();
		}
		child.kill();
		// It may have committed more before it noticed.
		last = lines.map_while(Result::ok).map(|line| line.parse().unwrap()).last().unwrap_or(last);
		assert!(!writer.wait().unwrap().success(), "the mount is gone");
		detach(&place.mnt());

		let child = place.mount_in_child();
		let found: u64 = answer(python(SQLITE_CHECKER, &[&database])).trim().parse().unwrap();
		assert!(found >= last, "transaction {last} was committed, {found} is the last one");
		last = found;
		drop(child);
	}
}

#[test]
fn sqlite_with_a_write_ahead_log_keeps_what_it_committed() {
	sqlite_survives("WAL");
}

#[test]
fn sqlite_with_a_rollback_journal_keeps_what_it_committed() {
	sqlite_survives("DELETE");
}

fn db_bench(database: &Path, benchmarks: &str, count: u64) -> Command {
	let mut command = Command::new("db_bench");
	command
		.arg(format!("--db={}", database.display()))
		.arg(format!("--wal_dir={}", database.display()));
	command.arg(format!("--benchmarks={benchmarks}")).arg(format!("--num={count}"));
	// Small tables, so that there are compactions in a few seconds; half of each value can be compressed.
	command.args(["--use_existing_db=1", "--value_size=400", "--write_buffer_size=1048576"]);
	command.args(["--target_file_size_base=1048576", "--max_bytes_for_level_base=2097152"]);
	command.args(["--max_background_jobs=2", "--compression_type=none", "--sync=0"]);
	command.stdout(Stdio::null()).stderr(Stdio::null());
	command
}

#[test]
fn rocksdb_is_whole_after_its_mount_was_killed_during_compactions() {
	let place = Place::new();
	let below = place.lower().join("db");
	let mut fill = db_bench(&below, "fillrandom", 20_000);
	assert!(spawn(fill.arg("--use_existing_db=0")).wait().unwrap().success());
	let database = place.mnt().join("db");
	for round in 0..KILLS {
		let child = place.mount_in_child();
		let mut writer = spawn(&mut db_bench(&database, "overwrite", 10_000_000));
		// Until it has written its log anew a few times.
		let began = Instant::now();
		let tables = || std::fs::read_dir(place.thin().join("files")).unwrap().count();
		let before = tables();
		while tables() < before + 12 {
			assert!(began.elapsed() < PATIENCE, "it writes nothing in round {round}");
			thread::sleep(Duration::from_millis(50));
		}
		child.kill();
		writer.kill().unwrap();
		writer.wait().unwrap();
		detach(&place.mnt());

		let child = place.mount_in_child();
		let shown = format!("--db={}", database.display());
		let mut consistent = Command::new("ldb");
		consistent.args([&shown, "checkconsistency"]);
		assert!(answer(consistent).contains("OK"));
		let mut verified = Command::new("sst_dump");
		verified.arg(format!("--file={}", database.display())).arg("--command=verify");
		let verified = answer(verified);
		assert!(!verified.contains("orrupt"), "{verified}");
		// It opens, recovers its log, and compacts all of it.
		let whole = spawn(&mut db_bench(&database, "compact,readrandom", 1000)).wait().unwrap();
		assert!(whole.success(), "round {round}");
		drop(child);
	}
}
