/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hot_path.c - what is read through page tables that stand in a mapped file takes no lock and
 * allocates nothing, once it is under way. Both are counted by functions in front of the C
 * library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <pthread.h>
#include <tmem.h>

#define PAGE   4096u
#define TABLES 4u
#define PAGES  400u /* more than a thread remembers, fewer than a table holds */
#define BASE   UINT64_C(0x7f0000000000)

/* Sanitizers have functions of their own in these places. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_COUNT false
#else
#define CAN_COUNT true
#endif

static atomic_uint allocations, locks;

#if CAN_COUNT

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_realloc(old, size);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static int (*_Atomic real)(pthread_mutex_t * mutex);

	if (!real)
		real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
	atomic_fetch_add(&locks, 1);
	return real(mutex);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	static int (*_Atomic real)(pthread_rwlock_t * lock);

	if (!real)
		real = (int (*)(pthread_rwlock_t *))dlsym(RTLD_NEXT, "pthread_rwlock_rdlock");
	atomic_fetch_add(&locks, 1);
	return real(lock);
}

#endif

/* Which frame a page has: no neighbours are neighbours there. */
static uint64_t frame_of(unsigned page)
{
	return TABLES + page * 7 % PAGES;
}

static uint64_t word_of(unsigned page)
{
	return page * UINT64_C(0x0101010101010101) ^ 0x5a;
}

static uint64_t image[(TABLES + PAGES) * PAGE / 8];

static void make_image(char *path)
{
	FILE *file;

	image[BASE >> 39 & 511] = PAGE | 7;
	image[512] = 2 * PAGE | 7;
	image[2 * 512] = 3 * PAGE | 7;
	for (unsigned i = 0; i < PAGES; i++) {
		image[3 * 512 + i] = frame_of(i) * PAGE | 3;
		image[frame_of(i) * 512 + 1] = word_of(i);
	}
	close(mkstemp(path));
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(image, sizeof(image), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

static void read_all(tmem_target *target)
{
	for (unsigned i = 0; i < PAGES; i++) {
		uint64_t value = 0, physical = 0;
		size_t done = 0;

		for (int again = 0; again < 2; again++) {
			assert_int_equal(
				tmem_read_virtual(target, BASE + i * PAGE + 8, &value, 8, &done),
				TMEM_S_OK);
			assert_int_equal(done, 8);
			assert_int_equal(value, word_of(i));
		}
		assert_int_equal(tmem_virtual_to_physical(target, BASE + i * PAGE + 8, &physical),
				 TMEM_S_OK);
		assert_int_equal(physical, frame_of(i) * PAGE + 8);
	}
}

static void read_at_once(tmem_target *target)
{
	static struct tmem_transfer items[PAGES];
	static uint64_t values[PAGES], addresses[PAGES], physical[PAGES], whole[PAGES * PAGE / 8];
	size_t count = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		addresses[i] = BASE + (uint64_t)i * PAGE + 8;
		items[i] = (struct tmem_transfer){ .offset = addresses[i],
						   .buffer = &values[i],
						   .size = 8 };
	}
	assert_int_equal(tmem_read_virtual_batch(target, items, PAGES), TMEM_S_OK);
	assert_int_equal(tmem_virtual_to_physical_batch(target, addresses, physical, PAGES, &count),
			 TMEM_S_OK);
	assert_int_equal(count, PAGES);
	assert_int_equal(tmem_read_virtual(target, BASE, whole, sizeof(whole), &count), TMEM_S_OK);
	assert_int_equal(count, sizeof(whole));
	for (unsigned i = 0; i < PAGES; i++) {
		assert_int_equal(values[i], word_of(i));
		assert_int_equal(whole[i * 512 + 1], word_of(i));
		assert_int_equal(physical[i], frame_of(i) * PAGE + 8);
	}
}

/* Long reads that follow each other look ahead, at the end where nothing is. */
static void read_in_order(tmem_target *target)
{
	uint64_t whole[PAGE / 8];
	size_t done = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		assert_int_equal(tmem_read_virtual(target, BASE + i * PAGE, whole, PAGE, &done),
				 TMEM_S_OK);
		assert_int_equal(done, PAGE);
		assert_memory_equal(whole, &image[frame_of(i) * 512], PAGE);
	}
}

static void test_nothing_is_taken(void **state)
{
	char path[] = "/tmp/test-hot-path-XXXXXX", spec[64];
	uint64_t other = 1;
	tmem_target *target;

	make_image(path);
	snprintf(spec, sizeof(spec), "raw:%s", path);
	assert_int_equal(tmem_open(spec, "root=0,scheme=x64,levels=4", &target), TMEM_S_OK);
	read_all(target);
	read_at_once(target);
	read_in_order(target);
	if (!CAN_COUNT)
		print_message("not possible here: counting beside a sanitizer\n");
	allocations = locks = 0;
	read_all(target);
	read_at_once(target);
	read_in_order(target);
	assert_int_equal(allocations, 0);
	assert_int_equal(locks, 0);
	/* A write takes a lock and room for its bytes: the counters do count. */
	assert_int_equal(tmem_write_virtual(target, BASE + 16, &other, 8, NULL), TMEM_S_OK);
	assert_int_equal(allocations > 0 && locks > 0, CAN_COUNT);
	tmem_close(target);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nothing_is_taken) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
