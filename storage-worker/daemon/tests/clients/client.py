"""Talks to a granary zdb as any user of redis-py would; the port is the only argument."""

import struct
import sys

import redis

client = redis.Redis(port=int(sys.argv[1]))
assert client.ping()

# A SET answers the key, and nil if nothing changed: what 0-db's clients rely on. redis-py turns SET's answer into whether it
# was OK, so SETX it is.
assert client.execute_command("SETX", "key", b"value") == b"key"
assert client.execute_command("SETX", "key", b"value") is None
assert client.get("key") == b"value"
assert client.mget("key", "none") == [b"value", None]
assert client.exists("key") == 1
assert client.getrange("key", 1, 3) == b"alu"

# A pipeline of many commands.
with client.pipeline(transaction=False) as pipe:
    for number in range(1000):
        pipe.execute_command("SETX", f"pipe-{number}", number)
    assert pipe.execute() == [f"pipe-{number}".encode() for number in range(1000)]
assert client.dbsize() == 1001

# Keys by prefix, in 0-db's form.
cursor, keys = client.execute_command("KSCAN", "pipe-")
assert (cursor, len(keys)) == (b"0", 1000), (cursor, len(keys))

# Sequential keys.
client.execute_command("NSNEW", "ids")
client.execute_command("NSSET", "ids", "mode", "seq")
connection = client.connection_pool.get_connection("ids")
connection.send_command("SELECT", "ids")
connection.read_response()
connection.send_command("SET", "", "first")
assert struct.unpack("<Q", connection.read_response())[0] == 0
connection.send_command("GET", struct.pack("<Q", 0))
assert connection.read_response() == b"first"

# Errors are errors.
try:
    client.execute_command("NOSUCH")
    raise SystemExit("an unknown command was answered")
except redis.ResponseError as error:
    assert "Command not supported" in str(error), error
assert client.info()["redis_version"]
print("ok")
