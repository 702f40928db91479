//! What a data directory holds, key by key.

use crate::cli::Context;
use anyhow::Result;
use granary_zdb::Store;
use serde_json::{json, Value};

/// Prints every live key: namespace, key, bytes, time. Keys that are not text are shown in hex.
pub(super) fn print(store: &Store, context: &Context) -> Result<()> {
	let mut keys = Vec::new();
	for name in store.list() {
		let Some(namespace) = store.namespace(&name) else { continue };
		let mut cursor: Option<[u8; 17]> = None;
		while let Some(page) = namespace.scan(cursor.as_ref().map(|cursor| cursor.as_slice()))? {
			for entry in page.entries {
				keys.push((name.clone(), shown(&entry.key), entry.value_len, entry.timestamp));
			}
			cursor = Some(page.cursor);
		}
	}
	let values: Vec<Value> = keys
		.iter()
		.map(|(namespace, key, bytes, time)| {
			json!({ "namespace": namespace, "key": key, "bytes": bytes, "time": time })
		})
		.collect();
	context.print(&json!(values), |out| {
		out.row(&["NAMESPACE", "KEY", "BYTES", "TIME"]);
		for (namespace, key, bytes, time) in &keys {
			out.row(&[namespace, key, &bytes.to_string(), &time.to_string()]);
		}
	});
	Ok(())
}

fn shown(key: &[u8]) -> String {
	match std::str::from_utf8(key) {
		Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
		_ => format!("0x{}", hex::encode(key)),
	}
}
