/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_features.c - what this kernel offers for looking into processes, tried on ourselves.
 *
 * Nothing is concluded from a kernel's version: distributions carry newer things back, and
 * sandboxes take them away. TMEM_DISABLE=procmap_query,pagemap_scan,pagemap,process_vm,pidfd,
 * mem_force takes them away for tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "target/process.h"
#include "target/process_kernel.h"

static struct live_features found;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool has_query(const void *address)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	struct kernel_map_query query = { .size = sizeof(query),
					  .address = (uint64_t)(uintptr_t)address };
	bool has = fd >= 0 && !ioctl(fd, KERNEL_MAP_QUERY, &query);

	if (fd >= 0)
		close(fd);
	return has;
}

static bool can_scan(int fd, const void *page, uint64_t size, uint64_t category)
{
	struct kernel_page_region region;
	struct kernel_page_scan scan = {
		.size = sizeof(scan),
		.start = (uint64_t)(uintptr_t)page,
		.end = (uint64_t)(uintptr_t)page + size,
		.vector = (uint64_t)(uintptr_t)&region,
		.vector_length = 1,
		.inverted = CATEGORY_PRESENT,
		.all_of = CATEGORY_PRESENT,
		.returned = category,
	};

	return ioctl(fd, KERNEL_PAGE_SCAN, &scan) >= 0;
}

static bool has_transfer(void)
{
	char from = 1;
	char to = 0;
	struct iovec local = { &to, 1 };
	struct iovec remote = { &from, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

/* Reads and writes a protected page of our own the way it is done with others. */
static bool may_force(char *page, size_t size)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	char byte;
	bool may;

	if (fd < 0)
		return true;
	mprotect(page, size, PROT_NONE);
	may = pread(fd, &byte, 1, (off_t)(uintptr_t)page) == 1;
	close(fd);
	return may;
}

static void find_out(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED) {
		*page = 1;
		found.query = has_query(page);
		found.scan = fd >= 0 && can_scan(fd, page, size, CATEGORY_SWAPPED);
		found.tells_guard = fd >= 0 && can_scan(fd, page, size, CATEGORY_GUARD);
		found.guards = !madvise(page, 0, KERNEL_GUARD_INSTALL);
		found.force = may_force(page, size);
		munmap(page, size);
	}
	found.pagemap = true;
	found.transfer = has_transfer();
	found.pidfd = true;
	if (fd >= 0)
		close(fd);
}

void tmi_process_features(struct live_features *features)
{
	pthread_once(&once, find_out);
	*features = found;
	features->query &= !tmi_disabled("procmap_query");
	features->scan &= !tmi_disabled("pagemap_scan");
	features->pagemap &= !tmi_disabled("pagemap");
	features->transfer &= !tmi_disabled("process_vm");
	features->pidfd &= !tmi_disabled("pidfd");
	features->force &= !tmi_disabled("mem_force");
}
