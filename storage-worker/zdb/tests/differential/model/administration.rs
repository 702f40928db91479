//! NSNEW, NSDEL, RELOAD, NSSET, NSINFO.

use super::{exact, Access, Bytes, Client, Expect, Model, Namespace, DENIED, OK};
use Expect::Error;

impl Model {
	pub(super) fn administer(
		&mut self,
		client: &Client,
		command: &str,
		args: &[Bytes],
	) -> Result<Expect, Expect> {
		if !client.admin {
			return Err(DENIED);
		}
		exact(args, 2)?;
		if args[1].len() > 128 {
			return Err(Error("Namespace too long"));
		}
		let name = String::from_utf8_lossy(&args[1]).into_owned();
		let exists = self.namespaces.contains_key(&name);
		match command {
			"NSNEW" if matches!(name.as_str(), "default" | "." | "..") || name.contains('/') => {
				return Err(Error("This name is not allowed"));
			},
			"NSNEW" if exists => return Err(Error("This namespace is not available")),
			"NSNEW" => {
				self.made += 1;
				self.namespaces.insert(name, Namespace::new(self.made));
			},
			"NSDEL" if name == "default" => return Err(Error("Cannot remove default namespace")),
			"NSDEL" if !exists => return Err(Error("This namespace doesn't exists")),
			"NSDEL" if name == client.namespace => {
				return Err(Error("Cannot remove namespace you're currently using."));
			},
			"NSDEL" => drop(self.namespaces.remove(&name)),
			_ if !exists => return Err(Error("Namespace not found")),
			_ => {},
		}
		Ok(OK)
	}

	pub(super) fn nsset(&mut self, client: &Client, args: &[Bytes]) -> Result<Expect, Expect> {
		if !client.admin {
			return Err(DENIED);
		}
		exact(args, 4)?;
		let text = |at: usize| String::from_utf8_lossy(&args[at]).into_owned();
		let (name, property, value) = (text(1), text(2), text(3));
		if name.len() > 128 {
			return Err(Error("Namespace too long"));
		}
		if property.len() > 256 || value.len() > 128 {
			return Err(Error("Argument too long"));
		}
		let namespace = self.namespaces.get_mut(&name).ok_or(Error("Namespace not found"))?;
		if name == "default" && !["mode", "lock", "freeze"].contains(&property.as_str()) {
			return Err(Error("Cannot update default namespace"));
		}
		let on = value.starts_with('1');
		match property.as_str() {
			"mode" if namespace.used => return Err(Error("Cannot change mode of used namespace")),
			"mode" if value == "user" => namespace.sequential = false,
			"mode" if value == "seq" => namespace.sequential = true,
			"mode" => return Err(Error("Invalid property value (expected: user, seq)")),
			"lock" => namespace.access = if on { Access::Locked } else { Access::Open },
			"freeze" => namespace.access = if on { Access::Frozen } else { Access::Open },
			"public" => namespace.public = on,
			"worm" => namespace.worm = on,
			"maxsize" => match value.parse::<u64>() {
				Ok(bytes) => namespace.full = bytes > 0,
				Err(_) => return Err(Error("Invalid property value (expected: bytes in decimal)")),
			},
			"password" => namespace.password = Some(value).filter(|value| value != "*"),
			_ => return Err(Error("Invalid property")),
		}
		Ok(OK)
	}

	pub(super) fn nsinfo(&self, client: &Client, args: &[Bytes]) -> Result<Expect, Expect> {
		exact(args, 2)?;
		if args[1].len() > 128 {
			return Err(Error("Namespace too long"));
		}
		let name = String::from_utf8_lossy(&args[1]).into_owned();
		let namespace = self.namespaces.get(&name).ok_or(Error("Namespace not found"))?;
		let is_private = namespace.password.is_some() && !namespace.public;
		if is_private && !client.admin && client.namespace != name {
			return Err(DENIED);
		}
		let yes_no = |flag: bool| if flag { "yes" } else { "no" };
		let newest = namespace.keys.iter().map(|(_, versions)| versions.last().unwrap());
		let bytes: usize = newest.map(|version| version.value.len()).sum();
		Ok(Expect::Lines(vec![
			format!("name: {name}"),
			format!("entries: {}", namespace.keys.len()),
			format!("public: {}", yes_no(namespace.public)),
			format!("worm: {}", yes_no(namespace.worm)),
			format!("locked: {}", yes_no(namespace.access != Access::Open)),
			format!("password: {}", yes_no(namespace.password.is_some())),
			format!("data_size_bytes: {bytes}"),
			format!("next_internal_id: 0x{:08x}", namespace.next_id.swap_bytes()),
			format!("mode: {}", if namespace.sequential { "sequential" } else { "userkey" }),
		]))
	}
}
