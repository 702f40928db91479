# The zdb part of scripts/bench: Redis beside it, and the engine alone. Sourced, never run.

# redis_round PORT SIZE DEPTH REQUESTS CLIENTS: one round of redis-benchmark; prints "SET-rate GET-rate". Values begin with a random number, since
# setting a value again writes nothing; keys are a tenth as many as requests, so that hardly any GET finds nothing.
redis_round() {
  local common=(-h 127.0.0.1 -p "$1" -P "$3" -n "$4" -r "$(($4 / 10))" -c "$5" --csv) set get
  set=$({ printf '__rand_int__'; head -c "$(($2 - 12))" /dev/zero | tr '\0' x; } |
    redis-benchmark "${common[@]}" -x SET key:__rand_int__ 2>/dev/null | tail -n 1 | awk -F'"' '{ print $4 }')
  get=$(redis-benchmark "${common[@]}" -d "$2" -t get 2>/dev/null | tail -n 1 | awk -F'"' '{ print $4 }')
  echo "$set $get"
}

start_zdb() {
  free_port; ZDB_PORT=$REPLY
  start_process zdb "$GRANARY_BIN" zdb serve --dir "$GRID_DIR/zdb-$ZDB_PORT" --listen "127.0.0.1:$ZDB_PORT" --sync "${1:-everysec}"
  wait_until 20 "zdb answers" redis-cli -p "$ZDB_PORT" PING
}

start_redis() {
  free_port; REDIS_PORT=$REPLY
  mkdir -p "$GRID_DIR/redis-$REDIS_PORT"
  start_process redis redis-server --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$GRID_DIR/redis-$REDIS_PORT" \
    --appendonly yes --appendfsync "${1:-everysec}" --save ""
  wait_until 20 "Redis answers" redis-cli -p "$REDIS_PORT" PING
}

# zdb_row TITLE SIZE DEPTH REQUESTS CLIENTS [SYNC]: medians of both in turn, each from an empty store, so that neither gains from
# the other's page cache.
zdb_row() {
  local title=$1 sync=${6:-everysec} round figures i column=()
  : >"$GRID_DIR/figures"
  for round in $(seq "$ROUNDS"); do
    start_zdb "$sync" >/dev/null; figures=$(redis_round "$ZDB_PORT" "${@:2:4}")
    stop_process zdb; rm -rf "$GRID_DIR"/zdb-*
    start_redis "$sync" >/dev/null; figures+=" $(redis_round "$REDIS_PORT" "${@:2:4}")"
    stop_process redis; rm -rf "$GRID_DIR"/redis-*
    echo "$figures" >>"$GRID_DIR/figures"
  done
  for i in 1 2 3 4; do column[i]=$(cut -d' ' -f"$i" "$GRID_DIR/figures" | median); done
  printf '  %-22s %12.0f %12.0f %7s %12.0f %12.0f %7s\n' "$title" \
    "${column[1]}" "${column[3]}" "$(ratio "${column[1]}" "${column[3]}")" \
    "${column[2]}" "${column[4]}" "$(ratio "${column[2]}" "${column[4]}")"
}


# drive_row TITLE SIZE DEPTH REQUESTS: both servers under examples/drive, which takes less of a processor than they do: requests/s, the server's
# microseconds for each, and the 99.9th percentile of a batch's time.
drive_row() {
  local title=$1 size=$2 depth=$3 requests=$4 server command figures
  printf '  %-20s' "$title"
  for server in zdb redis; do
    "start_$server" >/dev/null
    local port=$ZDB_PORT
    [ "$server" = zdb ] || port=$REDIS_PORT
    for command in set get; do
      figures=$(for _ in $(seq "$ROUNDS"); do
        "$BIN_DIR/examples/drive" --port "$port" --pid "${GRID_PIDS[$server]}" --command "$command" --size "$size" --depth "$depth" \
          --requests "$requests" --keys "$((requests / 10))"
      done | sort -n | awk '{ row[NR] = $0 } END { print row[int((NR + 1) / 2)] }')
      awk -v name="$server $command" '{ printf "  %-9s %8d/s %6.2f us %7d us", name, $1, $2, $5 }' <<<"$figures"
    done
    stop_process "$server"
    rm -rf "$GRID_DIR/$server"-*
  done
  echo
}

