//! NSSET.

use super::{errors, namespace::name, Answer};
use crate::{
	account::parse_account,
	engine::DEFAULT_NAMESPACE,
	limits::{PROPERTY_MAX_BYTES, PROPERTY_VALUE_MAX_BYTES},
	server::{Args, Flow, Output, Session},
	Access, Mode, NamespaceUpdate, ZdbError,
};

/// `NSSET namespace property value`, by an administrator.
pub(super) fn nsset(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	args.exact(4)?;
	let name = name(args)?;
	let (property, value) = (args.get(2).unwrap_or_default(), args.get(3).unwrap_or_default());
	if property.len() > PROPERTY_MAX_BYTES || value.len() > PROPERTY_VALUE_MAX_BYTES {
		return Err("Argument too long");
	}
	let store = &session.shared.store;
	let namespace = store.namespace(name).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	let is_default = name == DEFAULT_NAMESPACE;
	if is_default && !matches!(property, b"mode" | b"lock" | b"freeze") {
		return Err("Cannot update default namespace");
	}
	if property == b"mode" && session.shared.options.fixed_mode.is_some() {
		return Err("This server instance is configured to use a single runtime mode");
	}
	if property == b"mode" && !namespace.is_unused() {
		return Err(errors::text(&ZdbError::Used));
	}
	let update = update(property, value)?;
	store.update_namespace(name, &update).map_err(|error| errors::write_text(&error))?;
	session.shared.hooks.fire("namespace-updated", &[name]);
	output.ok();
	Ok(Flow::Continue)
}

fn update(property: &[u8], value: &[u8]) -> Result<NamespaceUpdate, &'static str> {
	let on = value.first() == Some(&b'1');
	let access = |access| Some(if on { access } else { Access::Open });
	let nothing = NamespaceUpdate::default();
	Ok(match property {
		b"mode" => {
			let mode = match value {
				b"user" => Mode::User,
				b"seq" => Mode::Sequential,
				_ => return Err("Invalid property value (expected: user, seq)"),
			};
			NamespaceUpdate { mode: Some(mode), ..nothing }
		},
		b"lock" => NamespaceUpdate { access: access(Access::Locked), ..nothing },
		b"freeze" => NamespaceUpdate { access: access(Access::Frozen), ..nothing },
		b"public" => NamespaceUpdate { public: Some(on), ..nothing },
		b"worm" => NamespaceUpdate { worm: Some(on), ..nothing },
		b"audited" => NamespaceUpdate { audited: Some(on), ..nothing },
		b"maxsize" => {
			// 0-db reads garbage as 0, which lifts the quota; a typing error should not.
			let bytes = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
			let bytes: u64 = bytes.ok_or("Invalid property value (expected: bytes in decimal)")?;
			NamespaceUpdate { max_bytes: Some((bytes > 0).then_some(bytes)), ..nothing }
		},
		b"password" => {
			let text = std::str::from_utf8(value).map_err(|_| "Invalid property value")?;
			let password = (text != "*").then(|| text.to_owned());
			NamespaceUpdate { password: Some(password), ..nothing }
		},
		b"owner" if value == b"*" => NamespaceUpdate { owner: Some(None), ..nothing },
		b"owner" => {
			let account = std::str::from_utf8(value).ok().and_then(parse_account);
			let account = account.ok_or(errors::INVALID_ACCOUNT)?;
			NamespaceUpdate { owner: Some(Some(account)), ..nothing }
		},
		_ => return Err("Invalid property"),
	})
}
