//! Gives a development chain real load: signed transfers or remarks from several development accounts, sent without waiting
//! for one another, until all of them are finalised. Prints the rate.

#![allow(clippy::print_stdout, reason = "an example")]

use clap::Parser;
use granary_chain::{Call, ChainClient, ChainError, Signer};
use granary_primitives::{AccountBytes, Balance};
use rand::RngCore;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

const ACCOUNTS: [&str; 6] = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
/// What an account must have to take part, in plancks: one unit.
const LEAST_BALANCE: Balance = 1_000_000_000_000;
/// What each transfer moves, in plancks.
const AMOUNT: Balance = 1_000_000_000;
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Send signed transactions and wait until all of them are finalised.
#[derive(Debug, Parser)]
struct Arguments {
	/// Endpoint of the chain.
	#[arg(long, default_value = "ws://127.0.0.1:9944")]
	chain: String,
	/// Transactions to send, over all accounts.
	#[arg(long, default_value_t = 2000)]
	count: u64,
	/// Transactions of one account that may wait for their finalisation at once.
	#[arg(long, default_value_t = 500)]
	in_flight: u64,
	/// Send remarks with so many bytes of noise instead of transfers, to make a database grow.
	#[arg(long)]
	remark_bytes: Option<usize>,
	/// Seconds without progress after which it is given up.
	#[arg(long, default_value_t = 120)]
	patience: u64,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
	let arguments = Arc::new(Arguments::parse());
	let chain = Arc::new(ChainClient::connect(std::slice::from_ref(&arguments.chain), None).await?);
	let funded = funded_accounts(&chain).await?;
	let accounts = funded.len() as u64;
	if accounts == 0 {
		return Err("no development account has money on this chain".into());
	}
	let started = Instant::now();
	let mut tasks = Vec::new();
	for (index, signer) in (0..accounts).zip(funded.clone()) {
		// The first accounts take what does not divide evenly.
		let share = arguments.count / accounts + u64::from(index < arguments.count % accounts);
		let to = funded.iter().cycle().nth(index as usize + 1).map_or([0; 32], Signer::account);
		tasks.push(tokio::spawn(send(chain.clone(), signer, to, share, arguments.clone())));
	}
	for task in tasks {
		task.await??;
	}
	let seconds = started.elapsed().as_secs_f64();
	println!(
		"{} transactions of {accounts} accounts finalised in {seconds:.1} s: {:.0} a second",
		arguments.count,
		arguments.count as f64 / seconds
	);
	Ok(())
}

async fn funded_accounts(chain: &ChainClient) -> Result<Vec<Signer>, ChainError> {
	let mut funded = Vec::new();
	for uri in ACCOUNTS {
		let signer = Signer::from_uri(uri)?;
		if chain.balance(signer.account()).await?.free >= LEAST_BALANCE {
			funded.push(signer);
		}
	}
	Ok(funded)
}

async fn send(
	chain: Arc<ChainClient>,
	signer: Signer,
	to: AccountBytes,
	count: u64,
	arguments: Arc<Arguments>,
) -> Result<(), Failure> {
	let account = signer.account();
	let mut sender = chain.sender(signer).await?;
	for sent in 1..=count {
		let call = match arguments.remark_bytes {
			Some(bytes) => Call::remark(&noise(bytes)),
			None => Call::transfer(to, AMOUNT),
		};
		sender.send(&call).await?;
		if sent % arguments.in_flight.max(1) == 0 {
			until_finalised(&chain, account, sender.next_nonce(), arguments.patience).await?;
		}
	}
	until_finalised(&chain, account, sender.next_nonce(), arguments.patience).await
}

/// Bytes that do not compress.
fn noise(bytes: usize) -> Vec<u8> {
	let mut noise = vec![0; bytes];
	rand::thread_rng().fill_bytes(&mut noise);
	noise
}

/// Waits until the account's nonce in the finalised state is `nonce`.
async fn until_finalised(
	chain: &ChainClient,
	account: AccountBytes,
	nonce: u64,
	patience: u64,
) -> Result<(), Failure> {
	let mut last = (0, Instant::now());
	loop {
		let reached = u64::from(chain.balance(account).await?.nonce);
		if reached >= nonce {
			return Ok(());
		}
		if reached > last.0 {
			last = (reached, Instant::now());
		}
		if last.1.elapsed() > Duration::from_secs(patience) {
			let text =
				format!("no progress for {patience} s: nonce {reached} of {nonce} is finalised");
			return Err(text.into());
		}
		tokio::time::sleep(POLL_INTERVAL).await;
	}
}
