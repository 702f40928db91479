//! Times as they are typed.

use std::time::Duration;

/// A time such as 90s, 30m, 6h or 1d.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
	let wrong = || format!("'{text}' is not a time; write for example 90s, 30m, 6h or 1d");
	let (number, seconds) = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
		.iter()
		.find_map(|(suffix, seconds)| text.strip_suffix(suffix).map(|number| (number, *seconds)))
		.ok_or_else(wrong)?;
	let number: u64 = number.parse().map_err(|_| wrong())?;
	number
		.checked_mul(seconds)
		.filter(|seconds| *seconds > 0)
		.map(Duration::from_secs)
		.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_are_read_and_nonsense_is_not() {
		assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
		assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7200)));
		for wrong in
			["", "5", "h", "0s", "-1m", "1.5h", "99999999999999999999d", "999999999999999999d"]
		{
			assert!(parse_duration(wrong).is_err(), "{wrong}");
		}
	}
}
