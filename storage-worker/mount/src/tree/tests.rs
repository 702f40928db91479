use super::*;
use granary_snapshot::Entry;

/// An empty directory below.
#[derive(Debug)]
struct Nothing([Entry; 1]);

impl Lower for Nothing {
	fn entries(&self) -> &[Entry] {
		&self.0
	}

	fn read_at(&self, _: usize, _: u64, _: &mut [u8]) -> std::io::Result<usize> {
		Ok(0)
	}
}

/// The paths of the tree that these records make.
fn paths(records: &[Record]) -> Vec<String> {
	let dir = tempfile::tempdir().unwrap();
	let kind = EntryKind::Directory;
	let root = Entry { path: Vec::new(), kind, mode: 0o755, uid: 0, gid: 0, mtime_ns: 0 };
	let places = (dir.path(), dir.path());
	let tree = Tree::build(Arc::new(Nothing([root])), records, places, Users::None).unwrap();
	tree.paths().into_iter().map(|(path, _)| String::from_utf8(path).unwrap()).collect()
}

fn directory(ino: u64, parent: u64, name: &str) -> Record {
	let (name, kind) = (name.as_bytes().to_vec(), NewKind::Directory);
	Record::Create { ino, parent, name, kind, mode: 0o755, uid: 0, gid: 0, time_ns: 0 }
}

fn link(ino: u64, parent: u64, name: &str) -> Record {
	Record::Link { ino, parent, name: name.as_bytes().to_vec() }
}

fn renamed(parent: u64, name: &str, new_parent: u64, new_name: &str) -> Record {
	let (name, new_name) = (name.as_bytes().to_vec(), new_name.as_bytes().to_vec());
	Record::Rename { parent, name, new_parent, new_name }
}

/// Checksums fit here, and nobody made the records.
#[test]
fn no_directory_gets_into_itself_and_a_number_is_used_once() {
	let (a, b) = (directory(2, 1, "a"), directory(3, 2, "b"));
	let with = |more: &[Record]| paths(&[&[a.clone(), b.clone()], more].concat());
	assert_eq!(with(&[]), ["", "a", "a/b"]);
	assert_eq!(with(&[link(2, 3, "around")]), ["", "a", "a/b"]);
	assert_eq!(with(&[link(2, 1, "twice"), link(1, 3, "root")]), ["", "a", "a/b"]);
	assert_eq!(with(&[renamed(1, "a", 3, "around")]), [""], "it is nowhere");
	assert_eq!(with(&[renamed(2, "b", 1, "b"), renamed(1, "a", 3, "a")]), ["", "b", "b/a"]);
	assert_eq!(with(&[directory(2, 1, "again")]), ["", "a", "a/b"]);
	assert_eq!(with(&[directory(u64::MAX, 3, "last")]), ["", "a", "a/b", "a/b/last"]);
	assert_eq!(with(&[link(9, 1, "missing"), link(3, 9, "nowhere")]), ["", "a", "a/b"]);
	assert_eq!(paths(&[directory(2, 2, "itself")]), [""]);
	assert_eq!(paths(&[Record::Reset { next_ino: u64::MAX }, link(9, 1, "missing")]), [""]);
}
