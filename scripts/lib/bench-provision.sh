# `scripts/bench provision`: a node's database of some gigabytes, built by the node, published at 16+4 over twenty workers of this machine, then a node
# started from it lazily, beside the same database restored from an lz4 archive; fio on the mount, beside the filesystem below.

PROVISION_BYTES=${GRANARY_BENCH_BYTES:-5368709120}
# What the source grows by when others catch up.
GROWTH_BYTES=$((PROVISION_BYTES / 10))
# Remarks of 900 kB under way for each of six accounts. The source's pool holds them all: one that drops some makes those wait that follow them.
IN_FLIGHT=20
POOL_KBYTES=262144
TENANT=//Granary//Tenant
MOUNT_DIR=$GRID_DIR/mount
KEY_FILE=$GRID_DIR/dataset.key

now_ms() { echo $(($(date +%s%N) / 1000000)); }
seconds_since() { awk -v a="$1" -v b="$(now_ms)" 'BEGIN { printf "%.2f", (b - a) / 1000 }'; }
share() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f %%", (b > 0 ? 100 * a / b : 0) }'; }
drop_caches() { sync; echo 3 >/proc/sys/vm/drop_caches 2>/dev/null || note "the page cache stays warm: not root"; }
row() { printf '  %-58s %-28s %s\n' "$1" "$2" "${3:-}"; }
bytes_below() { du -sb --apparent-size "$1" | cut -f1; }

# The source: a validator of a development chain, whose blocks are full of remarks until its database is large enough.
# GRANARY_BENCH_SOURCE names the base path of such a node that was built before.
start_source() {
  local source=${GRANARY_BENCH_SOURCE:-$GRID_DIR/source} missing
  free_port; SOURCE_RPC=$REPLY
  free_port; SOURCE_P2P=$REPLY
  start_process source "$NODE_BIN" --dev --base-path "$source" --rpc-port "$SOURCE_RPC" --port "$SOURCE_P2P" \
    --no-mdns --no-telemetry --no-prometheus --rpc-max-request-size 50 --pool-kbytes "$POOL_KBYTES"
  wait_until 90 "the source answers" best_number "$SOURCE_RPC"
  BOOTNODE=/ip4/127.0.0.1/tcp/$SOURCE_P2P/p2p/$(rpc "$SOURCE_RPC" system_localPeerId '[]' | jq -r .)
  SOURCE_DIR=$source
  missing=$(((PROVISION_BYTES - $(du -sb "$source" | cut -f1)) / 900000))
  [ "$missing" -le 0 ] ||
    step "filling $missing megabytes of blocks" "$LOAD_BIN" --chain "ws://127.0.0.1:$SOURCE_RPC" --count "$missing" --in-flight "$IN_FLIGHT" --remark-bytes 900000
}

# A follower's command; its RPC port is in REPLY. Its compiled runtime is kept in COMPILED_DIR.
COMPILED_DIR=$GRID_DIR/compiled
follower() {
  free_port
  FOLLOWER=("$NODE_BIN" --chain dev --base-path '{base-path}' --rpc-port "$REPLY" --port 0 --no-mdns --no-telemetry
    --no-prometheus --unsafe-force-node-key-generation --bootnodes "$BOOTNODE" --compiled-runtimes "$COMPILED_DIR")
}

