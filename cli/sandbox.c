/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.c - gives up what reading a file does not need, before the file is looked at.
 *
 * Files can be read everywhere: a core names the programs and libraries that complete it, scripts
 * and .readmem name others. They can be written below the current folder and the folders for
 * temporary files, and so can the opened file where writing through was asked for. Everything else
 * goes: programs, network, other processes, and every system call that a reader of files does
 * without (sandbox_calls.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* Rights that the headers of Debian 12 do not know. */
#define RIGHT_TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_ALL         UINT64_C(3)         /* ABI 4: bind and connect by TCP */
#define SCOPE_ALL       UINT64_C(3)         /* ABI 6: abstract sockets, signals */

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)
/* A file for a moment, where the file system cannot make one without a name, must be removed. */
#define RIGHTS_WRITE (RIGHTS_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

#define FOLDERS 3             /* the current one, and two for temporary files */
#define PLACES  (FOLDERS + 1) /* and the file that is opened */

struct ruleset_attributes {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

static char *folders[PLACES + 1];
static struct tmi_sandbox state;

static bool disabled(const char *name)
{
	const char *list = getenv("TMEM_DISABLE");
	size_t length = strlen(name);

	while (list && *list) {
		size_t size = strcspn(list, ",");

		if (size == length && memcmp(list, name, length) == 0)
			return true;
		list += size + (list[size] == ',');
	}
	return false;
}

static unsigned landlock_abi(void)
{
	long abi = disabled("landlock") ? 0
					: syscall(SYS_landlock_create_ruleset, NULL, 0,
						  LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (unsigned)abi : 0;
}

/* Every right on files that a kernel of this ABI can take away. */
static uint64_t known_rights(unsigned abi)
{
	unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	return (UINT64_C(1) << bits) - 1;
}

static int make_ruleset(unsigned abi)
{
	struct ruleset_attributes attributes = { known_rights(abi), NET_ALL, SCOPE_ALL };
	size_t size = abi >= 6   ? sizeof(attributes)
		      : abi >= 4 ? offsetof(struct ruleset_attributes, scoped)
				 : offsetof(struct ruleset_attributes, net);

	return (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
}

static bool allow(int ruleset, unsigned abi, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights & known_rights(abi) };
	bool done;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return false;
	done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return done;
}

/* True when @folder is @other or holds it. */
static bool holds(const char *folder, const char *other)
{
	size_t length = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return true;
	return strncmp(folder, other, length) == 0 && (!other[length] || other[length] == '/');
}

/*
 * A home folder has files that other programs obey when they start: who can write them needs no
 * sandbox to be broken. So neither it nor what holds it is opened as a whole.
 */
static bool is_too_wide(const char *folder)
{
	const char *home = getenv("HOME");
	char *real = home && *home ? realpath(home, NULL) : NULL;
	bool wide = strcmp(folder, "/") == 0 || (real && holds(folder, real));

	free(real);
	return wide;
}

static void add_folder(int ruleset, const char *path)
{
	size_t count = 0;
	char *real = realpath(path, NULL);

	while (folders[count]) {
		if (real && holds(folders[count], real)) {
			free(real);
			return;
		}
		count++;
	}
	if (real && count < FOLDERS && !is_too_wide(real) &&
	    allow(ruleset, state.landlock, real, RIGHTS_WRITE))
		folders[count] = real;
	else
		free(real);
}

/* One file: its folder is no matter. */
static void add_file(int ruleset, const char *path)
{
	size_t count = 0;
	char *real = realpath(path, NULL);

	while (folders[count])
		count++;
	if (real && count < PLACES &&
	    allow(ruleset, state.landlock, real, LANDLOCK_ACCESS_FS_WRITE_FILE))
		folders[count] = real;
	else
		free(real);
}

/* False when the kernel refuses; nothing is limited then. */
static bool limit_files(const char *written)
{
	const char *temporary = getenv("TMPDIR");
	int ruleset = make_ruleset(state.landlock);
	bool done;

	if (ruleset < 0)
		return false;
	done = allow(ruleset, state.landlock, "/", RIGHTS_READ);
	allow(ruleset, state.landlock, "/dev/null", RIGHTS_FILE);
	allow(ruleset, state.landlock, "/dev/full", RIGHTS_FILE);
	add_folder(ruleset, ".");
	if (temporary && *temporary) {
		add_folder(ruleset, temporary);
	} else {
		add_folder(ruleset, "/tmp");
		add_folder(ruleset, "/var/tmp");
	}
	if (written)
		add_file(ruleset, written);
	done = done && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return done;
}

/* The file that a target's spec names, with or without a prefix; NULL = none. */
static const char *file_of(const char *target)
{
	const char *colon = strchr(target, ':');
	struct stat info;

	if (stat(target, &info) == 0)
		return S_ISREG(info.st_mode) || S_ISBLK(info.st_mode) ? target : NULL;
	return colon && stat(colon + 1, &info) == 0 &&
			       (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode))
		       ? colon + 1
		       : NULL;
}

bool sandbox_fits(const char *target)
{
	return file_of(target);
}

const struct tmi_sandbox *sandbox_enter(const char *written)
{
	state = (struct tmi_sandbox){ .writable = (const char *const *)folders };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		state.off = "this kernel has neither Landlock nor seccomp";
		return &state;
	}
	state.landlock = landlock_abi();
	if (state.landlock && !limit_files(written ? file_of(written) : NULL))
		state.landlock = 0;
	/* Without Landlock nothing would hold the removal of files back. */
	state.calls = !disabled("seccomp") && sandbox_limit_calls(state.landlock > 0);
	if (!state.landlock && !state.calls)
		state.off = "this kernel has neither Landlock nor seccomp";
	return &state;
}

const struct tmi_sandbox *sandbox_stay_out(const char *why)
{
	state = (struct tmi_sandbox){ .off = why };
	return &state;
}
