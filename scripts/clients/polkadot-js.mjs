// polkadot.js and a Granary chain: everything comes from the chain's metadata, nothing from a types bundle.
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { check, endpoint, fact, fail, inTime, ownAccount, UNIT } from "./journey.mjs";

const url = endpoint("polkadot-js.mjs", "Registers a twin and a farm with polkadot.js and reads them back.");
const provider = new WsProvider(url);
const connecting = ApiPromise.create({ provider, noInitWarn: true });
const api = await inTime(connecting, 30, `connecting to ${url}`).catch((error) => fail(error.message));

// Signs, submits and waits for the block; answers the events, or the name of the error of its pallet.
function submit(call, signer) {
  const outcome = new Promise((resolve, reject) => {
    call
      .signAndSend(signer, ({ status, events, dispatchError }) => {
        if (!status.isInBlock) return;
        if (!dispatchError) resolve({ events: events.map(({ event }) => event) });
        else if (dispatchError.isModule) {
          const { section, name } = api.registry.findMetaError(dispatchError.asModule);
          resolve({ error: `${section}.${name}` });
        } else resolve({ error: dispatchError.toString() });
      })
      .catch(reject);
  });
  return inTime(outcome, 120, `${call.method.section}.${call.method.method}`);
}

try {
  fact("chain", `${await api.rpc.system.chain()} (${api.runtimeVersion.specName} ${api.runtimeVersion.specVersion})`);
  const keyring = new Keyring({ type: "sr25519" });
  const [alice, own] = [keyring.addFromUri("//Alice"), keyring.addFromUri(ownAccount)];

  const funded = await submit(api.tx.balances.transferKeepAlive(own.address, 1_000n * UNIT), alice);
  check(!funded.error, `transfer failed: ${funded.error}`);

  const registered = await submit(api.tx.grid.registerTwin("client.example:9900", "0x" + "07".repeat(32)), own);
  check(!registered.error, `registering failed: ${registered.error}`);
  const event = registered.events.find((event) => api.events.grid.TwinRegistered.is(event));
  check(event, "there is no event Grid.TwinRegistered");
  const twin = event.data.twin.toNumber();
  fact("twin", twin);

  const again = await submit(api.tx.grid.registerTwin("client.example:9900", "0x" + "07".repeat(32)), own);
  fact("registering twice", again.error ?? "succeeded");
  check(again.error === "grid.AlreadyTwin", "a second twin is an error of the pallet");

  const farmed = await submit(api.tx.grid.createFarm("polkadot.js", null), own);
  check(!farmed.error, `creating a farm failed: ${farmed.error}`);
  const farm = farmed.events.find((event) => api.events.grid.FarmCreated.is(event)).data.farm.toNumber();
  fact("farm", farm);

  // Storage, constants and runtime calls, decoded by the metadata.
  const stored = (await api.query.grid.twins(twin)).unwrap();
  check(stored.account.toString() === own.address, "the stored twin is another account's");
  check(stored.endpoint.toUtf8() === "client.example:9900", "the stored endpoint is another one");
  fact("longest endpoint", api.consts.grid.maxEndpointLen.toNumber());

  const granary = api.call.granaryApi;
  const clock = await granary.auditClock();
  fact("audit clock", { tick: clock.tick.toNumber(), period: clock.periodTicks.toNumber() });
  const answered = (await granary.twinOf(own.publicKey)).unwrap();
  check(answered.id.toNumber() === twin, "the runtime API answers another twin");
  const farms = await granary.farms(farm, 10);
  check(farms.some((one) => one.name.toUtf8() === "polkadot.js"), "the runtime API does not list the farm");
  fact("nodes", (await granary.nodes(0, 10)).length);
  fact("snapshots", (await granary.snapshots(0, 10)).length);

  // The same question over JSON-RPC.
  const overRpc = await provider.send("granary_twin", [own.address]);
  check(overRpc.id === twin && overRpc.endpoint === "client.example:9900", "JSON-RPC and the runtime API differ");
  fact("granary_twin", overRpc.id);
  fact("done", "polkadot.js");
  await api.disconnect();
} catch (error) {
  fail(error.message);
}
