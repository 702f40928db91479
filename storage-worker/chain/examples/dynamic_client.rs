//! subxt and a Granary chain: everything comes from the chain's metadata, no code is generated.
//!
//! `cargo run -p granary-chain --example dynamic_client -- ws://127.0.0.1:9944` on a chain with the development accounts
//! registers a twin and a farm and reads them back, as `scripts/clients` does with PAPI and polkadot.js.

use std::{error::Error, time::SystemTime};
use subxt::{
	dynamic::{constant, runtime_api_call, storage, transaction, At, Value},
	error::TransactionFinalizedSuccessError,
	OnlineClient, SubstrateConfig,
};
use subxt_signer::{sr25519::Keypair, SecretUri};

type Client = OnlineClient<SubstrateConfig>;
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Plancks of one unit.
const UNIT: u128 = 1_000_000_000_000;

fn account(uri: &str) -> Outcome<Keypair> {
	Ok(Keypair::from_uri(&uri.parse::<SecretUri>()?)?)
}

/// Prints a fact as `name: value`.
#[allow(clippy::print_stdout, reason = "what the example is for")]
fn fact(name: &str, value: impl std::fmt::Display) {
	println!("{name}: {value}");
}

/// Signs, submits, waits until it is final, and answers a number that an event carries.
async fn submit(
	client: &Client,
	signer: &Keypair,
	call: (&str, &str, Vec<Value>),
	event: (&str, &str, &str),
) -> Outcome<u128> {
	let call = transaction(call.0, call.1, call.2);
	let block = client.at_current_block().await?;
	let watched = block.transactions().sign_and_submit_then_watch_default(&call, signer).await?;
	let events = watched.wait_for_finalized_success().await?;
	for found in events.iter() {
		let found = found?;
		if (found.pallet_name(), found.event_name()) == (event.0, event.1) {
			let fields = found.decode_fields_unchecked_as::<Value>()?;
			let number = fields.at(event.2).and_then(|value| value.as_u128());
			return Ok(number.unwrap_or_default());
		}
	}
	Err(format!("there is no event {}.{}", event.0, event.1).into())
}

fn register_twin() -> (&'static str, &'static str, Vec<Value>) {
	let (endpoint, key) = (Value::from_bytes(b"client.example:9900"), Value::from_bytes([7u8; 32]));
	("Grid", "register_twin", vec![endpoint, key])
}

#[tokio::main]
async fn main() -> Outcome<()> {
	let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9944".to_owned());
	let client = Client::from_insecure_url(&url)
		.await
		.map_err(|error| format!("connecting to {url}: {error}"))?;
	let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
	let (alice, own) = (account("//Alice")?, account(&format!("//client//{started}"))?);
	let address = own.public_key().0;

	let to = Value::unnamed_variant("Id", [Value::from_bytes(address)]);
	let transfer = ("Balances", "transfer_keep_alive", vec![to, Value::u128(1_000 * UNIT)]);
	submit(&client, &alice, transfer, ("Balances", "Transfer", "amount")).await?;

	let registered = ("Grid", "TwinRegistered", "twin");
	let twin = submit(&client, &own, register_twin(), registered).await?;
	fact("twin", twin);
	match submit(&client, &own, register_twin(), registered).await {
		Ok(second) => return Err(format!("the account became a second twin, {second}").into()),
		Err(error) => {
			let refused = error.downcast_ref::<TransactionFinalizedSuccessError>();
			let text = refused.map_or_else(|| error.to_string(), ToString::to_string);
			if !text.contains("AlreadyTwin") {
				return Err(text.into());
			}
			fact("registering twice", "Grid.AlreadyTwin");
		},
	}
	let farm = vec![Value::from_bytes(b"subxt"), Value::unnamed_variant("None", [])];
	let farm =
		submit(&client, &own, ("Grid", "create_farm", farm), ("Grid", "FarmCreated", "farm"))
			.await?;
	fact("farm", farm);

	// Storage, constants and runtime calls, decoded by the metadata.
	let block = client.at_current_block().await?;
	let twins = storage::<(u32,), Value>("Grid", "Twins");
	let stored = block.storage().fetch(twins, (u32::try_from(twin)?,)).await?.decode()?;
	fact("its farms", stored.at("farms").and_then(|farms| farms.as_u128()).unwrap_or_default());
	fact("longest endpoint", block.constants().entry(constant::<u32>("Grid", "MaxEndpointLen"))?);
	let clock = runtime_api_call::<_, Value>("GranaryApi", "audit_clock", ());
	let clock = block.runtime_apis().call(clock).await?;
	fact("audit clock", clock);
	let found = runtime_api_call::<_, Value>("GranaryApi", "twin_of", (address,));
	let found = block.runtime_apis().call(found).await?;
	let id = found.at(0).and_then(|info| info.at("id")).and_then(|id| id.as_u128());
	if id != Some(twin) {
		return Err(format!("the runtime API answers {found} for twin {twin}").into());
	}
	fact("done", "subxt");
	Ok(())
}
