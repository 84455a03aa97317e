/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - !address: the regions of a process, and the one that holds an address. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/modules.h"
#include "command/regions.h"

enum layout { LAYOUT_TABLE, LAYOUT_CSV, LAYOUT_TSV, LAYOUT_BASES };

struct list {
	struct tmi_session *session;
	struct tmi_region_filter filter;
	enum layout layout;
	bool summary;
	bool interrupted;
	uint64_t rows;
	struct tmi_text row;
};

/* A state, type or protection without its "MEM_" or "PAGE_". */
static const char *bare(const char *name)
{
	const char *mark = strchr(name, '_');

	return mark ? mark + 1 : name;
}

static void put_bare_protect(struct tmi_text *out, uint32_t protect)
{
	tmi_protect_put(out, protect & ~(uint32_t)TMEM_PAGE_GUARD);
	if (protect & TMEM_PAGE_GUARD)
		tmi_text_puts(out, "|GUARD");
}

static bool in_kernel_mode(const struct list *list)
{
	return list->session->description.mode == TMEM_MODE_KERNEL;
}

/* All of it is mapped, and addresses are long: no column for the type. */
static void put_kernel_row(struct list *list, const struct tmi_region *region)
{
	int width = tmi_pointer_size(list->session) == 4 ? 8 : 17;
	uint64_t size = region->last - region->base + 1;
	struct tmi_text protect = { 0 };

	put_bare_protect(&protect, region->protect);
	tmi_text_format(&list->row, "%*s", width,
			tmi_short_address(list->session, region->base).text);
	tmi_text_format(&list->row, " %*s", width,
			tmi_short_address(list->session, region->last + 1).text);
	tmi_text_format(&list->row, " %*s", width == 8 ? 8 : 13,
			tmi_short_address(list->session, size).text);
	tmi_text_format(&list->row, " %-12s ", protect.size ? bare(protect.data) : "");
	if (*region->name)
		tmi_name_put(&list->row, region->name);
	else
		tmi_text_puts(&list->row, tmi_usage_name(region->usage));
	tmi_text_char(&list->row, '\n', 1);
	tmi_text_fini(&protect);
}

static void put_kernel_head(struct list *list)
{
	bool narrow = tmi_pointer_size(list->session) == 4;

	tmi_text_puts(&list->row, narrow ? "BaseAddr    End+1     Size Protect      Usage\n"
					 : "      BaseAddress      EndAddress+1    RegionSize "
					   "Protect      Usage\n");
	tmi_text_char(&list->row, '-', narrow ? 60 : 78);
	tmi_text_char(&list->row, '\n', 1);
}

static void put_table_row(struct list *list, const struct tmi_region *region)
{
	int width = tmi_pointer_size(list->session) == 4 ? 8 : 13;
	uint64_t size = region->last - region->base + 1;
	struct tmi_text protect = { 0 };
	bool mapped = region->state == TMEM_MEM_COMMIT;

	put_bare_protect(&protect, region->protect);
	tmi_text_format(&list->row, "%c %*s", region->begins ? '+' : ' ', width,
			tmi_short_address(list->session, region->base).text);
	tmi_text_format(&list->row, " %*s", width,
			tmi_short_address(list->session, region->last + 1).text);
	tmi_text_format(&list->row, " %*s", width, tmi_short_address(list->session, size).text);
	tmi_text_format(&list->row, " %-7s %-17s %s",
			bare(mapped && region->type ? tmi_type_name(region->type)
						    : tmi_state_name(region->state)),
			protect.size ? bare(protect.data) : "", tmi_usage_name(region->usage));
	if (*region->name) {
		bool bracketed = *region->name == '[';

		tmi_text_char(&list->row, ' ', 10 - strlen(tmi_usage_name(region->usage)));
		tmi_text_puts(&list->row, bracketed ? "" : "[");
		tmi_name_put(&list->row, region->name);
		tmi_text_puts(&list->row, bracketed ? "" : "]");
	}
	tmi_text_char(&list->row, '\n', 1);
	tmi_text_fini(&protect);
}

static void put_table_head(struct list *list)
{
	int width = tmi_pointer_size(list->session) == 4 ? 8 : 13;

	if (width == 8)
		tmi_text_puts(&list->row, "  BaseAddr     End+1     Size");
	else
		tmi_text_puts(&list->row, "    BaseAddress  EndAddress+1    RegionSize");
	tmi_text_puts(&list->row, " Type    Protect           Usage\n");
	tmi_text_char(&list->row, '-', (size_t)width * 3 + 4 + 37);
	tmi_text_char(&list->row, '\n', 1);
}

