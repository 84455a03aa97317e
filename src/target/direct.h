/* SPDX-License-Identifier: Apache-2.0 */
/*
 * direct.h - small reads by one system call and nothing around it.
 *
 * A kind may have a file in which the bytes of a space stand at their own addresses. Not every
 * address may be passed to it without a look first, so each thread remembers the ranges for which
 * its last reads found out that they may, with the epoch of the space at that time. An epoch is
 * never the same twice in one process: one comparison tells that a range is this space's, and that
 * neither the file nor what is known of the space changed since.
 */
#ifndef TMI_TARGET_DIRECT_H
#define TMI_TARGET_DIRECT_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* One space that can be read so. Its kind keeps it up to date, and its place until close. */
struct tmi_direct {
	_Atomic uint64_t epoch; /* 0: not to be read now */
	int file;               /* its number never changes */
};

/* More bytes than these are better moved otherwise. */
#define TMI_DIRECT_MOST (16u << 10)

/* Addresses [first, first + size), all that the kind would read by pread() of the file alone. */
struct tmi_direct_range {
	uint64_t epoch; /* 0: none */
	uint64_t first;
	uint64_t size;
};

/* Programs go back and forth between stack, heap and data of their libraries. */
#define TMI_DIRECT_RANGES 4

/* What the thread remembers, the latest first. */
extern _Thread_local struct tmi_direct_range tmi_direct_ranges[TMI_DIRECT_RANGES];

/* An epoch that no space had before. */
uint64_t tmi_direct_new_epoch(void);

/* Remembers a range of the space that has the epoch. */
void tmi_direct_learn(uint64_t epoch, uint64_t first, uint64_t size);

/*
 * pread() in the place where it is called: behind a system call the processor does not know where
 * functions return to, and each one that must cost as much as thirty instructions. Returns what
 * the system call does: bytes, or a negative number of <errno.h>; errno is left alone.
 */
static inline long tmi_direct_pread(int file, void *buffer, size_t size, uint64_t offset)
{
#if defined(__x86_64__) && defined(__LP64__)
	register uint64_t r10 __asm__("r10") = offset;
	long result = SYS_pread64;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"((long)file), "S"(buffer), "d"(size), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__) && defined(__LP64__)
	register long x0 __asm__("x0") = file;
	register void *x1 __asm__("x1") = buffer;
	register size_t x2 __asm__("x2") = size;
	register uint64_t x3 __asm__("x3") = offset;
	register long x8 __asm__("x8") = SYS_pread64;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x8) : "memory");
	return x0;
#else
	ssize_t done = pread(file, buffer, size, (off_t)offset);

	return done < 0 ? -errno : done;
#endif
}

/* True when the thread knows that all bytes can be read from the file. No system call. */
static inline bool tmi_direct_knows(uint64_t epoch, uint64_t address, uint64_t size)
{
	for (unsigned i = 0; i < TMI_DIRECT_RANGES; i++) {
		const struct tmi_direct_range *range = &tmi_direct_ranges[i];

		if (range->epoch == epoch && address - range->first < range->size)
			return size <= range->size - (address - range->first);
	}
	return false;
}

/*
 * Reads 1 to TMI_DIRECT_MOST bytes, all or nothing. False: nothing was decided, go the long way;
 * the buffer may have been written to.
 */
static inline bool tmi_direct_read(const struct tmi_direct *direct, uint64_t address, void *buffer,
				   size_t size)
{
	uint64_t epoch = atomic_load_explicit(&direct->epoch, memory_order_acquire);

	if (size - 1 >= TMI_DIRECT_MOST || !tmi_direct_knows(epoch, address, size) ||
	    tmi_direct_pread(direct->file, buffer, size, address) != (long)size)
		return false;
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&direct->epoch, memory_order_relaxed) == epoch;
}

#endif
