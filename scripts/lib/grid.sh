# A grid on this machine: chain nodes and workers as processes, each with its own directory below
# $GRID_DIR. Sourced after common.sh. Everything started here is stopped by stop_grid.

# GRANARY_BIN_DIR names a directory with binaries that are already built.
BIN_DIR=${GRANARY_BIN_DIR:-$CARGO_TARGET_DIR/debug}
NODE_BIN=$BIN_DIR/granary-node
GRANARY_BIN=$BIN_DIR/granary
LOAD_BIN=$BIN_DIR/examples/load

declare -A GRID_PIDS=()
declare -a GRID_MOUNTS=()

build_grid() {
  [ -z "${GRANARY_BIN_DIR:-}" ] || return 0
  step "building the node and the worker" cargo build --locked --workspace --bins --examples
}

granary() { "$GRANARY_BIN" --rpc "ws://127.0.0.1:${ALICE_RPC}" "$@"; }

# A TCP port of the loopback that nothing listens on; remembers what it gave out.
declare -A GRID_PORTS=()
free_port() {
  local port
  while :; do
    # Below what the kernel gives to clients.
    port=$((20000 + RANDOM % 12000))
    [ -z "${GRID_PORTS[$port]:-}" ] || continue
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      GRID_PORTS[$port]=1
      REPLY=$port
      return
    fi
  done
}

# start_process NAME command...: in the background, in a session of its own, output in NAME.log.
start_process() {
  local name=$1
  shift
  setsid "$@" >>"$GRID_DIR/$name.log" 2>&1 </dev/null &
  GRID_PIDS[$name]=$!
  # Its end is ours to notice and to report.
  disown "$!"
}

running() { [ -n "${GRID_PIDS[$1]:-}" ] && kill -0 "${GRID_PIDS[$1]}" 2>/dev/null; }

# stop_process NAME [signal] [seconds]: waits for the end, kills after the time is up.
stop_process() {
  local name=$1 signal=${2:-TERM} patience=${3:-30} pid=${GRID_PIDS[$1]:-} waited=0
  [ -n "$pid" ] || return 0
  # It may have ended by itself at any moment: a signal that finds nobody is no failure, here and below.
  kill "-$signal" "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$waited" -ge $((patience * 10)) ]; then
      note "$name did not stop within $patience s and is killed"
      kill -KILL "$pid" 2>/dev/null || true
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
  unset "GRID_PIDS[$name]"
}

stop_grid() {
  local name mount
  # Nodes on mounts first: while they end they may still read from the workers.
  for name in "${!GRID_PIDS[@]}"; do case "$name" in provision | mounted-node*) stop_process "$name" TERM 60 ;; esac; done
  for mount in "${GRID_MOUNTS[@]}"; do
    mountpoint -q "$mount" && { fusermount3 -u "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null || true; }
  done
  for name in "${!GRID_PIDS[@]}"; do kill -TERM "${GRID_PIDS[$name]}" 2>/dev/null || true; done
  for name in "${!GRID_PIDS[@]}"; do stop_process "$name"; done
}

# rpc PORT METHOD PARAMS-JSON: prints the result; fails with the error's text.
rpc() {
  local answer
  answer=$(curl -sS --max-time 20 -H 'content-type: application/json' \
    -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":$3}" "http://127.0.0.1:$1") || return 1
  if [ "$(jq 'has("error")' <<<"$answer")" = true ]; then
    jq -r '.error | "\(.code) \(.message) \(.data // "")"' <<<"$answer" >&2
    return 1
  fi
  jq -c '.result' <<<"$answer"
}

hex_to_dec() { printf '%d' "$1"; }
number_of() {
  local header
  header=$(rpc "$1" chain_getHeader "$2") || return 1
  hex_to_dec "$(jq -r .number <<<"$header")"
}
best_number() { number_of "$1" '[]'; }
finalised_number() {
  local hash
  hash=$(rpc "$1" chain_getFinalizedHead '[]') || return 1
  number_of "$1" "[$hash]"
}

# wait_until SECONDS "what" command...: polls twice a second, shows what is waited for on a terminal.
wait_until() {
  local limit=$1 what=$2 started=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $((SECONDS - started)) -ge "$limit" ]; then
      [ -t 1 ] && printf '\r\033[K'
      die "gave up after $limit s waiting until $what"
    fi
    [ -t 1 ] && printf '\r    waiting until %s … %d s\033[K' "$what" $((SECONDS - started))
    sleep 0.5
  done
  [ -t 1 ] && printf '\r\033[K'
  note "$what ($((SECONDS - started)) s)"
}

at_least() {
  local number
  number=$("$1" "$2") && [ "$number" -ge "$3" ]
}

# Arguments that all chain nodes of the grid share.
node_arguments() {
  NODE_ARGUMENTS=(--chain local --no-mdns --no-telemetry --no-prometheus
    --rpc-cors all --rpc-methods unsafe)
}

start_validators() {
  local bob_rpc alice_key=0000000000000000000000000000000000000000000000000000000000000001
  node_arguments
  free_port; ALICE_RPC=$REPLY
  free_port; ALICE_P2P=$REPLY
  free_port; bob_rpc=$REPLY
  free_port
  start_process alice "$NODE_BIN" "${NODE_ARGUMENTS[@]}" --alice --base-path "$GRID_DIR/alice" \
    --node-key "$alice_key" --listen-addr "/ip4/127.0.0.1/tcp/$ALICE_P2P" --rpc-port "$ALICE_RPC"
  wait_until 60 "the first validator answers" best_number "$ALICE_RPC"
  BOOTNODE=/ip4/127.0.0.1/tcp/$ALICE_P2P/p2p/$(rpc "$ALICE_RPC" system_localPeerId '[]' | jq -r .)
  start_process bob "$NODE_BIN" "${NODE_ARGUMENTS[@]}" --bob --base-path "$GRID_DIR/bob" \
    --unsafe-force-node-key-generation --listen-addr "/ip4/127.0.0.1/tcp/$REPLY" --rpc-port "$bob_rpc" --bootnodes "$BOOTNODE"
  wait_until 90 "blocks are finalised" at_least finalised_number "$ALICE_RPC" 1
}

# start_follower NAME BASE-PATH [arguments...]: a full node without a vote; its RPC port is in REPLY.
start_follower() {
  local name=$1 base=$2 p2p rpc_port
  shift 2
  free_port; p2p=$REPLY
  free_port; rpc_port=$REPLY
  start_process "$name" "$NODE_BIN" "${NODE_ARGUMENTS[@]}" --base-path "$base" "$@" \
    --listen-addr "/ip4/127.0.0.1/tcp/$p2p" --rpc-port "$rpc_port" --bootnodes "$BOOTNODE"
  REPLY=$rpc_port
}

worker_port() { printf '%d' "${WORKER_PORTS[$1]}"; }

declare -A WORKER_PORTS=()
# start_worker I [arguments...]: the worker of farmer I; the same port and directory at each start.
start_worker() {
  local i=$1
  shift
  if [ -z "${WORKER_PORTS[$i]:-}" ]; then free_port; WORKER_PORTS[$i]=$REPLY; fi
  start_process "worker-$i" "$GRANARY_BIN" --rpc "ws://127.0.0.1:$ALICE_RPC" worker run \
    --dir "$GRID_DIR/worker-$i" --suri "//Farmer$i" --farm "farm-$i" --capacity 2GiB \
    --listen "127.0.0.1:${WORKER_PORTS[$i]}" --price 0.001 --bond 1000 "$@"
}
