/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elfutils.c - symbols by libdw, loaded at run time; see elfutils.h.
 *
 * Of libdw's interface only what is used is declared here, as its manual and ABI (ELFUTILS_0.122
 * and later, unchanged since) have it, so that neither its headers nor the library are needed to
 * build. libdw is not made for several threads: one lock is around all of it.
 */
#include "format/elfutils.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"

struct session;
struct module;

/* Dwfl_Callbacks: its layout is part of the ABI. */
struct callbacks {
	int (*find_elf)(struct module *module, void **user, const char *name, uint64_t base,
			char **file_name, void **elf);
	int (*find_debuginfo)(struct module *module, void **user, const char *name, uint64_t base,
			      const char *file_name, const char *link, uint32_t checksum,
			      char **found_name);
	int (*section_address)(struct module *module, void **user, const char *name, uint64_t base,
			       const char *section, uint32_t index, const Elf64_Shdr *header,
			       uint64_t *address);
	char **debuginfo_path;
};

/* Every function that is used: name, result, arguments. */
#define FUNCTION_LIST(X)                                                                           \
	X(dwfl_begin, struct session *, (const struct callbacks *callbacks))                       \
	X(dwfl_end, void, (struct session * session))                                              \
	X(dwfl_report_begin, void, (struct session * session))                                     \
	X(dwfl_report_end, int,                                                                    \
	  (struct session * session,                                                               \
	   int (*removed)(struct module *, void *, const char *, uint64_t, void *),                \
	   void *context))                                                                         \
	X(dwfl_report_elf, struct module *,                                                        \
	  (struct session * session, const char *name, const char *file_name, int fd,              \
	   uint64_t base, _Bool add_address))                                                      \
	X(dwfl_module_getsymtab, int, (struct module * module))                                    \
	X(dwfl_module_getsym_info, const char *,                                                   \
	  (struct module * module, int index, Elf64_Sym *symbol, uint64_t *address,                \
	   uint32_t *section, void **elf, uint64_t *bias))

#define MEMBER(name, result, arguments) result(*name) arguments;
static struct {
	FUNCTION_LIST(MEMBER)
	bool loaded;
} libdw;
#undef MEMBER

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What find_debuginfo() gets; under the lock. */
static struct {
	tmi_elfutils_debug_file *debug_file;
	void *context;
} request;

static void load(void)
{
	void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
	void *address;

	if (!library)
		return;
	libdw.loaded = true;
#define FIND(name, result, arguments)                                                              \
	address = dlsym(library, #name);                                                           \
	memcpy(&libdw.name, &address, sizeof(address));                                            \
	libdw.loaded &= address != NULL;
	FUNCTION_LIST(FIND)
#undef FIND
	if (!libdw.loaded)
		dlclose(library);
}

static int find_elf(struct module *module, void **user, const char *name, uint64_t base,
		    char **file_name, void **elf)
{
	return -1;
}

/* Instead of libdw's own search, which may ask a server on the network. */
static int find_debuginfo(struct module *module, void **user, const char *name, uint64_t base,
			  const char *file_name, const char *link, uint32_t checksum,
			  char **found_name)
{
	return request.debug_file(request.context, link);
}

static int section_address(struct module *module, void **user, const char *name, uint64_t base,
			   const char *section, uint32_t index, const Elf64_Shdr *header,
			   uint64_t *address)
{
	return -1;
}

static const struct callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = section_address,
};

static void add_symbols(struct tmi_elf_symbols *symbols, struct module *module)
{
	int count = libdw.dwfl_module_getsymtab(module);

	for (int i = 1; i < count; i++) {
		struct tmi_elf_raw_symbol raw = { 0 };
		Elf64_Sym symbol;
		uint64_t address;
		uint32_t section;
		void *elf;
		const char *name = libdw.dwfl_module_getsym_info(module, i, &symbol, &address,
								 &section, &elf, NULL);

		if (!name)
			continue;
		raw.name = name;
		raw.name_length = strnlen(name, TMI_ELF_NAME_LENGTH_MAX + 1u);
		raw.value = address;
		raw.info = symbol.st_info;
		raw.section = section < SHN_LORESERVE ? (uint16_t)section : symbol.st_shndx;
		/* Its section's number is too high for the field, which then says so. */
		if (raw.section == SHN_XINDEX)
			raw.section = 1;
		if (!tmi_elf_symbols_add(symbols, &raw))
			break;
	}
}

/* Has libdw look at a descriptor, which it takes over. */
static bool read_file(struct tmi_elf_symbols *symbols, int fd)
{
	struct session *session = libdw.dwfl_begin(&callbacks);
	struct module *module;

	if (!session) {
		close(fd);
		return false;
	}
	libdw.dwfl_report_begin(session);
	/* Reported at 0 with its own addresses on top: addresses are the file's. */
	module = libdw.dwfl_report_elf(session, "module", "module", fd, 0, true);
	if (!module)
		close(fd);
	libdw.dwfl_report_end(session, NULL, NULL);
	if (module)
		add_symbols(symbols, module);
	libdw.dwfl_end(session);
	return module != NULL;
}

bool tmi_elfutils_available(void)
{
	if (tmi_disabled("elfutils"))
		return false;
	pthread_once(&once, load);
	return libdw.loaded;
}

bool tmi_elfutils_add_symbols(struct tmi_elf_symbols *symbols, int fd,
			      tmi_elfutils_debug_file *debug_file, void *context)
{
	bool done;
	int copy;

	if (!tmi_elfutils_available())
		return false;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return false;
	pthread_mutex_lock(&lock);
	request.debug_file = debug_file;
	request.context = context;
	done = read_file(symbols, copy);
	pthread_mutex_unlock(&lock);
	return done;
}