# The chain that holds the reservation, and its workers.
start_workers() {
  local i rich=(//Alice //Bob //Charlie //Dave //Eve //Ferdie) pids=()
  free_port; ALICE_RPC=$REPLY
  start_process chain "$NODE_BIN" --dev --tmp --rpc-port "$ALICE_RPC" --port 0 --no-mdns --no-telemetry --no-prometheus
  wait_until 90 "the chain answers" at_least finalised_number "$ALICE_RPC" 1
  granary account transfer --suri //Bob --to "$TENANT" --amount 20000 >>"$GRID_DIR/fund.log" 2>&1
  # Each from another account, so that they need not wait for one another.
  for i in $(seq 20); do
    granary account transfer --suri "${rich[i % 6]}" --to "//Farmer$i" --amount 2000 >>"$GRID_DIR/fund.log" 2>&1 &
    pids+=($!)
    if [ $((i % 6)) -eq 0 ] || [ "$i" -eq 20 ]; then wait "${pids[@]}"; pids=(); fi
  done
  for i in $(seq 20); do start_worker "$i"; done
  wait_until 300 "twenty workers are registered" twenty_workers
}
twenty_workers() { [ "$(granary --json node list | jq length)" -eq 20 ]; }

publish_source() {
  local answer started
  RESERVATION=$(granary --json reservation create --suri "$TENANT" --data 16 --parity 4 --size 1GiB --blocks 3000 --public-read | jq -r .id)
  follower
  started=$(now_ms)
  answer=$(granary --json snapshot create "$SOURCE_DIR" --pid "${GRID_PIDS[source]}" --suri "$TENANT" --reservation "$RESERVATION" \
    --key "$KEY_FILE" --name source --genesis "$(rpc "$SOURCE_RPC" chain_getBlockHash '[0]' | jq -r .)" --work-dir "$GRID_DIR" --verify start -- "${FOLLOWER[@]}" 2>"$GRID_DIR/create.log")
  row "snapshot of the running node, verified by starting it" "$(seconds_since "$started") s" "$(grep -o 'stood still for [0-9.]* ms' "$GRID_DIR/create.log")"
  SNAPSHOT=$(jq -r .id <<<"$answer")
  TOTAL_BYTES=$(jq -r .total_bytes <<<"$answer")
  STORED_FIRST=$(jq -r .stored_bytes <<<"$answer")
  row "its size, and what was stored over 20 nodes" "$TOTAL_BYTES" "$STORED_FIRST"
}

# provision NAME more-arguments...: starts a follower cold; the report's figures follow.
provision() {
  rm -rf "$GRID_DIR/$1-cache" "$GRID_DIR/$1-state"
  resume "$@"
}

# resume NAME more-arguments...: the same with what an earlier start of that name has left.
resume() {
  local name=$1
  shift
  rm -f "$GRID_DIR/$name.json"
  mkdir -p "$MOUNT_DIR"
  GRID_MOUNTS+=("$MOUNT_DIR")
  drop_caches
  follower
  FOLLOWER_RPC=$REPLY
  start_process "$name" sh -c 'exec "$@" >"$0"' "$GRID_DIR/$name.json" "$GRANARY_BIN" --json --rpc "ws://127.0.0.1:$ALICE_RPC" provision \
    --chain source --key "$KEY_FILE" --state-dir "$GRID_DIR/$name-state" --cache-dir "$GRID_DIR/$name-cache" --mount-point "$MOUNT_DIR" "$@" -- "${FOLLOWER[@]}"
  wait_until 300 "the node of '$name' imports" imported "$name" >/dev/null
}
imported() { [ -s "$GRID_DIR/$1.json" ] && jq -e .first_block "$GRID_DIR/$1.json" >/dev/null 2>&1; }
figure() { jq -r ".$2" "$GRID_DIR/$1.json"; }

# Cold each time: nothing of the snapshot is here. The runtime has to be compiled as on a new machine, except for the last one.
bench_lazy_start() {
  local name
  for name in traced untraced compiled; do
    case "$name" in
      traced) COMPILED_DIR=$GRID_DIR/compiled-traced; provision traced ;;
      untraced) COMPILED_DIR=$GRID_DIR/compiled-untraced; provision untraced --no-prefetch ;;
      compiled) COMPILED_DIR=$GRID_DIR/compiled-traced; provision compiled ;;
    esac
    row "$name: mounted after" "$(grep -oP 'mounted on .* after \K[0-9]+(?= ms)' "$GRID_DIR/$name.log") ms" "goal 500 ms"
    row "$name: start to the first new block" "$(figure "$name" seconds) s" "goal 10 s"
    row "$name: fetched by then" "$(figure "$name" chunk_bytes_fetched) ($(share "$(figure "$name" chunk_bytes_fetched)" "$TOTAL_BYTES"))" \
      "$([ "$name" = untraced ] && echo goal 6 % || echo goal 3 %)"
    stop_process "$name" TERM 90
  done
  COMPILED_DIR=$GRID_DIR/compiled
}

# The same from an archive of what the snapshot holds: once as on a new machine, once with the runtime compiled before.
bench_restore() {
  local restored=$GRID_DIR/restored
  granary snapshot materialise "$SNAPSHOT" "$restored" --key "$KEY_FILE" --cache-dir "$GRID_DIR/restore-cache" --cache-bytes 64MiB >/dev/null
  tar -C "$restored" -cf - . | lz4 -q >"$GRID_DIR/archive.tar.lz4"
  ARCHIVE_BYTES=$(stat -c %s "$GRID_DIR/archive.tar.lz4")
  restore_and_start traced "the same from a local tar and lz4, restored in full"
  restore_and_start compiled "... with the runtime compiled before"
  COMPILED_DIR=$GRID_DIR/compiled
  rm -rf "$GRID_DIR/archive.tar.lz4" "$restored"
}

