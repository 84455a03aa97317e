// Drives a fuzz target over stored inputs: each argument is a file or a folder of files.
// Used where libFuzzer is not: every input of the corpus becomes part of the normal tests.

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replayed;

// The input is copied into a block of exactly its size, so that a sanitizer sees every overrun.
static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	int failed = !file || !data || fread(data, 1, size, file) != size;

	if (failed) {
		fprintf(stderr, "%s: cannot be read\n", path);
	} else {
		LLVMFuzzerTestOneInput(data, size);
		replayed++;
	}
	free(data);
	if (file)
		fclose(file);
	return failed;
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int failed = 0;

	if (!folder)
		return 1;
	while ((entry = readdir(folder))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		failed |= replay(name);
	}
	closedir(folder);
	return failed;
}

static int replay(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		perror(path);
		return 1;
	}
	if (S_ISDIR(info.st_mode))
		return replay_folder(path);
	return replay_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%lu inputs\n", replayed);
	return failed || !replayed;
}
