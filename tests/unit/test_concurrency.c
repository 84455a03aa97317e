/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_concurrency.c - readers, a writer and a flusher at once, over one described machine.
 *
 * Meant for ThreadSanitizer as much as for its own checks: memory that nobody writes must read as
 * described whatever goes on beside it, and a written word is one of those that were written.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tmem.h>

#define QUIET      0x100000 /* nobody writes here: each byte is the low byte of its address */
#define QUIET_SIZE 0x40000
#define BUSY       0x200000 /* one word per page is written, all its bytes equal */
#define BUSY_PAGES 16
#define READERS    3
#define ROUNDS     400
#define ROUNDS_MAX 400000 /* of readers that wait for the others to have done something */

static const char *const texts[] = {
	/* A live machine: suspended and resumed, so that the cache comes and goes. */
	"tmem synth 1\ntarget live=yes\nmachine amd64 granular=page\nprocess 1 \"/bin/a\"\n"
	"run 0x100000 0x40000 rw-p\npattern 0x100000 0x40000 counting\n"
	"run 0x200000 0x10000 rw-p\nrun 0x300000 0x1000 rw-p\nfault 0x300000 0x1000 read\n"
	"process 2 \"/bin/b\"\nrun 0x100000 0x40000 rw-p\npattern 0x100000 0x40000 counting\n"
	"run 0x200000 0x10000 rw-p\nrun 0x300000 0x1000 rw-p\nfault 0x300000 0x1000 read\n",
	/* A stored one that lends its bytes: overlay, views, hot path. */
	"tmem synth 1\ntarget lends=yes\nprocess 1 \"/bin/a\"\n"
	"run 0x100000 0x40000 rw-p\npattern 0x100000 0x40000 counting\n"
	"run 0x200000 0x10000 rw-p\n"
	"process 2 \"/bin/b\"\nrun 0x100000 0x40000 rw-p\npattern 0x100000 0x40000 counting\n"
	"run 0x200000 0x10000 rw-p\n",
};

static tmem_target *shared_handle;
static atomic_bool stop;
static atomic_uint callbacks;
static atomic_uint disturbances;
static atomic_uint writes;

static tmem_target *open_text(const char *text)
{
	char spec[] = "synth:/tmp/tmem-concurrency-XXXXXX";
	tmem_target *target = NULL;
	int fd = mkstemp(spec + 6);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (tmem_open(spec, NULL, &target) != TMEM_S_OK)
		print_error("%s\n", tmem_last_error(NULL));
	unlink(spec + 6);
	assert_non_null(target);
	return target;
}

static const char *check_quiet(tmem_target *target, unsigned *seed)
{
	uint8_t buffer[9000];
	uint64_t offset = QUIET + (unsigned)rand_r(seed) % (QUIET_SIZE - sizeof(buffer));
	size_t size = (unsigned)rand_r(seed) % 4 ? 8 : sizeof(buffer), count = 0;

	if (tmem_read_virtual(target, offset, buffer, size, &count) != TMEM_S_OK || count != size)
		return "a quiet read failed";
	for (size_t i = 0; i < size; i++)
		if (buffer[i] != (uint8_t)(offset + i))
			return "a quiet byte is wrong";
	return NULL;
}

static const char *check_busy(tmem_target *target, unsigned *seed)
{
	uint8_t byte;
	uint64_t offset = BUSY + (unsigned)rand_r(seed) % BUSY_PAGES * 0x1000;

	if (tmem_read_virtual(target, offset, &byte, 1, NULL) != TMEM_S_OK)
		return "a busy read failed";
	return byte <= 100 ? NULL : "a busy byte was never written";
}

static const char *check_search(tmem_target *target)
{
	static const uint8_t pattern[] = { 0xfe, 0xff, 0x00, 0x01 };
	uint64_t match = 0;

	if (tmem_search_virtual(target, QUIET, 0x4000, pattern, 4, 1, &match) != TMEM_S_OK ||
	    match != QUIET + 0xfe)
		return "a search is wrong";
	return NULL;
}

static const char *check_batch(tmem_target *target, unsigned *seed)
{
	struct tmem_transfer items[16];
	uint8_t bytes[16];

	for (size_t i = 0; i < 16; i++)
		items[i] = (struct tmem_transfer){ .offset = QUIET +
							     (unsigned)rand_r(seed) % QUIET_SIZE,
						   .buffer = &bytes[i],
						   .size = 1 };
	if (tmem_read_virtual_batch(target, items, 16) != TMEM_S_OK)
		return "a batch failed";
	for (size_t i = 0; i < 16; i++)
		if (bytes[i] != (uint8_t)items[i].offset)
			return "a batch is wrong";
	return NULL;
}