restore_and_start() { # NAME TITLE: beside the lazy start of that name
  local name=$1 restored=$GRID_DIR/restored started seconds
  rm -rf "$restored"
  drop_caches
  mkdir "$restored"
  COMPILED_DIR=$GRID_DIR/compiled-restored
  follower
  started=$(now_ms)
  lz4 -dcq "$GRID_DIR/archive.tar.lz4" | tar -C "$restored" -xf -
  start_process "restored-$name" "${FOLLOWER[@]/\{base-path\}/$restored}"
  wait_until 300 "the restored node imports" at_least best_number "$REPLY" "$(($(figure "$name" started_at) + 1))" >/dev/null
  seconds=$(seconds_since "$started")
  stop_process "restored-$name"
  row "$2" "$seconds s" "ratio $(ratio "$seconds" "$(figure "$name" seconds)"), goal 10"
}

# What a process takes of the memory, what it shares with others divided among them, in KiB.
memory_of() { awk '/^Pss:/ { sum += $2 } END { print sum + 0 }' "/proc/$1/smaps_rollup"; }

# Many nodes' mounts of one snapshot at once, each with a cache of its own and the snapshot's trace. GRANARY_BENCH_MOUNTS says how many.
bench_many() {
  local i count=${GRANARY_BENCH_MOUNTS:-10} held=0 wire=0 memory=0 started settled last
  started=$(now_ms)
  for i in $(seq "$count"); do
    mkdir -p "$GRID_DIR/many-$i"
    GRID_MOUNTS+=("$GRID_DIR/many-$i")
    start_process "many-$i" "$GRANARY_BIN" --rpc "ws://127.0.0.1:$ALICE_RPC" mount "$SNAPSHOT" "$GRID_DIR/many-$i" --key "$KEY_FILE" \
      --state-dir "$GRID_DIR/many-state-$i" --cache-dir "$GRID_DIR/many-cache-$i"
  done
  for i in $(seq "$count"); do wait_until 300 "mount $i is there" mountpoint -q "$GRID_DIR/many-$i" >/dev/null; done
  row "$count mounts at once, all there after" "$(seconds_since "$started") s"
  # What the trace names is here when nothing more comes.
  settled=0 last=-1
  while [ "$settled" -lt 3 ]; do
    sleep 1
    wire=0
    for i in $(seq "$count"); do wire=$((wire + $(jq -r .bytes_fetched "$GRID_DIR/many-state-$i/status.json"))); done
    if [ "$wire" -eq "$last" ]; then settled=$((settled + 1)); else settled=0; fi
    last=$wire
  done
  row "... each with what its trace names, after" "$(seconds_since "$started") s"
  for i in $(seq "$count"); do
    memory=$((memory + $(memory_of "${GRID_PIDS[many-$i]}")))
    held=$((held + $(du -s --block-size=1 "$GRID_DIR/many-cache-$i" "$GRID_DIR/many-state-$i" | awk '{ sum += $1 } END { print sum }')))
    fusermount3 -u "$GRID_DIR/many-$i"
    stop_process "many-$i"
    rm -rf "$GRID_DIR/many-cache-$i" "$GRID_DIR/many-state-$i"
  done
  row "local disk of $count started nodes together" "$held" "$count full copies: $((TOTAL_BYTES * count))"
  row "bytes that each of 20 backends served for it" "$((wire / 20))" "$((wire / count)) for each mount"
  row "memory of each mount" "$((memory / count)) KiB"
}

fio_on() { # FILE more... -> iops MiB/s p99 in µs
  local file=$1
  shift
  fio --name=round --filename="$file" --ioengine=psync --direct=0 --runtime=4 --time_based --output-format=json "$@" 2>/dev/null |
    jq -r '.jobs[0] | (if .write.iops > 0 then .write else .read end) as $r | "\($r.iops | floor) \(($r.bw / 1024) | floor) \(($r.clat_ns.percentile["99.000000"] // 0) / 1000 | floor)"'
}

