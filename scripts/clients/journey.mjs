// What both scripts do: arguments, waiting, and the sentences that they print.

/** The endpoint that the command line names, or the default; prints help and ends if asked to. */
export function endpoint(name, what) {
  const [option, value, ...rest] = process.argv.slice(2);
  if (option === "--help" || option === "-h") {
    console.log(`${what}\n\nUsage: node ${name} [--url ws://HOST:PORT]\n\nThe chain must have the development accounts. [default: ws://127.0.0.1:9944]`);
    process.exit(0);
  }
  if (option !== undefined && (option !== "--url" || value === undefined || rest.length > 0)) {
    fail(`unknown arguments '${process.argv.slice(2).join(" ")}' (try --help)`);
  }
  return value ?? "ws://127.0.0.1:9944";
}

/** Ends with an error. */
export function fail(text) {
  console.error(`error: ${text}`);
  process.exit(1);
}

/** Ends with an error unless it is true. */
export function check(truth, text) {
  if (!truth) fail(text);
}

/** Prints a fact as `name: value`. */
export function fact(name, value) {
  console.log(`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
}

/** Ends with an error if the promise is not settled in time. */
export function inTime(promise, seconds, what) {
  let timer;
  const clock = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, clock]).finally(() => clearTimeout(timer));
}

/** An account of this run's own, so that it can be repeated on one chain. */
export const ownAccount = `//client//${Date.now()}`;

/** Plancks of one unit. */
export const UNIT = 1_000_000_000_000n;