/* On a busy machine the readers could be done before the others have begun. */
static bool all_took_part(void)
{
	return atomic_load(&callbacks) > 0 && atomic_load(&disturbances) > 1 &&
	       atomic_load(&writes) > 64;
}

/* Reads through the handle that all share, or through one of its own. */
static void *read_on(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;
	tmem_target *target = shared_handle, *own = NULL;
	const char *wrong = NULL;

	if (seed % 2 && tmem_target_dup(shared_handle, &own) == TMEM_S_OK)
		target = own;
	for (int i = 0; !wrong && i < ROUNDS_MAX && (i < ROUNDS || !all_took_part()); i++) {
		wrong = check_quiet(target, &seed);
		if (!wrong)
			wrong = check_busy(target, &seed);
		if (!wrong && i % 32 == 0)
			wrong = check_search(target);
		if (!wrong && i % 8 == 0)
			wrong = check_batch(target, &seed);
		/* Both processes hold the same quiet bytes. */
		if (own && i % 16 == 0)
			tmem_set_current_process_id(own, (uint32_t)i / 16 % 2);
	}
	tmem_close(own);
	return (void *)wrong;
}

static void *write_on(void *unused)
{
	(void)unused;
	for (unsigned i = 0; !atomic_load(&stop); i++) {
		uint64_t value = 0x0101010101010101u * (i % 100 + 1);

		if (tmem_write_virtual(shared_handle, BUSY + i % BUSY_PAGES * 0x1000, &value, 8,
				       NULL) != TMEM_S_OK)
			return (void *)"a write failed";
		if (i % 64 == 63)
			tmem_overlay_discard(shared_handle);
		atomic_store(&writes, i);
	}
	return NULL;
}

static void count_callback(void *context, uint32_t flags, uint64_t argument)
{
	uint8_t byte;

	(void)flags;
	(void)argument;
	tmem_read_virtual(context, QUIET, &byte, 1, NULL);
	atomic_fetch_add(&callbacks, 1);
}

static void *disturb(void *unused)
{
	struct tmem_cache_statistics statistics = { .size = sizeof(statistics) };

	(void)unused;
	for (unsigned i = 0; !atomic_load(&stop); i++) {
		tmem_target *watcher;
		struct tmem_event_callbacks wanted = {
			.size = sizeof(wanted),
			.interest_mask = TMEM_EVENT_CHANGE_DEBUGGEE_STATE,
			.change_debuggee_state = count_callback,
		};

		if (tmem_target_dup(shared_handle, &watcher) != TMEM_S_OK)
			return (void *)"a dup failed";
		wanted.context = watcher;
		tmem_set_event_callbacks(watcher, &wanted);
		tmem_flush_cache(shared_handle);
		if (tmem_suspend(shared_handle) == TMEM_S_OK) {
			usleep(300);
			tmem_resume(shared_handle);
		}
		if (i % 4 == 0)
			tmem_set_cache_budget(shared_handle, (i % 3) << 16);
		tmem_get_cache_statistics(shared_handle, &statistics);
		tmem_close(watcher);
		atomic_fetch_add(&disturbances, 1);
	}
	return NULL;
}

static void readers_beside_a_writer_and_a_flusher(void **state)
{
	pthread_t readers[READERS], writer, flusher;
	void *wrong;

	shared_handle = open_text(*state);
	atomic_store(&stop, false);
	atomic_store(&callbacks, 0);
	atomic_store(&disturbances, 0);
	atomic_store(&writes, 0);
	pthread_create(&writer, NULL, write_on, NULL);
	pthread_create(&flusher, NULL, disturb, NULL);
	for (uintptr_t i = 0; i < READERS; i++)
		pthread_create(&readers[i], NULL, read_on, (void *)(i + 1));
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], &wrong);
		assert_string_equal(wrong ? wrong : "", "");
	}
	atomic_store(&stop, true);
	pthread_join(writer, &wrong);
	assert_string_equal(wrong ? wrong : "", "");
	pthread_join(flusher, &wrong);
	assert_string_equal(wrong ? wrong : "", "");
	assert_true(all_took_part());
	assert_int_equal(tmem_close(shared_handle), TMEM_S_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(readers_beside_a_writer_and_a_flusher, (void *)texts[0]),
		cmocka_unit_test_prestate(readers_beside_a_writer_and_a_flusher, (void *)texts[1]),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
