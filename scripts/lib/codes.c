/* ISA-L at the geometry that scripts/bench measures the Rust codes at: `codes DATA PARITY SHARD_BYTES` prints GB/s of data encoded, and of data of which
 * as many shards as there is parity are rebuilt, on one core. */
#include <isa-l/erasure_code.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHARDS_MAX = 255, ROUNDS = 2000 };

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
	static unsigned char matrix[SHARDS_MAX * SHARDS_MAX], left[SHARDS_MAX * SHARDS_MAX];
	static unsigned char inverse[SHARDS_MAX * SHARDS_MAX], tables[32 * SHARDS_MAX * SHARDS_MAX];
	unsigned char *shards[SHARDS_MAX], *rebuilt[SHARDS_MAX];
	int k, m, bytes, i, round;
	double began, taken;

	if (count != 4) {
		fprintf(stderr, "usage: codes DATA PARITY SHARD_BYTES\n");
		return 2;
	}
	k = atoi(arguments[1]), m = atoi(arguments[2]), bytes = atoi(arguments[3]);
	if (k < 1 || m < 1 || m > k || k + m > SHARDS_MAX || bytes < 64) {
		fprintf(stderr, "codes: such a geometry is not measured\n");
		return 2;
	}
	for (i = 0; i < k + m; i++) {
		shards[i] = aligned_alloc(64, (bytes + 63) / 64 * 64);
		rebuilt[i] = aligned_alloc(64, (bytes + 63) / 64 * 64);
		if (!shards[i] || !rebuilt[i])
			return 1;
		for (round = 0; round < bytes; round++)
			shards[i][round] = rand();
	}
	gf_gen_cauchy1_matrix(matrix, k + m, k);
	ec_init_tables(k, m, matrix + k * k, tables);
	for (began = now(), round = 0; round < ROUNDS; round++)
		ec_encode_data(bytes, k, m, tables, shards, shards + k);
	taken = now() - began;
	printf("%.1f ", (double)k * bytes * ROUNDS / taken / 1e9);

	/* The first m data shards are lost: the rows of what is left, inverted, give them back. */
	memcpy(left, matrix + m * k, (size_t)k * k);
	if (gf_invert_matrix(left, inverse, k) != 0)
		return 1;
	for (began = now(), round = 0; round < ROUNDS; round++) {
		ec_init_tables(k, m, inverse, tables);
		ec_encode_data(bytes, k, m, tables, shards + m, rebuilt);
	}
	taken = now() - began;
	for (i = 0; i < m; i++)
		if (memcmp(rebuilt[i], shards[i], bytes) != 0)
			return 1;
	printf("%.1f\n", (double)k * bytes * ROUNDS / taken / 1e9);
	return 0;
}
