/* Talks to a granary zdb over hiredis; the port is the only argument. */

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisContext *context;

static redisReply *ask(redisReply *reply) {
	if (reply == NULL) {
		fprintf(stderr, "no reply: %s\n", context->errstr);
		exit(1);
	}
	return reply;
}

#define CHECK(condition)                                             \
	if (!(condition)) {                                              \
		fprintf(stderr, "line %d: %s\n", __LINE__, #condition);      \
		exit(1);                                                     \
	}

int main(int argc, char **argv) {
	CHECK(argc == 2);
	context = redisConnect("127.0.0.1", atoi(argv[1]));
	CHECK(context != NULL && context->err == 0);

	redisReply *reply = ask(redisCommand(context, "SET %s %b", "key", "a\0b", (size_t)3));
	CHECK(reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "key") == 0);
	freeReplyObject(reply);
	reply = ask(redisCommand(context, "SET %s %b", "key", "a\0b", (size_t)3));
	CHECK(reply->type == REDIS_REPLY_NIL);
	freeReplyObject(reply);
	reply = ask(redisCommand(context, "GET key"));
	CHECK(reply->type == REDIS_REPLY_STRING && reply->len == 3 && memcmp(reply->str, "a\0b", 3) == 0);
	freeReplyObject(reply);
	reply = ask(redisCommand(context, "DEL none"));
	CHECK(reply->type == REDIS_REPLY_ERROR && strcmp(reply->str, "Key not found") == 0);
	freeReplyObject(reply);

	/* Commands in flight together. */
	for (int number = 0; number < 500; number++) {
		redisAppendCommand(context, "SET c-%d %d", number, number);
	}
	for (int number = 0; number < 500; number++) {
		CHECK(redisGetReply(context, (void **)&reply) == REDIS_OK);
		CHECK(reply->type == REDIS_REPLY_STRING);
		freeReplyObject(reply);
	}

	/* 0-db's own commands and their forms. */
	reply = ask(redisCommand(context, "SCAN"));
	CHECK(reply->type == REDIS_REPLY_ARRAY && reply->elements == 2);
	CHECK(reply->element[0]->len == 17 && reply->element[1]->elements == 501);
	CHECK(reply->element[1]->element[0]->element[1]->integer == 3);
	freeReplyObject(reply);
	reply = ask(redisCommand(context, "CHECK key"));
	CHECK(reply->type == REDIS_REPLY_INTEGER && reply->integer == 1);
	freeReplyObject(reply);
	reply = ask(redisCommand(context, "NSINFO default"));
	CHECK(reply->type == REDIS_REPLY_STRING && strstr(reply->str, "entries: 501") != NULL);
	freeReplyObject(reply);
	redisFree(context);
	puts("ok");
	return 0;
}
