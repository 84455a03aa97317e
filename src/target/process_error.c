/* SPDX-License-Identifier: Apache-2.0 */
/* process_error.c - why a process may not be looked into, in words, and what to do about it. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/process.h"

#define NO_SCOPE (-1)

/* What the rules look at. */
struct circumstances {
	uint32_t pid;
	char state;     /* of the process, 0 = gone */
	uint64_t owner; /* its real uid */
	uint64_t group; /* its real gid */
	bool known;     /* owner and group were to be seen */
	bool maps_open; /* its list of mappings may be read */
	bool filtered;  /* a seccomp filter is over this program */
	int error;
	bool container;
	int scope; /* kernel.yama.ptrace_scope, or NO_SCOPE */
};

bool tmi_process_status_number(int dir, const char *key, uint64_t *value)
{
	size_t size;
	char *text = tmi_process_slurp(dir, "status", &size);
	char *line = text;
	bool found = false;

	*value = 0;
	while (line && !found) {
		found = !strncmp(line, key, strlen(key));
		if (found)
			*value = strtoull(line + strlen(key), NULL, 10);
		line = strchr(line, '\n');
		line += line ? 1 : 0;
	}
	free(text);
	return found;
}

static int read_scope(void)
{
	size_t size;
	char *text = tmi_process_slurp(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", &size);
	int scope = text ? atoi(text) : NO_SCOPE;

	free(text);
	return scope;
}

/* Containers leave marks of their own, and a user namespace does not have all users. */
static bool in_container(void)
{
	static const char all[] = "         0          0 4294967295";
	size_t size;
	char *map;
	bool whole;

	if (!access("/.dockerenv", F_OK) || !access("/run/.containerenv", F_OK))
		return true;
	map = tmi_process_slurp(AT_FDCWD, "/proc/self/uid_map", &size);
	whole = !map || !strncmp(map, all, sizeof(all) - 1);
	free(map);
	return !whole;
}

static bool under_filter(void)
{
	int dir = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t mode;
	bool filtered = tmi_process_status_number(dir, "Seccomp:", &mode) && mode;

	if (dir >= 0)
		close(dir);
	return filtered;
}

static bool list_opens(int dir)
{
	int fd = openat(dir, "maps", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void look_around(uint32_t pid, int dir, int error, struct circumstances *c)
{
	struct live_identity identity;

	*c = (struct circumstances){ .pid = pid, .error = error };
	if (tmi_process_identify(dir, &identity))
		c->state = identity.state;
	c->known = tmi_process_status_number(dir, "Uid:", &c->owner) &&
		   tmi_process_status_number(dir, "Gid:", &c->group);
	c->maps_open = list_opens(dir);
	c->filtered = under_filter();
	c->container = in_container();
	c->scope = read_scope();
}

static const char *container_hint(const struct circumstances *c)
{
	return c->container ? "; in a container also start it with --cap-add SYS_PTRACE" : "";
}

static int scope_text(char **text, const struct circumstances *c)
{
	if (c->scope == 1)
		return asprintf(text,
				"kernel.yama.ptrace_scope is 1: only descendants may be looked "
				"into: start it from this tool, let it call "
				"prctl(PR_SET_PTRACER), set sysctl kernel.yama.ptrace_scope=0, or "
				"run as root%s",
				container_hint(c));
	if (c->scope == 2)
		return asprintf(text,
				"kernel.yama.ptrace_scope is 2: CAP_SYS_PTRACE is needed: run as "
				"root%s",
				container_hint(c));
	return asprintf(text, "kernel.yama.ptrace_scope is 3: tracing is disabled for everybody "
			      "until the machine restarts");
}

static char *user_name(uint64_t uid)
{
	char buffer[1024];
	struct passwd entry, *found = NULL;
	char *name = NULL;

	if (getpwuid_r((uid_t)uid, &entry, buffer, sizeof(buffer), &found) || !found ||
	    asprintf(&name, "user %s (%u)", found->pw_name, (unsigned)uid) < 0)
		name = NULL;
	if (!name && asprintf(&name, "user %u", (unsigned)uid) < 0)
		name = NULL;
	return name;
}

static int owner_text(char **text, const struct circumstances *c)
{
	char *owner = user_name(c->owner);
	int length = asprintf(text,
			      "it belongs to %s: run as that user, or as root (CAP_SYS_PTRACE and "
			      "CAP_DAC_OVERRIDE)%s",
			      owner ? owner : "another user", container_hint(c));

	free(owner);
	return length;
}

static int cause_text(char **text, const struct circumstances *c)
{
	bool owner_differs = c->known && c->owner != geteuid();

	if (c->scope == 3)
		return scope_text(text, c);
	/* The kernel's own answer for files is EACCES, and for tracing the list does not open. */
	if (c->filtered && c->error == EPERM && c->maps_open)
		return asprintf(text, "this tool runs under a seccomp filter that forbids the "
				      "call: run it outside of that sandbox");
	if (geteuid() && owner_differs)
		return owner_text(text, c);
	if (c->scope > 0 && c->maps_open)
		return scope_text(text, c);
	if (geteuid() && c->known && c->group != getegid())
		return asprintf(text,
				"it runs with group %u and this tool with %u: use the same group, "
				"or run as root%s",
				(unsigned)c->group, (unsigned)getegid(), container_hint(c));
	if (geteuid())
		return asprintf(text,
				"it is not dumpable (prctl PR_SET_DUMPABLE, a set-user-id or "
				"unreadable program) or has more privileges than this tool: run as "
				"root%s",
				container_hint(c));
	return asprintf(text,
			"even root lacks a privilege here: CAP_SYS_PTRACE and CAP_DAC_OVERRIDE in "
			"the process's user namespace are needed, and no security module that "
			"forbids it%s",
			container_hint(c));
}

char *tmi_process_explain_text(uint32_t pid, int dir, const char *doing, int error)
{
	struct circumstances c;
	char *cause = NULL;
	char *text = NULL;

	look_around(pid, dir, error, &c);
	if (cause_text(&cause, &c) < 0)
		return NULL;
	if (asprintf(&text, "process %u: %s was refused (%s): %s", pid, doing,
		     strerrordesc_np(error), cause) < 0)
		text = NULL;
	free(cause);
	return text;
}

/* Nothing to look into: the process has ended, or is one of the kernel's own. */
static tmem_status explain_absence(uint32_t pid, int dir)
{
	struct live_identity identity;

	if (!tmi_process_identify(dir, &identity))
		return tmi_process_fail_gone();
	if (identity.state == 'Z' || identity.state == 'X')
		return tmi_fail_text(TMEM_E_UNEXPECTED,
				     "process %u has exited and waits for its parent (zombie): its "
				     "memory is gone",
				     pid);
	return tmi_process_fail_gone();
}

tmem_status tmi_process_explain(uint32_t pid, int dir, const char *file, int error)
{
	char *text;

	if (error == ESRCH || error == ENOENT)
		return explain_absence(pid, dir);
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return tmi_fail_text(TMEM_E_OUTOFMEMORY, "process %u: opening its %s: %s", pid,
				     file, strerrordesc_np(error));
	text = tmi_process_explain_text(pid, dir, "reading its memory", error);
	if (!text)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	tmi_fail_text(TMEM_E_ACCESS_DENIED, "%s", text);
	free(text);
	return TMEM_E_ACCESS_DENIED;
}