/* One line for programs; text that holds the separator or a quote is quoted. */
static void put_field(struct list *list, const char *text, char separator)
{
	if (!strchr(text, separator) && !strchr(text, '"')) {
		tmi_name_put(&list->row, text);
		return;
	}
	tmi_text_char(&list->row, '"', 1);
	for (; *text; text++) {
		char one[] = { *text, 0 };

		tmi_name_put(&list->row, one);
		tmi_text_char(&list->row, '"', *text == '"');
	}
	tmi_text_char(&list->row, '"', 1);
}

static void put_separated_head(struct list *list, char separator)
{
	static const char *const heads[] = {
		"BaseAddress", "EndAddress+1", "RegionSize", "Type",
		"State",       "Protect",      "Usage",      "Name",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		tmi_text_char(&list->row, separator, i > 0);
		tmi_text_puts(&list->row, heads[i]);
	}
	tmi_text_char(&list->row, '\n', 1);
}

static void put_separated_row(struct list *list, const struct tmi_region *region, char separator)
{
	tmi_text_format(&list->row, "0x%" PRIx64 "%c0x%" PRIx64 "%c0x%" PRIx64 "%c%s%c%s%c",
			region->base, separator, region->last + 1, separator,
			region->last - region->base + 1, separator, tmi_type_name(region->type),
			separator, tmi_state_name(region->state), separator);
	tmi_protect_put(&list->row, region->protect);
	tmi_text_format(&list->row, "%c%s%c", separator, tmi_usage_name(region->usage), separator);
	put_field(list, region->name, separator);
	tmi_text_char(&list->row, '\n', 1);
}

/* The fields that every record of a region has. */
static void begin_region(struct tmi_record *record, struct tmi_session *session,
			 const struct tmi_region *region)
{
	struct tmi_text protect = { 0 };

	tmi_protect_put(&protect, region->protect);
	tmi_record_begin(record, session, "region");
	tmi_record_address(record, "base", region->base);
	tmi_record_address(record, "last", region->last);
	tmi_record_size(record, "size", region->last - region->base + 1);
	tmi_record_bool(record, "begins", region->begins);
	tmi_record_text(record, "state", tmi_state_name(region->state));
	if (region->type)
		tmi_record_text(record, "memory_type", tmi_type_name(region->type));
	if (protect.size > 0)
		tmi_record_text(record, "protect", protect.data);
	tmi_record_text(record, "usage", tmi_usage_name(region->usage));
	if (*region->name)
		tmi_record_text(record, "name", region->name);
	record->failed |= protect.failed;
	tmi_text_fini(&protect);
}

static void print_region(struct list *list, const struct tmi_region *region)
{
	switch (list->layout) {
	case LAYOUT_TABLE:
		if (in_kernel_mode(list))
			put_kernel_row(list, region);
		else
			put_table_row(list, region);
		break;
	case LAYOUT_CSV: put_separated_row(list, region, ','); break;
	case LAYOUT_TSV: put_separated_row(list, region, '\t'); break;
	case LAYOUT_BASES: tmi_text_format(&list->row, "0x%" PRIx64 "\n", region->base); break;
	}
	tmi_out_text(list->session, &list->row);
}

static bool list_region(void *context, const struct tmi_region *region)
{
	struct list *list = context;
	struct tmi_record record;

	if (!tmi_region_passes(&list->filter, region))
		return true;
	if (list->session->json) {
		begin_region(&record, list->session, region);
		tmi_record_send(&record);
	} else {
		print_region(list, region);
	}
	if (++list->rows % 256 || !tmi_session_interrupted(list->session))
		return true;
	list->interrupted = true;
	return tmi_error_interrupted(list->session, "0x%" PRIx64 " regions were listed, up to %s",
				     list->rows, tmi_address(list->session, region->last).text);
}

static bool show_list(struct list *list)
{
	bool failed;
	bool ok;

	if (list->layout == LAYOUT_TABLE && in_kernel_mode(list))
		put_kernel_head(list);
	else if (list->layout == LAYOUT_TABLE)
		put_table_head(list);
	else if (list->layout != LAYOUT_BASES)
		put_separated_head(list, list->layout == LAYOUT_CSV ? ',' : '\t');
	tmi_out_text(list->session, &list->row);
	ok = tmi_regions_walk(list->session, list_region, list, &failed);
	tmi_text_fini(&list->row);
	return ok;
}

/* !address ADDRESS */
struct lookup {
	struct tmi_session *session;
	uint64_t address;
	bool found;
};

