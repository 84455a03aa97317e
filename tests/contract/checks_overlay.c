/* SPDX-License-Identifier: Apache-2.0 */
/* checks_overlay.c - writes that a file never sees: listed, discarded, exported. */
#include <unistd.h>

#include "contract/contract.h"

/* What a listing said; each run is compared with the model. */
struct listing {
	struct fixture *fixture;
	uint64_t bytes;
	uint64_t next; /* runs ascend */
	bool wrong;
	tmem_status answer;
};

static tmem_status take_run(void *context, const struct tmem_overlay_run *run)
{
	struct listing *listing = context;
	bool kernel = is_kernel(listing->fixture);
	uint64_t at = kernel ? run->offset : to_model(listing->fixture, run->offset);

	if (run->size < sizeof(*run) ||
	    run->space != (kernel ? TMEM_DATA_SPACE_PHYSICAL : TMEM_DATA_SPACE_VIRTUAL) ||
	    run->process_id != (kernel ? TMEM_ANY_ID : 0) || at < listing->next || !run->length)
		listing->wrong = true;
	for (uint64_t i = 0; i < run->length; i++) {
		const uint8_t *expected = model_at(
			&listing->fixture->model,
			kernel ? layout_virtual(&listing->fixture->layout, at + i) : at + i);

		if (!expected || *expected != ((const uint8_t *)run->data)[i])
			listing->wrong = true;
	}
	listing->next = at + run->length;
	listing->bytes += run->length;
	return listing->answer;
}

static void write_both(struct fixture *fixture, uint64_t offset, const char *text)
{
	assert_status(tmem_write_virtual(fixture->target, offset, text, strlen(text), NULL),
		      TMEM_S_OK);
	model_write(&fixture->model, to_model(fixture, offset), text, strlen(text));
}

static void list(struct fixture *fixture)
{
	struct listing listing = { .fixture = fixture };

	assert_status(tmem_overlay_list(fixture->target, take_run, &listing), TMEM_S_OK);
	assert_int_equal(listing.bytes, 0);
	write_both(fixture, at_run(fixture, "haystack", 5 * MODEL_PAGE - 3), "over the edge");
	write_both(fixture, at_run(fixture, "plain", 77), "first");
	write_both(fixture, at_run(fixture, "plain", 82), "adjacent");
	write_both(fixture, at_run(fixture, "plain", 79), "inside");
	assert_status(tmem_overlay_list(fixture->target, take_run, &listing), TMEM_S_OK);
	assert_false(listing.wrong);
	assert_int_equal(listing.bytes, fixture->type->overlay ? 13 + 13 : 0);
	if (!fixture->type->overlay)
		return;
	listing = (struct listing){ .fixture = fixture, .answer = TMEM_E_FAIL };
	assert_status(tmem_overlay_list(fixture->target, take_run, &listing), TMEM_E_FAIL);
	/* The first run: what lies lowest, in physical memory perhaps a part of the long one. */
	assert_true(is_kernel(fixture) ? listing.bytes > 0 : listing.bytes == 13);
}

static void discard(struct fixture *fixture)
{
	struct events events;

	listen_to(fixture->target, &events);
	assert_status(tmem_overlay_discard(fixture->target), TMEM_S_OK);
	assert_int_equal(events.count, 0);
	if (!fixture->type->overlay)
		return;
	expect_model(fixture->target, &fixture->model);
	assert_status(
		tmem_write_virtual(fixture->target, at_run(fixture, "plain", 9), "gone", 4, NULL),
		TMEM_S_OK);
	assert_status(tmem_fill_virtual(fixture->target, at_run(fixture, "haystack", 0), 50000,
					"gone", 4, NULL),
		      TMEM_S_OK);
	expect_bytes(fixture->target, at_run(fixture, "plain", 9), "gone", 4);
	events.count = 0;
	assert_status(tmem_overlay_discard(fixture->target), TMEM_S_OK);
	expect_event(&events,
		     is_kernel(fixture) ? TMEM_DATA_SPACE_PHYSICAL : TMEM_DATA_SPACE_VIRTUAL);
	expect_model(fixture->target, &fixture->model);
}

static void export(struct fixture *fixture)
{
	char path[] = "/tmp/tmem-contract-export-XXXXXX";
	char text[4096];
	FILE *file;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	if (!fixture->type->overlay) {
		unlink(path);
		return;
	}
	write_both(fixture, at_run(fixture, "plain", 0x77), "\xab\xcd\xef");
	/* The file must not exist. */
	assert_true(TMEM_FAILED(tmem_overlay_export(fixture->target, path)));
	assert_true(strstr(tmem_last_error(fixture->target), path));
	unlink(path);
	assert_status(tmem_overlay_export(fixture->target, path), TMEM_S_OK);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	unlink(path);
	assert_non_null(strstr(text, "abcdef"));
	assert_true(
		TMEM_FAILED(tmem_overlay_export(fixture->target, "/nonexistent-folder/overlay")));
}

/* A live target takes an overlay when asked: its owner sees nothing. */
static void over_a_live_target(struct fixture *fixture)
{
	uint64_t at = at_run(fixture, "plain", 0);
	uint8_t seen[4];
	tmem_target *target;

	if (!fixture->type->live)
		return;
	target = open_again(fixture, "overlay=on");
	assert_status(tmem_write_virtual(target, at, "mine", 4, NULL), TMEM_S_OK);
	expect_bytes(target, at, "mine", 4);
	expect_model(fixture->target, &fixture->model);
	if (fixture->type->peek) {
		assert_true(fixture->type->peek(fixture, to_model(fixture, at), seen, 4));
		assert_memory_equal(seen, run_bytes(fixture, "plain"), 4);
	}
	assert_status(tmem_overlay_discard(target), TMEM_S_OK);
	expect_model(target, &fixture->model);
	tmem_close(target);
}

const struct check checks_overlay[] = {
	{ "overlay_list", list },
	{ "overlay_discard", discard },
	{ "overlay_export", export },
	{ "overlay_over_a_live_target", over_a_live_target },
	{ 0 },
};