# alone NAME command...: everything else of the grid stands still meanwhile. What is measured is local, and twenty workers, which share its cores only here, have no
# part in it.
alone() {
  local but=$1 name status=0 others=()
  shift
  for name in "${!GRID_PIDS[@]}"; do
    if [ "$name" != "$but" ] && running "$name"; then others+=("${GRID_PIDS[$name]}"); fi
  done
  kill -STOP "${others[@]}"
  "$@" || status=$?
  kill -CONT "${others[@]}"
  return "$status"
}

fio_row() { # TITLE GOAL arguments...: on the mount, then below
  local title=$1 goal=$2 mounted below
  shift 2
  mounted=$(alone files fio_on "$MOUNT_FILE" "$@")
  below=$(alone files fio_on "$BELOW_FILE" "$@")
  row "$title" "${mounted%% *} IOPS, $(cut -d' ' -f2 <<<"$mounted") MiB/s, p99 $(cut -d' ' -f3 <<<"$mounted") µs" \
    "below ${below%% *}, $(cut -d' ' -f2 <<<"$below") MiB/s; ratio $(ratio "${mounted%% *}" "${below%% *}"), goal $goal"
}

bench_files() {
  local started file before after seconds reads
  mkdir -p "$MOUNT_DIR"
  drop_caches
  start_process files "$GRANARY_BIN" --rpc "ws://127.0.0.1:$ALICE_RPC" mount "$SNAPSHOT" "$MOUNT_DIR" --key "$KEY_FILE" \
    --state-dir "$GRID_DIR/files-state" --cache-dir "$GRID_DIR/files-cache" --no-prefetch
  wait_until 60 "the snapshot is mounted" mountpoint -q "$MOUNT_DIR" >/dev/null
  file=$(find "$MOUNT_DIR" -type f -size +256M -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
  [ -n "$file" ] || die "no file of the snapshot is large enough to read from"
  before=$(jq -r .chunk_bytes_fetched "$MOUNT_DIR/.granary/status.json")
  # Not for a time: fio would read on until it is over, however many reads it was told to make.
  reads=$(fio --name=round --filename="$file" --ioengine=psync --rw=randread --bs=4k --number_ios=500 --randseed=7 --size=100% --output-format=json \
    2>/dev/null | jq -r '.jobs[0].read.total_ios')
  sleep 1
  after=$(jq -r .chunk_bytes_fetched "$MOUNT_DIR/.granary/status.json")
  row "fetched for each of $reads random reads of 4 KiB" "$(((after - before) / reads)) B" "goal 65536 B"
  started=$(now_ms)
  dd if="$file" of=/dev/null bs=1M count=1024 status=none
  seconds=$(seconds_since "$started")
  row "sequential read, cold, 16+4" "$(awk -v s="$seconds" 'BEGIN { printf "%.0f", 1024 * 1.048576 / s }') MB/s" "goal 400 MB/s"
  cp "$file" "$GRID_DIR/below" && truncate -s 256M "$GRID_DIR/below"
  MOUNT_FILE=$file BELOW_FILE=$GRID_DIR/below
  fio_row "random reads of 4 KiB, cached" "40,000/s, p99 60 µs" --rw=randread --bs=4k --size=256m
  fio_row "the same past the page cache" "-" --rw=randread --bs=4k --size=256m --direct=1
  fio_row "sequential reads of 1 MiB, cached" "0.8" --rw=read --bs=1m --size=256m
  fio_row "random writes of 4 KiB, each with fsync" "0.7" --rw=randwrite --bs=4k --size=256m --fsync=1
  fusermount3 -u "$MOUNT_DIR"
  stop_process files
  rm -f "$GRID_DIR/below"
}

# More blocks on the source: a tenth, unless something else is asked for.
grow_source() { "$LOAD_BIN" --chain "ws://127.0.0.1:$SOURCE_RPC" --count "$((GROWTH_BYTES / 900000))" --in-flight "$IN_FLIGHT" --remark-bytes 900000 >/dev/null; }

# The node catches up on a warm mount and commits what is new.
bench_growth() {
  local answer before after changed
  provision grown
  before=$(jq -r .chunk_bytes_fetched "$MOUNT_DIR/.granary/status.json")
  grow_source
  wait_until 300 "the follower has caught up" at_least best_number "$FOLLOWER_RPC" "$(best_number "$SOURCE_RPC")" >/dev/null
  after=$(jq -r .chunk_bytes_fetched "$MOUNT_DIR/.granary/status.json")
  row "fetched while $((GROWTH_BYTES / 1000000)) MB more of blocks were imported" "$((after - before)) ($(share "$((after - before))" "$TOTAL_BYTES"))" "goal 15 %"
  answer=$(granary --json commit "$MOUNT_DIR" --suri "$TENANT" --height "$(best_number "$FOLLOWER_RPC")")
  changed=$(jq -r .changed_bytes <<<"$answer")
  row "committed as the second snapshot: changed, stored" "$changed, $(jq -r .stored_bytes <<<"$answer")" \
    "ratio $(ratio "$(jq -r .stored_bytes <<<"$answer")" "$((changed * 20 / 16))") of changed bytes coded at 16+4, goal 1.3"
  row "the filesystem stood still for the commit" "$(jq -r .pause_us <<<"$answer") µs"
  SECOND_SNAPSHOT=$(jq -r .id <<<"$answer")
  stop_process grown TERM 90
}

# import_rate RPC FROM TO: the blocks a second that a node imports from one height to another.
import_rate() {
  local started
  wait_until 300 "block $2 is imported" at_least best_number "$1" "$2" >/dev/null
  started=$(now_ms)
  wait_until 600 "block $3 is imported" at_least best_number "$1" "$3" >/dev/null
  awk -v blocks="$(($3 - $2))" -v seconds="$(seconds_since "$started")" 'BEGIN { printf "%.1f", blocks / seconds }'
}

# More blocks, imported by the node on its warm mount and by one on a directory that holds the same.
bench_import() {
  local plain=$GRID_DIR/plain from to mounted below
  from=$(($(best_number "$SOURCE_RPC") + 20))
  granary snapshot materialise "$SECOND_SNAPSHOT" "$plain" --key "$KEY_FILE" --cache-dir "$GRID_DIR/plain-cache" --cache-bytes 64MiB >/dev/null
  grow_source
  to=$(best_number "$SOURCE_RPC")
  drop_caches
  follower
  start_process plain "${FOLLOWER[@]/\{base-path\}/$plain}"
  below=$(import_rate "$REPLY" "$from" "$to")
  stop_process plain TERM 90
  rm -rf "$plain" "$GRID_DIR/plain-cache"
  resume grown
  mounted=$(import_rate "$FOLLOWER_RPC" "$from" "$to")
  stop_process grown TERM 90
  row "import of $((to - from)) blocks on the warm mount" "$mounted blocks/s" "on a directory $below; ratio $(ratio "$mounted" "$below"), goal 0.9"
}

# The lazy start once more, with every worker at the other end of a slow line.
bench_far_start() {
  local i
  FAR_LINKS=()
  for i in $(seq 20); do
    stop_process "worker-$i"
    free_port
    FAR_LINKS+=("127.0.0.1:$REPLY=127.0.0.1:${WORKER_PORTS[$i]}")
  done
  start_process links "$BIN_DIR/examples/far_link" 20 100 "${FAR_LINKS[@]}"
  for i in $(seq 20); do start_worker "$i" --endpoint "${FAR_LINKS[i - 1]%%=*}"; done
  wait_until 300 "the workers are far away" workers_are_far >/dev/null
  provision far
  row "20 ms and 100 Mbit/s to each worker: start to the first new block" "$(figure far seconds) s" "goal 30 s"
  row "... mounted after, fetched by then" "$(grep -oP 'mounted on .* after \K[0-9]+(?= ms)' "$GRID_DIR/far.log") ms, $(figure far chunk_bytes_fetched)" \
    "the archive over such a line (computed): $((ARCHIVE_BYTES * 8 / 100000000)) s"
  stop_process far TERM 90
}
workers_are_far() {
  [ "$(granary --json node list | jq -r '.[].endpoint' | grep -cxFf <(printf '%s\n' "${FAR_LINKS[@]%%=*}"))" -eq 20 ]
}

# What a node imports on a warm mount and on a directory, alone: a small database will do, and many blocks.
bench_import_alone() {
  PROVISION_BYTES=${GRANARY_BENCH_BYTES:-400000000}
  GROWTH_BYTES=$PROVISION_BYTES
  say "import by a node on a mount of $((PROVISION_BYTES / 1000000)) MB at 16+4 over twenty workers on this machine"
  start_source
  start_workers
  publish_source
  bench_growth
  bench_import
}

bench_provision() {
  say "a node's database of $((PROVISION_BYTES / 1000000)) MB at 16+4 over twenty workers on this machine"
  start_source
  start_workers
  publish_source
  bench_lazy_start
  bench_many
  bench_restore
  bench_files
  bench_growth
  bench_import
  bench_far_start
}
