//! NSNEW, NSDEL, NSLIST, NSINFO.

use super::{errors, Answer};
use crate::{
	engine::{hex, DEFAULT_NAMESPACE},
	limits::NAMESPACE_NAME_MAX_BYTES,
	server::{Args, Flow, Output, Session},
	Access, Mode, NamespaceInfo, NamespaceOptions, ZdbError,
};
use std::fmt::Write;

/// The name of a namespace command's only or first argument.
pub(super) fn name(args: Args<'_>) -> Result<&str, &'static str> {
	if args.get(1).unwrap_or_default().len() > NAMESPACE_NAME_MAX_BYTES {
		return Err(errors::NAMESPACE_TOO_LONG);
	}
	Ok(args.text(1).unwrap_or_default())
}

/// `NSNEW namespace`, by an administrator.
pub(super) fn nsnew(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	args.exact(2)?;
	let name = name(args)?;
	if name == DEFAULT_NAMESPACE {
		return Err("This name is not allowed");
	}
	let store = &session.shared.store;
	let durability = store.default_durability();
	let mode = session.shared.options.fixed_mode.unwrap_or_default();
	let options = NamespaceOptions { mode, public: true, durability, ..Default::default() };
	store.create_namespace(name, options).map_err(|error| match error {
		ZdbError::BadName(_) => "This name is not allowed",
		ZdbError::NamespaceExists(_) => "This namespace is not available",
		other => {
			tracing::error!(namespace = name, error = %other, "NSNEW");
			"Could not create namespace"
		},
	})?;
	session.shared.hooks.fire("namespace-created", &[name]);
	output.ok();
	Ok(Flow::Continue)
}

/// `NSDEL namespace`, by an administrator who is not attached to it.
pub(super) fn nsdel(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	args.exact(2)?;
	let name = name(args)?;
	if name != DEFAULT_NAMESPACE && name == session.namespace.name() {
		return Err("Cannot remove namespace you're currently using.");
	}
	session.shared.store.remove_namespace(name).map_err(|error| match error {
		ZdbError::DefaultNamespace => "Cannot remove default namespace",
		ZdbError::NoNamespace(_) => "This namespace doesn't exists",
		other => {
			tracing::error!(namespace = name, error = %other, "NSDEL");
			"Could not delete this namespace"
		},
	})?;
	session.shared.hooks.fire("namespace-deleted", &[name]);
	output.ok();
	Ok(Flow::Continue)
}

/// `NSJUMP`, by an administrator: the client's namespace goes on in a new segment.
pub(super) fn nsjump(session: &mut Session, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	session.namespace.jump().map_err(|error| errors::write_text(&error))?;
	output.ok();
	Ok(Flow::Continue)
}

/// `RELOAD namespace`, by an administrator: its files are read again, as after a restart.
pub(super) fn reload(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	args.exact(2)?;
	let name = name(args)?;
	session.shared.store.reload_namespace(name).map_err(|error| match error {
		ZdbError::NoNamespace(_) => errors::NAMESPACE_NOT_FOUND,
		other => errors::text(&other),
	})?;
	session.shared.hooks.fire("namespace-reloaded", &[name]);
	output.ok();
	Ok(Flow::Continue)
}

/// `FLUSH`: removes everything from the client's namespace, which must be private and be written to with its password or by its owner.
pub(super) fn flush(session: &mut Session, output: &mut Output) -> Answer {
	let namespace = session.namespace.clone();
	if namespace.is_public() || !namespace.is_guarded() {
		return Err("Flushing public namespace denied");
	}
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	let info = namespace.info();
	if info.worm {
		return Err(errors::text(&ZdbError::WormNoDelete));
	}
	match info.access {
		Access::Open => {},
		Access::Locked => return Err(errors::text(&ZdbError::Locked)),
		Access::Frozen => return Err(errors::text(&ZdbError::Frozen)),
	}
	session.shared.store.flush_namespace(namespace.name()).map_err(|error| match error {
		ZdbError::AuditedStays => errors::text(&error),
		other => {
			tracing::error!(namespace = namespace.name(), error = %other, "FLUSH");
			"Internal Server Error"
		},
	})?;
	output.ok();
	Ok(Flow::Continue)
}

/// `NSLIST`: all names.
pub(super) fn nslist(session: &mut Session, output: &mut Output) -> Answer {
	let names = session.shared.store.list();
	output.array(names.len());
	for name in &names {
		output.bulk(name.as_bytes());
	}
	Ok(Flow::Continue)
}

/// `NSINFO namespace`: settings and figures. A private namespace tells only administrators and its own clients.
pub(super) fn nsinfo(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	args.exact(2)?;
	let name = name(args)?;
	let namespace = session.shared.store.namespace(name).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	let is_private = namespace.is_guarded() && !namespace.is_public();
	let is_owner = session.account.is_some() && namespace.owner() == session.account;
	if is_private && !session.is_admin && !is_owner && session.namespace.name() != name {
		return Err(errors::PERMISSION_DENIED);
	}
	if session.namespace.name() == name {
		session.count();
	}
	output.bulk(describe(&namespace.info(), session.is_admin).as_bytes());
	Ok(Flow::Continue)
}

/// 0-db's lines in 0-db's order, then our own.
fn describe(info: &NamespaceInfo, for_admin: bool) -> String {
	let mut text = String::from("# namespace\n");
	let yes_no = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
	let mib = |bytes: u64| format!("{:.2}", bytes as f64 / f64::from(1 << 20));
	let mut line = |name: &str, value: String| {
		// Writing into a string cannot fail.
		let _ = writeln!(text, "{name}: {value}");
	};
	line("name", info.name.clone());
	line("entries", info.entries.to_string());
	line("public", yes_no(info.public));
	line("worm", yes_no(info.worm));
	line("locked", yes_no(info.access != Access::Open));
	line("password", yes_no(info.has_password));
	line("data_size_bytes", info.live_bytes.to_string());
	line("data_size_mb", mib(info.live_bytes));
	line("data_limits_bytes", info.max_bytes.unwrap_or(0).to_string());
	line("index_size_bytes", info.index_bytes.to_string());
	line("index_size_kb", format!("{:.2}", info.index_bytes as f64 / 1024.0));
	line("next_internal_id", format!("0x{:08x}", info.next_id.swap_bytes()));
	let mode = if info.mode == Mode::Sequential { "sequential" } else { "userkey" };
	line("mode", mode.to_owned());
	line("stats_index_io_errors", "0".to_owned());
	line("stats_index_io_error_last", "0".to_owned());
	line("stats_index_faults", "0".to_owned());
	line("stats_data_io_errors", (info.read_errors + info.write_errors).to_string());
	line("stats_data_io_error_last", "0".to_owned());
	line("stats_data_faults", info.read_errors.to_string());
	if let Some(max_bytes) = info.max_bytes {
		line("space_available", max_bytes.saturating_sub(info.disk_bytes).to_string());
	}
	line("index_disk_freespace_bytes", info.disk_free_bytes.to_string());
	line("index_disk_freespace_mb", mib(info.disk_free_bytes));
	line("data_disk_freespace_bytes", info.disk_free_bytes.to_string());
	line("data_disk_freespace_mb", mib(info.disk_free_bytes));
	if for_admin {
		let active = info.path.join(format!("segment-{:08}.log", info.active_segment));
		line("data_path", info.path.display().to_string());
		line("data_active", active.display().to_string());
		line("index_path", info.path.display().to_string());
		line("index_active", active.display().to_string());
		line("data_current_id", info.active_segment.to_string());
		line("data_current_offset", info.active_offset.to_string());
	}
	line("fault", info.fault.clone().unwrap_or_else(|| "none".to_owned()));
	line("damage", info.damage.clone().unwrap_or_else(|| "none".to_owned()));
	line("audited", yes_no(info.audited));
	line("frozen", yes_no(info.access == Access::Frozen));
	line("disk_size_bytes", info.disk_bytes.to_string());
	line("owner", info.owner.map_or_else(|| "none".to_owned(), |owner| hex(&owner)));
	let traffic = &info.traffic;
	for (name, value) in [
		("stats_reads", traffic.reads),
		("stats_read_misses", traffic.misses),
		("stats_writes", traffic.writes),
		("stats_deletes", traffic.deletes),
		("stats_read_bytes", traffic.read_bytes),
		("stats_written_bytes", traffic.written_bytes),
		("stats_refusals", traffic.refusals),
	] {
		line(name, value.to_string());
	}
	text
}