static void put_attribute(struct tmi_text *out, const char *label, uint32_t value, const char *name)
{
	tmi_text_format(out, "%-24s%08" PRIx32, label, value);
	if (*name)
		tmi_text_format(out, "        %s", name);
	tmi_text_char(out, '\n', 1);
}

static void put_protect(struct tmi_text *out, const char *label, uint32_t protect)
{
	struct tmi_text name = { 0 };

	tmi_protect_put(&name, protect);
	put_attribute(out, label, protect, name.size ? name.data : "");
	tmi_text_fini(&name);
}

static void put_address(struct lookup *lookup, struct tmi_text *out, const char *label,
			uint64_t address)
{
	/* The end of a 32-bit address space has one digit more. */
	bool wide = address > tmi_last_address(lookup->session);
	struct tmi_number_text text = wide ? tmi_short_address(lookup->session, address)
					   : tmi_address(lookup->session, address);

	tmi_text_format(out, "%-24s%s\n", label, text.text);
}

/* A region and what else is known about it. */
struct found {
	const struct tmi_region *region;
	const struct tmi_module *module; /* NULL = none */
	uint64_t allocation_base;
	uint32_t allocation_protect;
	bool allocated; /* those two are known */
};

static void record_found(struct lookup *lookup, const struct found *found)
{
	struct tmi_record record;
	struct tmi_text protect = { 0 };

	begin_region(&record, lookup->session, found->region);
	if (found->allocated) {
		tmi_protect_put(&protect, found->allocation_protect);
		tmi_record_address(&record, "allocation_base", found->allocation_base);
		tmi_record_text(&record, "allocation_protect", protect.size ? protect.data : "");
	}
	if (found->module)
		tmi_record_text(&record, "module", found->module->name);
	record.failed |= protect.failed;
	tmi_record_send(&record);
	tmi_text_fini(&protect);
}

static void print_found(struct lookup *lookup, const struct found *found)
{
	const struct tmi_region *region = found->region;
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "%-24s%s\n", "Usage:", tmi_usage_name(region->usage));
	put_address(lookup, &out, "Base Address:", region->base);
	put_address(lookup, &out, "End Address:", region->last + 1);
	put_address(lookup, &out, "Region Size:", region->last - region->base + 1);
	put_attribute(&out, "Type:", region->type, tmi_type_name(region->type));
	put_attribute(&out, "State:", region->state, tmi_state_name(region->state));
	put_protect(&out, "Protect:", region->protect);
	if (found->allocated) {
		put_address(lookup, &out, "Allocation Base:", found->allocation_base);
		put_protect(&out, "Allocation Protect:", found->allocation_protect);
	}
	if (*region->name) {
		tmi_text_format(&out, "%-24s", "Name:");
		tmi_name_put(&out, region->name);
		tmi_text_char(&out, '\n', 1);
	}
	if (found->module) {
		tmi_text_format(&out, "%-24slmv m ", "More info:");
		tmi_name_put(&out, found->module->name);
		tmi_text_char(&out, '\n', 1);
	}
	tmi_out_text(lookup->session, &out);
	tmi_text_fini(&out);
}

static bool show_region(void *context, const struct tmi_region *region)
{
	struct lookup *lookup = context;
	struct tmem_memory_basic_information info;
	struct found found = { .region = region };

	if (region->last < lookup->address)
		return true;
	if (region->base > lookup->address)
		return false;
	lookup->found = true;
	found.module = tmi_module_at(lookup->session, region->base);
	if (region->state != TMEM_MEM_FREE &&
	    tmem_query_virtual(lookup->session->target, region->base, &info) == TMEM_S_OK) {
		found.allocated = true;
		found.allocation_base = tmi_clean_address(lookup->session, info.allocation_base);
		found.allocation_protect = info.allocation_protect;
	}
	if (lookup->session->json)
		record_found(lookup, &found);
	else
		print_found(lookup, &found);
	return false;
}

static bool show_address(struct tmi_session *session, uint64_t address)
{
	struct lookup lookup = { .session = session, .address = address };
	bool failed;

	tmi_regions_walk(session, show_region, &lookup, &failed);
	if (failed || lookup.found)
		return !failed;
	if (session->description.mode == TMEM_MODE_KERNEL)
		return tmi_error(session,
				 "nothing is mapped at %s; !pte %" PRIx64 " shows where the tables "
				 "end",
				 tmi_address(session, address).text, address);
	return tmi_error(session, "%s is beyond the addresses that a process can have",
			 tmi_address(session, address).text);
}

static const char *filters_of(const struct tmi_args *args)
{
	return args->session->description.mode == TMEM_MODE_KERNEL
		       ? "User, Kernel, PAGE_READWRITE"
		       : "Image, Stack, Heap, FileMap, Free, MEM_IMAGE, MEM_COMMIT, "
			 "PAGE_READWRITE";
}

