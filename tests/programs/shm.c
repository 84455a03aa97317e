// A second process with the shared memory of another one: shm PID FD [ADDR]
//
// Maps the memfd that process PID holds as descriptor FD, at ADDR when given, and prints
// `shared ADDR SIZE rw-`. Commands: peek ADDR LEN, poke ADDR HEX.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "protocol.h"

static const struct command commands[] = {
	{ "peek", run_peek },
	{ "poke", run_poke },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	void *wanted = argc > 3 ? to_pointer(strtoull(argv[3], NULL, 16)) : NULL;
	struct stat info;
	char path[64];
	void *bytes;
	int fd;

	if (argc < 3)
		die("usage: shm PID FD [ADDR]");
	protocol_start();
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", atoi(argv[1]), atoi(argv[2]));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info))
		die(path);
	bytes = mmap(wanted, (size_t)info.st_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | (wanted ? MAP_FIXED_NOREPLACE : 0), fd, 0);
	if (bytes == MAP_FAILED)
		die("mmap");
	printf("shared %" PRIxPTR " %" PRIx64 " rw-\n", (uintptr_t)bytes, (uint64_t)info.st_size);
	protocol_serve(commands);
	return 0;
}
