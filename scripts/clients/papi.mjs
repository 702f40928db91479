// PAPI (polkadot-api) and a Granary chain: the unsafe API reads everything from the chain's metadata; no descriptors are generated.
import { Keyring } from "@polkadot/api";
import { Binary, createClient } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";
import { check, endpoint, fact, fail, inTime, ownAccount, UNIT } from "./journey.mjs";

const url = endpoint("papi.mjs", "Registers a twin and a farm with PAPI and reads them back.");
const client = createClient(getWsProvider(url, { websocketClass: WebSocket }));
const api = client.getUnsafeApi();

const keyring = new Keyring({ type: "sr25519" });
function account(uri) {
  const pair = keyring.addFromUri(uri);
  return { pair, signer: getPolkadotSigner(pair.publicKey, "Sr25519", (bytes) => pair.sign(bytes)) };
}

// Signs, submits and waits until it is final; answers the events, or the name of the error of its pallet.
async function submit(call, signer) {
  const outcome = await inTime(call.signAndSubmit(signer), 120, "a transaction");
  if (outcome.ok) return { events: outcome.events };
  const { type, value } = outcome.dispatchError;
  return { error: type === "Module" ? `${value.type}.${value.value.type}` : type };
}

function eventOf(events, pallet, name) {
  const found = events.find((event) => event.type === pallet && event.value.type === name);
  check(found, `there is no event ${pallet}.${name}`);
  return found.value.value;
}

try {
  const { name } = await inTime(client.getChainSpecData(), 15, `connecting to ${url}`);
  const version = await api.constants.System.Version();
  fact("chain", `${name} (${version.spec_name} ${version.spec_version})`);
  const [alice, own] = [account("//Alice"), account(ownAccount)];

  const transfer = api.tx.Balances.transfer_keep_alive({
    dest: { type: "Id", value: own.pair.address },
    value: 1_000n * UNIT,
  });
  const funded = await submit(transfer, alice.signer);
  check(!funded.error, `transfer failed: ${funded.error}`);

  const register = () =>
    api.tx.Grid.register_twin({
      endpoint: Binary.fromText("client.example:9900"),
      transport_key: `0x${"07".repeat(32)}`,
    });
  const registered = await submit(register(), own.signer);
  check(!registered.error, `registering failed: ${registered.error}`);
  const { twin } = eventOf(registered.events, "Grid", "TwinRegistered");
  fact("twin", twin);

  const again = await submit(register(), own.signer);
  fact("registering twice", again.error ?? "succeeded");
  check(again.error === "Grid.AlreadyTwin", "a second twin is an error of the pallet");

  const farmed = await submit(api.tx.Grid.create_farm({ name: Binary.fromText("papi"), payout: undefined }), own.signer);
  check(!farmed.error, `creating a farm failed: ${farmed.error}`);
  const { farm } = eventOf(farmed.events, "Grid", "FarmCreated");
  fact("farm", farm);

  // Storage, constants and runtime calls, decoded by the metadata.
  const stored = await api.query.Grid.Twins.getValue(twin);
  check(stored.account === own.pair.address, "the stored twin is another account's");
  fact("longest endpoint", await api.constants.Grid.MaxEndpointLen());

  const granary = api.apis.GranaryApi;
  const clock = await granary.audit_clock();
  fact("audit clock", { tick: clock.tick, period: clock.period_ticks });
  const answered = await granary.twin_of(`0x${Buffer.from(own.pair.publicKey).toString("hex")}`);
  check(answered.id === twin, "the runtime API answers another twin");
  const farms = await granary.farms(farm, 10);
  check(farms.some((one) => one.id === farm), "the runtime API does not list the farm");
  fact("nodes", (await granary.nodes(0, 10)).length);
  fact("snapshots", (await granary.snapshots(0n, 10)).length);

  // The same question over JSON-RPC.
  const overRpc = await client._request("granary_twin", [own.pair.address]);
  check(overRpc.id === twin && overRpc.endpoint === "client.example:9900", "JSON-RPC and the runtime API differ");
  fact("granary_twin", overRpc.id);
  fact("done", "PAPI");
  client.destroy();
  process.exit(0);
} catch (error) {
  fail(error.message);
}