/* "-f:Image,MEM_COMMIT": regions that fit one word of each sort. */
static bool take_filter(struct tmi_args *args, const char *word, size_t length,
			struct tmi_region_filter *filter)
{
	while (length) {
		size_t part = 0;
		uint32_t value;
		enum tmi_usage usage;

		while (part < length && word[part] != ',')
			part++;
		usage = tmi_usage_find(word, part);
		value = tmi_attribute_find(word, part);
		if (usage != TMI_USAGE_COUNT)
			filter->usages |= 1u << usage;
		else if (!strncasecmp(word, "PAGE_", 5) && value)
			filter->protects |= value;
		else if (*tmi_state_name(value))
			filter->states |= value;
		else if (value)
			filter->types |= value;
		else
			return tmi_error_explain(args, TMI_ERROR_SYNTAX, word,
						 "expected filters such as %s", filters_of(args));
		word += part < length ? part + 1 : part;
		length -= part < length ? part + 1 : part;
	}
	return true;
}

static bool take_layout(struct tmi_args *args, const char *word, size_t length, struct list *list)
{
	if (length == 3 && !strncasecmp(word, "csv", 3))
		list->layout = LAYOUT_CSV;
	else if (length == 3 && !strncasecmp(word, "tsv", 3))
		list->layout = LAYOUT_TSV;
	else if (length == 1 && *word == '1')
		list->layout = LAYOUT_BASES;
	else
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, word,
					 "expected -o:csv, -o:tsv or -o:1");
	return true;
}

static bool take_option(struct tmi_args *args, struct list *list)
{
	const char *word;
	size_t length;

	if (!tmi_args_word(args, &word, &length))
		return false;
	if (length == 8 && !strncasecmp(word + 1, "summary", 7)) {
		list->summary = true;
		return true;
	}
	if (length > 3 && word[2] == ':' && (word[1] == 'f' || word[1] == 'F'))
		return take_filter(args, word + 3, length - 3, &list->filter);
	if (length > 3 && word[2] == ':' && (word[1] == 'o' || word[1] == 'O'))
		return take_layout(args, word + 3, length - 3, list);
	return tmi_error_explain(args, TMI_ERROR_SYNTAX, word,
				 "expected an address, -summary, -f:FILTERS or -o:csv, -o:tsv, "
				 "-o:1");
}

static bool execute(struct tmi_args *args)
{
	struct list list = { .session = args->session };
	uint64_t address;

	while (!tmi_args_at_end(args) && (*args->next == '-' || *args->next == '/'))
		if (!take_option(args, &list))
			return false;
	if (tmi_args_at_end(args))
		return list.summary ? tmi_address_summary(list.session, &list.filter)
				    : show_list(&list);
	return tmi_args_address(args, &address) && tmi_args_finish(args) &&
	       show_address(args->session, address);
}

static const struct tmi_command_name names[] = { { "!address", NULL }, { 0 } };

const struct tmi_command tmi_command_address = {
	.names = names,
	.arguments = "[ADDRESS | -summary] [-f:FILTER,...] [-o:csv|tsv|1]",
	.brief = "list the regions of memory, or show one",
	.help = "Without an address every region of the current process is listed, free space\n"
		"too; + marks where an allocation begins. The list is narrower than WinDbg's: a\n"
		"region that is mapped shows its type, another its state, both without MEM_, and\n"
		"protections go without PAGE_. With an address everything about its region.\n"
		"\n"
		"Usage is what Linux tells: Image (program or library), Stack, Heap, Vdso (pages\n"
		"of the kernel), File, Other (named otherwise), Free, and <unknown>: anonymous\n"
		"memory, stacks of further threads among it.\n"
		"\n"
		"-f: shows only regions that fit: Free Image Stack Heap Vdso FileMap Other VAR\n"
		"(that is <unknown>), MEM_..., PAGE_...; one of each sort must fit. -o: makes\n"
		"lines for programs: csv, tsv, or base addresses only. -summary adds up.\n"
		"\n"
		"In kernel mode the list is what the page tables of the implicit process map,\n"
		"neighbouring pages of equal protection together, with the name of the part of\n"
		"the kernel as far as it is known, else User or Kernel by the half of the address\n"
		"space. Filters are User, Kernel and PAGE_...; -summary adds up by name.",
	.examples = "!address\n!address [heap]\n!address -f:Image,PAGE_EXECUTE_READ\n"
		    "!address -summary",
	.topic = TMI_TOPIC_INFORMATION,
	.execute = execute,
};
