//! Sizes and amounts as people write them.

use granary_primitives::Balance;

/// Plancks of one unit of money.
pub(crate) const UNIT: Balance = 1_000_000_000_000;

const SUFFIXES: [(&str, u64); 9] = [
	("KiB", 1 << 10),
	("MiB", 1 << 20),
	("GiB", 1 << 30),
	("TiB", 1 << 40),
	("KB", 1_000),
	("MB", 1_000_000),
	("GB", 1_000_000_000),
	("TB", 1_000_000_000_000),
	("B", 1),
];

/// Reads a size such as `512MiB`, `1.5GiB` or plain bytes.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
	let trimmed = text.trim();
	let (number, factor) = SUFFIXES
		.iter()
		.find_map(|(suffix, factor)| trimmed.strip_suffix(suffix).map(|number| (number, *factor)))
		.unwrap_or((trimmed, 1));
	let number: f64 = number.trim().parse().map_err(|_| {
		format!("'{text}' is not a size; write for example 512MiB, 10GiB or 1000000")
	})?;
	let bytes = number * factor as f64;
	if !(0.0..=u64::MAX as f64).contains(&bytes) {
		return Err(format!("'{text}' is out of range"));
	}
	Ok(bytes as u64)
}

/// A size for people.
pub(crate) fn bytes_text(bytes: u64) -> String {
	for (suffix, factor) in
		[("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
	{
		if bytes >= factor {
			return format!("{:.1} {suffix}", bytes as f64 / factor as f64);
		}
	}
	format!("{bytes} B")
}

/// Reads an amount of money in units, with up to twelve decimals, exactly.
pub(crate) fn parse_units(text: &str) -> Result<Balance, String> {
	let wrong = || format!("'{text}' is not an amount; write units such as 12 or 0.5");
	let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
	if fraction.len() > 12 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
		return Err(wrong());
	}
	let whole: Balance = whole.parse().map_err(|_| wrong())?;
	let padded: Balance = format!("{fraction:0<12}").parse().map_err(|_| wrong())?;
	whole.checked_mul(UNIT).and_then(|units| units.checked_add(padded)).ok_or_else(wrong)
}

/// An amount of money for people.
pub(crate) fn units_text(amount: Balance) -> String {
	let fraction = format!("{:012}", amount % UNIT);
	let fraction = fraction.trim_end_matches('0');
	if fraction.is_empty() {
		format!("{}", amount / UNIT)
	} else {
		format!("{}.{fraction}", amount / UNIT)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sizes() {
		assert_eq!(parse_bytes("512MiB"), Ok(512 << 20));
		assert_eq!(parse_bytes("1.5GiB"), Ok(3 << 29));
		assert_eq!(parse_bytes("2 GB"), Ok(2_000_000_000));
		assert_eq!(parse_bytes("77"), Ok(77));
		for wrong in ["", "GiB", "-1", "1e40TiB", "10XiB"] {
			assert!(parse_bytes(wrong).is_err(), "{wrong}");
		}
		assert_eq!(bytes_text(1536), "1.5 KiB");
	}

	#[test]
	fn amounts() {
		assert_eq!(parse_units("12"), Ok(12 * UNIT));
		assert_eq!(parse_units("0.5"), Ok(UNIT / 2));
		assert_eq!(parse_units("0.000000000001"), Ok(1));
		for wrong in ["", "-1", "1.0000000000001", "x", "1.+5"] {
			assert!(parse_units(wrong).is_err(), "{wrong}");
		}
		assert_eq!(units_text(UNIT / 2), "0.5");
		assert_eq!(units_text(3 * UNIT), "3");
	}
}
