//! Keys as lines and words, and keys that were sealed to a recipient.

#![no_main]

use granary_dispersal::{DatasetKey, Recipient, RecipientKey};
use granary_fuzz::Input;
use std::sync::OnceLock;

struct Own {
	secret: RecipientKey,
	sealed: Vec<u8>,
	key: DatasetKey,
}

fn own() -> &'static Own {
	static OWN: OnceLock<Own> = OnceLock::new();
	OWN.get_or_init(|| {
		let secret: RecipientKey =
			format!("granary-key-1:{}", "07".repeat(32)).parse().expect("a key");
		let key: DatasetKey =
			format!("granary-dataset-1:{}", "5a".repeat(48)).parse().expect("a key");
		let sealed = secret.recipient().seal(&key, b"context").expect("it is sealed");
		Own { secret, sealed, key }
	})
}

fn texts(text: &str) {
	let _ = text.parse::<DatasetKey>();
	let _ = text.parse::<RecipientKey>();
	if let Ok(recipient) = text.parse::<Recipient>() {
		let again: Recipient = recipient.to_text().parse().expect("what is written is read");
		assert_eq!(again, recipient);
		assert!(text.trim().eq_ignore_ascii_case(&recipient.to_text()));
		let sealed =
			recipient.seal(&own().key, b"context").expect("any recipient can be sealed to");
		assert!(
			own().secret.open(&sealed, b"context").is_err()
				|| recipient == own().secret.recipient()
		);
	}
	if let Ok(key) = DatasetKey::from_phrase(text) {
		let words = key.phrase().expect("a key of words has words");
		assert_eq!(
			DatasetKey::from_phrase(&words).expect("what is written is read").id(),
			key.id()
		);
	}
	let _ = RecipientKey::from_phrase(text);
}

fn grants(input: &mut Input<'_>) {
	let Own { secret, sealed, key } = own();
	let mut given = sealed.clone();
	let len = input.below(2 * sealed.len());
	given.resize(len, 0);
	let mut changed = len != sealed.len();
	while !input.is_empty() && !given.is_empty() {
		let (at, change) = (input.below(given.len()), input.byte());
		given[at] ^= change;
	}
	changed |= given != *sealed;
	match secret.open(&given, b"context") {
		Ok(opened) => assert!(!changed && opened.id() == key.id()),
		Err(_) => assert!(changed, "what was sealed opens"),
	}
}

fn run(bytes: &[u8]) {
	let mut input = Input::new(bytes);
	match input.byte() & 1 {
		0 => texts(&String::from_utf8_lossy(input.rest())),
		_ => grants(&mut input),
	}
}

fn seeds() -> Vec<Vec<u8>> {
	let Own { secret, sealed, key } = own();
	let texts = [
		format!("granary-dataset-1:{}", "5a".repeat(48)),
		format!("granary-key-1:{}", "07".repeat(32)),
		secret.recipient().to_text(),
		secret.phrase().expect("words").to_string(),
		"abandon ".repeat(23) + "art",
	];
	assert!(key.id().len() == 16);
	let mut seeds: Vec<Vec<u8>> =
		texts.iter().map(|text| [&[0], text.as_bytes()].concat()).collect();
	let len = (sealed.len() as u16).to_le_bytes();
	seeds.push(vec![1, len[0], len[1]]);
	seeds.push(vec![1, len[0], len[1], 5, 0, 1]);
	seeds
}

granary_fuzz::target!(run, seeds: seeds);
