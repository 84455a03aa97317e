/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_process.c - two live processes with the models in their memory. */
#include "contract/child.h"
#include "contract/contract.h"

struct pair {
	struct child first;
	struct child second;
};

static bool begin(struct fixture *fixture)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	fixture->state = pair;
	if (!pair || !child_start(&pair->first, &fixture->model) ||
	    !child_start(&pair->second, &fixture->second))
		return false;
	snprintf(fixture->spec, sizeof(fixture->spec), "pid:%d,%d", (int)pair->first.pid,
		 (int)pair->second.pid);
	return true;
}

/* Nobody but the library changes their memory, so it may be kept as a stopped process's is. */
static bool begin_cached(struct fixture *fixture)
{
	snprintf(fixture->options, sizeof(fixture->options), "cache=on");
	return begin(fixture);
}

static void end(struct fixture *fixture)
{
	struct pair *pair = fixture->state;

	if (pair) {
		child_stop(&pair->first);
		child_stop(&pair->second);
	}
	free(pair);
}

static bool peek(struct fixture *fixture, uint64_t address, void *buffer, size_t size)
{
	struct pair *pair = fixture->state;

	return child_peek(&pair->first, address, buffer, size);
}

const struct fixture_type fixtures_process[] = {
	{ .kind = "process",
	  .name = "process",
	  .shape = { CHILD_BASE64, 8, false, false, false },
	  .live = true,
	  .second = true,
	  .begin = begin,
	  .end = end,
	  .peek = peek },
	{ .kind = "process",
	  .name = "process-cached",
	  .shape = { CHILD_BASE64, 8, false, false, false },
	  .live = true,
	  .second = true,
	  .begin = begin_cached,
	  .end = end,
	  .peek = peek },
	{ .kind = "process",
	  .name = "process-32",
	  .shape = { CHILD_BASE32, 4, false, false, false },
	  .live = true,
	  .second = true,
	  .begin = begin,
	  .end = end,
	  .peek = peek },
	{ 0 },
};