# The 99.9th percentile of GETs at half of the peak, alone and while the store is compacted and scrubbed.
bench_disturbance() {
  local drive=("$BIN_DIR/examples/drive") peak alone disturbed
  start_zdb >/dev/null
  drive+=(--port "$ZDB_PORT" --pid "${GRID_PIDS[zdb]}" --size 512 --keys 100000)
  "${drive[@]}" --command set --depth 16 --requests 1000000 >/dev/null
  peak=$("${drive[@]}" --command get --requests 100000 | cut -d' ' -f1)
  alone=$("${drive[@]}" --command get --requests "$((peak * 4))" --rate "$((peak / 2))" | cut -d' ' -f5)
  (while redis-cli -p "$ZDB_PORT" SCRUB && redis-cli -p "$ZDB_PORT" COMPACT NOW; do :; done >/dev/null 2>&1) &
  local upkeep=$!
  disturbed=$("${drive[@]}" --command get --requests "$((peak * 4))" --rate "$((peak / 2))" | cut -d' ' -f5)
  kill "$upkeep"
  note "GET at half of the peak of $peak/s, 99.9th percentile: $alone us alone, $disturbed us beside scrub and compaction ($(ratio "$disturbed" "$alone"))"
  stop_process zdb
}

bench_zdb() {
  say "zdb and Redis (appendonly), redis-benchmark, random keys, requests/s, median of $ROUNDS"
  printf '  %-22s %12s %12s %7s %12s %12s %7s\n' "" "zdb SET" "Redis SET" ratio "zdb GET" "Redis GET" ratio
  zdb_row "512 B, pipeline 1" 512 1 200000 50
  zdb_row "512 B, pipeline 16" 512 16 400000 50
  zdb_row "4 KiB, pipeline 1" 4096 1 200000 50
  zdb_row "4 KiB, pipeline 16" 4096 16 200000 50
  zdb_row "64 KiB" 65536 1 20000 50
  zdb_row "1 MiB" 1048576 1 1500 16
  zdb_row "durable, 1 client" 512 1 3000 1 always
  zdb_row "durable, 64 clients" 512 1 40000 64 always
  say "the same under a load generator that takes less than the server: requests/s, the server's time for each, 99.9th percentile"
  drive_row "512 B, pipeline 1" 512 1 200000
  drive_row "512 B, pipeline 16" 512 16 1000000
  drive_row "4 KiB, pipeline 1" 4096 1 100000
  drive_row "4 KiB, pipeline 16" 4096 16 200000
  drive_row "64 KiB" 65536 1 20000
  bench_disturbance
  say "fio on the same file system"
  fio --name=durable --filename="$GRID_DIR/fio" --size=64M --rw=write --bs=512 --fdatasync=1 --runtime=5 --time_based --output-format=json |
    jq -r '"  \(.jobs[0].write.iops | floor) durable writes of 512 B a second, one after the other"'
  local block mode
  for block in 64k 1m; do
    for mode in write read; do
      fio --name=large --filename="$GRID_DIR/fio" --size=1g --rw="$mode" --bs="$block" --ioengine=psync --output-format=json |
        jq -r --arg title "$mode of $block" --arg mode "$mode" '"  \($title): \(.jobs[0][$mode].bw / 1024 | floor) MiB/s, buffered"'
    done
  done
  rm -f "$GRID_DIR/fio"
  say "the engine alone"
  "$BIN_DIR/examples/engine" "$GRID_DIR/engine" "${GRANARY_BENCH_KEYS:-50000000}"
  rm -rf "$GRID_DIR/engine"
}
