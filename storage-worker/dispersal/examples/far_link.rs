//! Ways to backends that are far away, for kernels without netem: whoever connects here reaches a backend with a delay, and at a rate that all
//! connections to it share in each direction. It runs until it is stopped.
//!
//! Usage: `far_link ROUND_TRIP_MS MEGABITS_PER_SECOND LISTEN=ADDRESS...`

mod bench;

use bench::{far_away, Distance, Outcome};
use std::time::Duration;

const USAGE: &str = "usage: far_link ROUND_TRIP_MS MEGABITS_PER_SECOND LISTEN=ADDRESS...";

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
	let mut arguments = std::env::args().skip(1);
	let mut number = || -> Outcome<f64> { Ok(arguments.next().ok_or(USAGE)?.parse()?) };
	let (round_trip_ms, megabits) = (number()?, number()?);
	let distance = Distance {
		one_way: Duration::from_secs_f64(round_trip_ms / 2e3),
		bytes_per_second: Some(megabits * 125e3),
	};
	for argument in arguments {
		let (listen, address) = argument.split_once('=').ok_or(USAGE)?;
		far_away(listen, address.to_owned(), distance).await?;
	}
	std::future::pending().await
}
