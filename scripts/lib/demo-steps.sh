# The steps of scripts/demo, in its order. Each fails loudly; what they measure goes into the
# variables that print_table shows.

# Each from another of the well-known accounts, so that they need not wait for one another.
fund_accounts() {
  local rich=(//Alice //Bob //Charlie //Dave //Eve //Ferdie //One //Two) i pids=()
  for i in $(seq "$WORKERS"); do
    granary account transfer --suri "${rich[i - 1]}" --to "//Farmer$i" --amount 2000 >>"$GRID_DIR/fund.log" 2>&1 &
    pids+=($!)
  done
  granary account transfer --suri //Alice//stash --to "$TENANT" --amount 5000 >>"$GRID_DIR/fund.log" 2>&1 &
  pids+=($!)
  for i in "${pids[@]}"; do wait "$i" || die "cannot fund the accounts: $(tail -n 3 "$GRID_DIR/fund.log")"; done
  note "farmers and tenant have funds"
}

workers_registered() {
  [ "$(rpc "$ALICE_RPC" granary_nodes '[0, 64]' | jq length)" -eq "$WORKERS" ]
}

make_input() {
  local follower_rpc height
  start_follower follower "$GRID_DIR/follower"
  follower_rpc=$REPLY
  step "sending and finalising $EXTRINSICS transfers" "$LOAD_BIN" --chain "ws://127.0.0.1:$ALICE_RPC" --count "$EXTRINSICS"
  height=$(finalised_number "$ALICE_RPC")
  wait_until 120 "the second node has finalised block $height" at_least finalised_number "$follower_rpc" "$height"
  GENESIS=$(rpc "$follower_rpc" chain_getBlockHash '[0]' | jq -r .)
  INPUT_BEST=$(best_number "$follower_rpc")
  stop_process follower TERM 60
  grep -q . "$GRID_DIR/follower/chains/"*/paritydb/full/metadata || die "the second node left no ParityDB behind"
  INPUT_BYTES=$(du -sb --apparent-size "$GRID_DIR/follower" | cut -f1)
  note "input: $INPUT_BYTES bytes at height $INPUT_BEST"
}

reserve_and_snapshot() {
  local answer
  answer=$(granary --json reservation create --suri "$TENANT" --data "$DATA_SHARDS" --parity "$PARITY_SHARDS" \
    --size 512MiB --blocks 3000 --public-read)
  RESERVATION=$(jq -r .id <<<"$answer")
  mapfile -t ALLOTMENTS < <(jq -r '.allotments[].id' <<<"$answer")
  mapfile -t SHARD_NODES < <(jq -r '.allotments[].node' <<<"$answer")
  note "reservation $RESERVATION: allotments ${ALLOTMENTS[*]} on nodes ${SHARD_NODES[*]}"
  follower_command
  answer=$(granary --json snapshot create "$GRID_DIR/follower" --suri "$TENANT" --reservation "$RESERVATION" \
    --key "$KEY_FILE" --name demo --height "$INPUT_BEST" --work-dir "$GRID_DIR" --verify start -- "${FOLLOWER[@]}")
  note "a node started from what was stored at block $(jq -r .started_at_height <<<"$answer"), reading $(jq -r .trace_accesses <<<"$answer") chunks"
  SNAPSHOT=$(jq -r .id <<<"$answer")
  TOTAL_BYTES=$(jq -r .total_bytes <<<"$answer")
  STORED_BYTES=$(jq -r .stored_bytes <<<"$answer")
  jq -r '.excluded[]' <<<"$answer" | grep -q 'keystore' || die "the keystore was not excluded from the snapshot"
  jq -r '.excluded[]' <<<"$answer" | grep -q 'network' || die "the network key was not excluded from the snapshot"
  granary snapshot list
  granary snapshot show "$SNAPSHOT" --key "$KEY_FILE"
}

# The command of a full node without a vote, with {base-path} where the mount belongs. Its RPC port is in REPLY.
follower_command() {
  local p2p
  free_port; p2p=$REPLY
  free_port
  FOLLOWER=("$NODE_BIN" "${NODE_ARGUMENTS[@]}" --base-path '{base-path}' --listen-addr "/ip4/127.0.0.1/tcp/$p2p"
    --rpc-port "$REPLY" --bootnodes "$BOOTNODE" --unsafe-force-node-key-generation)
}

mount_status() { cat "$MOUNT_DIR/.granary/status.json"; }

provisioned() { [ -s "$GRID_DIR/provision.json" ] && jq -e .first_block "$GRID_DIR/provision.json" >/dev/null 2>&1; }

start_from_mount() {
  follower_command
  MOUNTED_RPC=$REPLY
  GRID_MOUNTS+=("$MOUNT_DIR")
  # Its report is the only thing that it prints. Its logs are served, so that commits give back what they hold, too.
  start_process provision sh -c 'exec "$@" >"$0"' "$GRID_DIR/provision.json" "$GRANARY_BIN" --json --rpc "ws://127.0.0.1:$ALICE_RPC" \
    provision --chain demo --key "$KEY_FILE" --state-dir "$GRID_DIR/mount-state" --mount-point "$MOUNT_DIR" --serve-logs -- "${FOLLOWER[@]}"
  wait_until 180 "the third node has imported its first new block" provisioned
  MOUNT_MS=$(grep -oP 'mounted on .* after \K[0-9]+(?= ms)' "$GRID_DIR/provision.log")
  IMPORT_SECONDS=$(jq -r .seconds "$GRID_DIR/provision.json")
  FETCHED_BYTES=$(jq -r .bytes_fetched "$GRID_DIR/provision.json")
  FETCHED_CHUNK_BYTES=$(jq -r .chunk_bytes_fetched "$GRID_DIR/provision.json")
  [ "$(jq -r .started_at "$GRID_DIR/provision.json")" -ge "$INPUT_BEST" ] || die "the third node did not start at block $INPUT_BEST: $(cat "$GRID_DIR/provision.json")"
  ! cmp -s "$MOUNT_DIR/chains/"*/network/secret_ed25519 "$GRID_DIR/follower/chains/"*/network/secret_ed25519 ||
    die "the third node has the second node's network key"
  wait_until 180 "the third node has caught up" caught_up
  wait_until 120 "the third node finalises" at_least finalised_number "$MOUNTED_RPC" $((INPUT_BEST + 3))
}

# The node's database grows, and what it wrote is published and given back, again and again.
commit_and_prune() {
  local i answer local_bytes tree
  LOCAL_BYTES=() TREE_BYTES=()
  for i in $(seq "$COMMITS"); do
    "$LOAD_BIN" --chain "ws://127.0.0.1:$ALICE_RPC" --count 12 --remark-bytes 500000 >/dev/null
    wait_until 120 "the third node has caught up" caught_up
    answer=$(granary --json commit "$MOUNT_DIR" --suri "$TENANT" --height "$(best_number "$MOUNTED_RPC")" --drop)
    local_bytes=$(jq -r .thin_bytes "$GRID_DIR/mount-state/status.json")
    tree=$(jq -r .total_bytes <<<"$answer")
    LOCAL_BYTES+=("$local_bytes") TREE_BYTES+=("$tree")
    note "commit $i: snapshot $(jq -r .id <<<"$answer"), paused $(jq -r .pause_us <<<"$answer") µs, $(jq -r .freed_bytes <<<"$answer") bytes given back, $local_bytes left"
  done
  SNAPSHOT_COMMITTED=$(jq -r .id <<<"$answer")
  [ "${LOCAL_BYTES[-1]}" -lt $((LOCAL_BYTES[0] + 16 * 1024 * 1024)) ] || die "the local disk grows: ${LOCAL_BYTES[*]}"
}

caught_up() { [ "$(best_number "$MOUNTED_RPC")" -ge $(($(best_number "$ALICE_RPC") - 1)) ]; }

all_proven() {
  local allotment
  for allotment in "${ALLOTMENTS[@]}"; do
    [ "$(rpc "$ALICE_RPC" granary_auditStatus "[$allotment]" | jq -r .proven)" -ge "$1" ] || return 1
  done
}

await_audits() {
  local history tick proof answer
  wait_until 600 "every allotment has been proven $AUDITS_EACH times" all_proven "$AUDITS_EACH"
  history=$(rpc "$ALICE_RPC" granary_auditHistory "[${ALLOTMENTS[0]}]")
  tick=$(jq -r 'map(select(.outcome.proven)) | .[0].tick' <<<"$history")
  proof=$(rpc "$ALICE_RPC" granary_proof "[${ALLOTMENTS[0]}, $tick]")
  [ "$(jq -r .verified <<<"$proof")" = true ] || die "the chain's record of a proof does not verify: $proof"
  PROOF_BYTES=$((($(jq -r .proof <<<"$proof" | wc -c) - 3) / 2))
  note "allotment ${ALLOTMENTS[0]}, tick $tick: $PROOF_BYTES bytes, proven in block $(jq -r .blockNumber <<<"$proof")"
  answer=$(granary --json audit verify <<<"$proof")
  [ "$(jq -r .verified <<<"$answer")" = true ] || die "the proof's bytes do not verify: $answer"
  note "re-verified from its bytes, on this side of the RPC"
  show_health
  [ "$(jq -r .margin <<<"$REPLY")" -eq "$PARITY_SHARDS" ] || die "all is proven, but the margin is not $PARITY_SHARDS: $REPLY"
  answer=$(rpc "$ALICE_RPC" granary_detection "[$RESERVATION, 50000000, 20]") || die "no answer about detection"
  note "chances that a loss of 5 % on $((PARITY_SHARDS + 1)) nodes escapes (of 10^18): $(jq -c . <<<"$answer")"
}

# Is the reservation still provably held? The answer is in REPLY.
show_health() {
  REPLY=$(rpc "$ALICE_RPC" granary_reservationHealth "[$RESERVATION]")
  note "health: $REPLY"
}

tree_hash() {
  (cd "$1" && find . -type f ! -path '*/keystore/*' ! -path '*/network/*' ! -name lock ! -name LOCK -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}

worker_of_node() {
  local endpoint i
  endpoint=$(rpc "$ALICE_RPC" granary_node "[$1]" | jq -r .endpoint)
  for i in $(seq "$WORKERS"); do [ "${endpoint##*:}" = "${WORKER_PORTS[$i]}" ] && { REPLY=$i; return; }; done
  die "no worker of this grid listens on $endpoint"
}

survive_loss() {
  local node before after started
  before=$(tree_hash "$GRID_DIR/follower")
  LOST=()
  for node in "${SHARD_NODES[0]}" "${SHARD_NODES[3]}"; do
    worker_of_node "$node"
    stop_process "worker-$REPLY" KILL
    LOST+=("$REPLY")
  done
  note "killed workers ${LOST[*]}"
  started=$(date +%s%N)
  granary snapshot materialise "$SNAPSHOT" "$GRID_DIR/restored" --key "$KEY_FILE" --cache-dir "$GRID_DIR/restore-cache"
  RESTORE_MS=$((($(date +%s%N) - started) / 1000000))
  after=$(tree_hash "$GRID_DIR/restored")
  [ "$before" = "$after" ] || die "read back $after, stored $before"
  note "read back and equal: $after"
  for node in "${LOST[@]}"; do start_worker "$node"; done
  wait_until 60 "both nodes answer again" nodes_answer "${SHARD_NODES[0]}" "${SHARD_NODES[3]}"
}

nodes_answer() {
  local node
  for node in "$@"; do granary node ping "$node" >/dev/null 2>&1 || return 1; done
}

missed_of() { rpc "$ALICE_RPC" granary_auditStatus "[$1]" | jq -r .missed; }
missed_more() { [ "$(missed_of "$1")" -gt "$2" ]; }

show_miss() {
  local node=${SHARD_NODES[1]} allotment=${ALLOTMENTS[1]} before
  worker_of_node "$node"
  before=$(missed_of "$allotment")
  stop_process "worker-$REPLY" TERM
  note "worker $REPLY (node $node, allotment $allotment) is stopped"
  wait_until 300 "the miss is recorded on chain" missed_more "$allotment" "$before"
  granary audit status "$allotment"
  granary reservation show "$RESERVATION"
  start_worker "$REPLY"
  show_health
  WITHHELD=$(rpc "$ALICE_RPC" granary_allotment "[$allotment]" | jq -r .withheld)
  [ "$WITHHELD" != 0 ] || die "the miss withheld nothing"
  wait_until 300 "the others have been paid" paid_others
  granary account show --suri "$TENANT"
}

sum_over_allotments() {
  local allotment
  for allotment in "${ALLOTMENTS[@]}"; do rpc "$ALICE_RPC" "$1" "[$allotment]" | jq -r "$2"; done | jq -s 'map(tonumber) | add'
}

paid_others() { [ "$(rpc "$ALICE_RPC" granary_allotment "[${ALLOTMENTS[2]}]" | jq -r .paid)" != 0 ]; }

share() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f %%", 100 * a / b }'; }
units() { awk -v a="$1" 'BEGIN { printf "%.6f", a / 1e12 }'; }

row() { printf '  %-52s %s\n' "$1" "$2"; }

print_table() {
  say "result"
  row "database, apparent bytes" "$TOTAL_BYTES"
  row "stored on $((DATA_SHARDS + PARITY_SHARDS)) nodes, bytes" "$STORED_BYTES ($(share "$STORED_BYTES" "$TOTAL_BYTES") of the database)"
  row "snapshot mounted after" "$MOUNT_MS ms"
  row "start to first imported new block" "$IMPORT_SECONDS s"
  row "fetched by then, chunk bytes" "$FETCHED_CHUNK_BYTES ($(share "$FETCHED_CHUNK_BYTES" "$TOTAL_BYTES") of the database)"
  row "fetched by then, bytes over the wire" "$FETCHED_BYTES ($(share "$FETCHED_BYTES" "$TOTAL_BYTES"))"
  row "local disk after each commit, bytes" "${LOCAL_BYTES[*]}"
  row "the node's files meanwhile, bytes" "${TREE_BYTES[*]}"
  row "whole snapshot read back with two nodes lost" "$RESTORE_MS ms"
  row "audits proven, all allotments" "$(sum_over_allotments granary_auditStatus .proven)"
  row "bytes of one proof" "$PROOF_BYTES"
  row "audits missed" "$(sum_over_allotments granary_auditStatus .missed)"
  row "paid to farms, units" "$(units "$(sum_over_allotments granary_allotment .paid)")"
  row "withheld from the stopped node, units" "$(units "$WITHHELD")"
}

print_endpoints() {
  say "the grid is left running"
  note "chain RPC       ws://127.0.0.1:$ALICE_RPC (open it in polkadot-js apps)"
  note "third node RPC  ws://127.0.0.1:$MOUNTED_RPC, its base path $MOUNT_DIR is the mount"
  note "directory       $GRID_DIR"
  note "try:"
  note "  $GRANARY_BIN --rpc ws://127.0.0.1:$ALICE_RPC node list"
  note "  $GRANARY_BIN --rpc ws://127.0.0.1:$ALICE_RPC audit due"
  note "  $GRANARY_BIN --rpc ws://127.0.0.1:$ALICE_RPC snapshot verify $SNAPSHOT --key $KEY_FILE"
  note "stop it: kill ${GRID_PIDS[*]}; then fusermount3 -u $MOUNT_DIR"
}
