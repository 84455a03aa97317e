/* SPDX-License-Identifier: Apache-2.0 */
/* vprot.c - !vprot !vadump: protection of the memory at an address, and of every region. */
#include <inttypes.h>
#include <string.h>

#include "command/regions.h"

struct protection {
	uint64_t base;
	uint64_t size;
	uint32_t state;
	uint32_t protect;
	uint32_t type;
	bool allocated; /* the two below are known */
	uint64_t allocation_base;
	uint32_t allocation_protect;
};

struct list {
	struct tmi_session *session;
	bool verbose;
	uint64_t rows;
	struct tmi_text out;
};

static void put_number(const struct list *list, struct tmi_text *out, const char *label,
		       uint64_t value)
{
	tmi_text_format(out, "%-18s ", label);
	tmi_text_hex(out, value, 2 * tmi_pointer_size(list->session));
	tmi_text_char(out, '\n', 1);
}

static void put_attribute(struct tmi_text *out, const char *label, uint32_t value)
{
	tmi_text_format(out, "%-18s %08" PRIx32 "  ", label, value);
	if (*tmi_state_name(value))
		tmi_text_puts(out, tmi_state_name(value));
	else if (*tmi_type_name(value))
		tmi_text_puts(out, tmi_type_name(value));
	else
		tmi_protect_put(out, value);
	tmi_text_char(out, '\n', 1);
}

static void print(struct list *list, const struct protection *p)
{
	struct tmi_text *out = &list->out;

	put_number(list, out, "BaseAddress:", p->base);
	if (p->allocated) {
		put_number(list, out, "AllocationBase:", p->allocation_base);
		put_attribute(out, "AllocationProtect:", p->allocation_protect);
	}
	put_number(list, out, "RegionSize:", p->size);
	put_attribute(out, "State:", p->state);
	if (p->protect)
		put_attribute(out, "Protect:", p->protect);
	if (p->type)
		put_attribute(out, "Type:", p->type);
}

static void record_protect(struct tmi_record *record, const char *name, uint32_t protect)
{
	struct tmi_text text = { 0 };

	tmi_protect_put(&text, protect);
	record->failed |= text.failed;
	tmi_record_text(record, name, text.data ? text.data : "");
	tmi_text_fini(&text);
}

static void record(struct tmi_session *session, const struct protection *p)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "protection");
	tmi_record_address(&record, "base", p->base);
	tmi_record_size(&record, "size", p->size);
	if (p->allocated) {
		tmi_record_address(&record, "allocation_base", p->allocation_base);
		record_protect(&record, "allocation_protect", p->allocation_protect);
	}
	tmi_record_text(&record, "state", tmi_state_name(p->state));
	if (p->protect)
		record_protect(&record, "protect", p->protect);
	if (p->type)
		tmi_record_text(&record, "memory_type", tmi_type_name(p->type));
	tmi_record_send(&record);
}

static void show(struct list *list, const struct protection *p)
{
	if (list->session->json) {
		record(list->session, p);
		return;
	}
	if (list->rows > 0)
		tmi_text_char(&list->out, '\n', 1);
	print(list, p);
	tmi_out_text(list->session, &list->out);
}

static void take_allocation(struct list *list, struct protection *p,
			    const struct tmem_memory_basic_information *info)
{
	p->allocated = info->state != TMEM_MEM_FREE;
	p->allocation_base = tmi_clean_address(list->session, info->allocation_base);
	p->allocation_protect = info->allocation_protect;
}

/* !vprot: what is at an address, from its page on. */
static bool show_address(struct list *list, uint64_t address)
{
	struct tmem_memory_basic_information info;
	struct protection p;

	if (TMEM_FAILED(tmem_query_virtual(list->session->target, address, &info)))
		return tmi_error_target(list->session, "asking about %s",
					tmi_address(list->session, address).text);
	p = (struct protection){
		.base = tmi_clean_address(list->session, info.base_address),
		.size = info.region_size,
		.state = info.state,
		.protect = info.protect,
		.type = info.type,
	};
	take_allocation(list, &p, &info);
	show(list, &p);
	return true;
}

static bool show_region(void *context, const struct tmi_region *region)
{
	struct list *list = context;
	struct tmem_memory_basic_information info;
	struct protection p = {
		.base = region->base,
		.size = region->last - region->base + 1,
		.state = region->state,
		.protect = region->protect,
		.type = region->type,
	};

	if (list->verbose && region->state != TMEM_MEM_FREE &&
	    tmem_query_virtual(list->session->target, region->base, &info) == TMEM_S_OK)
		take_allocation(list, &p, &info);
	show(list, &p);
	if (++list->rows % 256 || !tmi_session_interrupted(list->session))
		return true;
	return tmi_error_interrupted(list->session, "0x%" PRIx64 " regions were shown, up to %s",
				     list->rows, tmi_address(list->session, region->last).text);
}

static bool execute_list(struct tmi_args *args, struct list *list)
{
	bool failed;

	if (tmi_args_take(args, '-') && !(list->verbose = tmi_args_take(args, 'v')))
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "!vadump takes no option but -v");
	return tmi_args_finish(args) && tmi_regions_walk(args->session, show_region, list, &failed);
}

static bool execute_address(struct tmi_args *args, struct list *list)
{
	uint64_t address;

	if (!tmi_args_at_end(args))
		return tmi_args_address(args, &address) && tmi_args_finish(args) &&
		       show_address(list, address);
	if (TMEM_FAILED(tmem_get_register(args->session->target, TMEM_REGISTER_INSTRUCTION_POINTER,
					  &address)))
		return tmi_error(args->session,
				 "%s has no address: the instruction pointer is not known. "
				 "Give one: %s [stack]",
				 args->name, args->name);
	return show_address(list, tmi_clean_address(args->session, address));
}

static bool execute(struct tmi_args *args)
{
	struct list list = { .session = args->session };
	bool ok = strcmp(args->name, "!vprot") == 0 ? execute_address(args, &list)
						    : execute_list(args, &list);

	tmi_text_fini(&list.out);
	return ok;
}

static const struct tmi_command_name names[] = {
	{ "!vprot", "the protection of the memory at an address" },
	{ "!vadump", "the protection of every region" },
	{ NULL },
};

const struct tmi_command tmi_command_vprot = {
	.names = names,
	.arguments = "[ADDRESS] | [-v]",
	.brief = "protection of memory",
	.help = "!vprot shows state, type and protection of the memory from the page of ADDRESS\n"
		"on, as far as it is alike; without ADDRESS at the instruction pointer. !vadump\n"
		"shows them for every region, free space too; -v adds the allocation. !address\n"
		"tells more, and shorter.\n",
	.examples = "!vprot [stack]\n!vadump -v\n",
	.topic = TMI_TOPIC_INFORMATION,
	.flags = TMI_COMMAND_USER_ONLY,
	.execute = execute,
};
