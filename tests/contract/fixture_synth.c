/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_synth.c - the model written as a text-described machine. */
#include <inttypes.h>
#include <unistd.h>

#include "contract/contract.h"

/* Bytes of content in a line: few where most is a pattern, many where every byte is given. */
#define SHORT_LINE 64
#define LONG_LINE  4096

/* True when the line says more than the pattern of the whole run. */
static bool is_special(const struct model *model, const struct model_run *run, size_t from,
		       size_t size)
{
	for (size_t i = from; i < from + size; i++)
		if (run->bytes[i] != model_plain_byte(model->seed, run->first + i))
			return true;
	return false;
}

static void write_run(FILE *file, const struct model *model, const struct model_run *run,
		      bool every_byte)
{
	size_t size = model_run_size(run);
	size_t longest = every_byte ? LONG_LINE : SHORT_LINE;

	fprintf(file, "run 0x%" PRIx64 " 0x%zx %s\n", run->first, size,
		run->writable ? "rw-p" : "r--p");
	fprintf(file, "pattern 0x%" PRIx64 " 0x%zx seed=%u\n", run->first, size, model->seed);
	for (size_t i = 0; i < size; i += longest) {
		size_t line = size - i < longest ? size - i : longest;

		if (!every_byte && !is_special(model, run, i, line))
			continue;
		fprintf(file, "bytes 0x%" PRIx64 " ", run->first + i);
		for (size_t k = i; k < i + line; k++)
			fprintf(file, "%02x", run->bytes[k]);
		putc('\n', file);
	}
}

/* Only bytes that are written down can be lent: @every_byte. */
static void write_process(FILE *file, const struct model *model, unsigned id, bool every_byte)
{
	fprintf(file, "process %u \"/bin/contract\"\nthread %u\n", id, id);
	for (size_t i = 0; i < model->count; i++)
		write_run(file, model, &model->runs[i], every_byte);
}

static bool begin_as(struct fixture *fixture, const char *head)
{
	bool every_byte = strstr(head, "lends");
	char *path = strdup("/tmp/tmem-contract-XXXXXX");
	int fd = path ? mkstemp(path) : -1;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	fixture->state = path;
	fixture->path = path;
	if (!file)
		return false;
	fprintf(file, "tmem synth 1\n%s", head);
	write_process(file, &fixture->model, 100, every_byte);
	if (fixture->type->second)
		write_process(file, &fixture->second, 200, every_byte);
	snprintf(fixture->spec, sizeof(fixture->spec), "synth:%s", path);
	return !fclose(file);
}

static bool begin_amd64(struct fixture *fixture)
{
	return begin_as(fixture, "machine amd64\n");
}

static bool begin_lends(struct fixture *fixture)
{
	return begin_as(fixture, "target lends=yes\nmachine amd64\n");
}

static bool begin_live(struct fixture *fixture)
{
	return begin_as(fixture, "target live=yes\nmachine amd64 granular=page\n");
}

static bool begin_i386(struct fixture *fixture)
{
	return begin_as(fixture, "machine i386\n");
}

static bool begin_mips(struct fixture *fixture)
{
	return begin_as(fixture, "machine mips\n");
}

static void end(struct fixture *fixture)
{
	if (fixture->path)
		unlink(fixture->path);
	free(fixture->state);
}

#define BASE64 0x10000000000u
#define BASE32 0xa0000000u

const struct fixture_type fixtures_synth[] = {
	{ .kind = "synth",
	  .name = "synth",
	  .shape = { BASE64, 8, false, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .second = true,
	  .begin = begin_amd64,
	  .end = end },
	{ .kind = "synth",
	  .name = "synth-lends",
	  .shape = { BASE64, 8, false, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .second = true,
	  .begin = begin_lends,
	  .end = end },
	{ .kind = "synth",
	  .name = "synth-live",
	  .shape = { BASE64, 8, false, true, false },
	  .live = true,
	  .second = true,
	  .begin = begin_live,
	  .end = end },
	{ .kind = "synth",
	  .name = "synth-32",
	  .shape = { BASE32, 4, false, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .second = true,
	  .begin = begin_i386,
	  .end = end },
	{ .kind = "synth",
	  .name = "synth-32be",
	  .shape = { BASE32, 4, true, true, true },
	  .overlay = true,
	  .boundaries = true,
	  .second = true,
	  .begin = begin_mips,
	  .end = end },
	{ 0 },
};
