/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - .cache: how much target memory is cached, and flushing it. */
#include <inttypes.h>
#include <string.h>

#include "command/command.h"

static void put_share(struct tmi_text *out, const struct tmem_cache_statistics *cache)
{
	uint64_t lookups = cache->hits + cache->misses;

	tmi_text_format(out, "  lookups: %" PRIu64 " cached/%" PRIu64 " uncached, %.2f%% cached\n",
			cache->hits, cache->misses,
			lookups ? 100.0 * (double)cache->hits / (double)lookups : 0.0);
}

static void record(struct tmi_session *session, const struct tmem_cache_statistics *cache)
{
	struct tmi_record record;

	tmi_record_begin(&record, session, "cache");
	tmi_record_size(&record, "budget", cache->budget);
	tmi_record_size(&record, "used", cache->used);
	tmi_record_number(&record, "pages", cache->pages);
	tmi_record_number(&record, "unreadable_pages", cache->errors);
	tmi_record_number(&record, "hits", cache->hits);
	tmi_record_number(&record, "misses", cache->misses);
	tmi_record_number(&record, "dropped", cache->dropped);
	tmi_record_number(&record, "flushes", cache->flushes);
	tmi_record_bool(&record, "enabled", cache->enabled);
	tmi_record_send(&record);
}

static void print(struct tmi_session *session, const struct tmem_cache_statistics *cache)
{
	struct tmi_text out = { 0 };

	tmi_text_format(&out, "Max cache size is       : %" PRIu64 " bytes (0x%" PRIx64 " KB)%s\n",
			cache->budget, cache->budget / 1024, cache->budget ? "" : ", off");
	tmi_text_format(&out, "Total memory in cache   : %" PRIu64 " bytes (0x%" PRIx64 " KB)\n",
			cache->used, (cache->used + 1023) / 1024);
	tmi_text_format(&out, "Number of pages cached  : %" PRIu64 "\n", cache->pages);
	tmi_text_format(&out, "Unreadable pages known  : %" PRIu64 "\n", cache->errors);
	put_share(&out, cache);
	tmi_text_format(&out,
			"  dropped: %" PRIu64 " for lack of room; flushed %" PRIu64 " times\n",
			cache->dropped, cache->flushes);
	if (!cache->enabled && cache->budget)
		tmi_text_puts(&out, "** Reads do not use the cache now: the memory can change by "
				    "itself or\n   is a mapped file\n");
	tmi_out_text(session, &out);
	tmi_text_fini(&out);
}

static bool show(struct tmi_session *session)
{
	struct tmem_cache_statistics cache = { .size = sizeof(cache) };

	if (TMEM_FAILED(tmem_get_cache_statistics(session->target, &cache)))
		return tmi_error_target(session, "reading the cache's statistics");
	if (session->json)
		record(session, &cache);
	else
		print(session, &cache);
	return true;
}

static bool flush(struct tmi_session *session)
{
	return !TMEM_FAILED(tmem_flush_cache(session->target)) ||
	       tmi_error_target(session, "flushing the cache");
}

static bool flush_page(struct tmi_args *args)
{
	uint64_t address;

	if (!tmi_args_address(args, &address) || !tmi_args_finish(args))
		return false;
	return !TMEM_FAILED(tmem_flush_cache_page(args->session->target, address)) ||
	       tmi_error_target(args->session, "flushing the page");
}

static bool set_size(struct tmi_args *args)
{
	const char *where = args->next;
	uint64_t kilobytes;
	uint64_t bytes;

	if (!tmi_args_expression(args, &kilobytes) || !tmi_args_finish(args))
		return false;
	if (__builtin_mul_overflow(kilobytes, 1024, &bytes))
		return tmi_error_explain(args, TMI_ERROR_OVERFLOW, where,
					 "the size is given in KB");
	if (TMEM_FAILED(tmem_set_cache_budget(args->session->target, bytes)))
		return tmi_error_target(args->session, "setting the cache's size");
	return show(args->session);
}

/* Options of WinDbg that speak of page tables. */
static bool is_kernel_option(const char *word, size_t length)
{
	static const char *const options[] = {
		"hold",
		"unhold",
		"decodeptes",
		"nodecodeptes",
		"forcedecodeptes",
		"forcedecodeuser",
		"noforcedecodeptes",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strlen(options[i]) == length && !memcmp(options[i], word, length))
			return true;
	return false;
}

static bool execute(struct tmi_args *args)
{
	const char *start;
	const char *word;
	size_t length;

	if (tmi_args_at_end(args))
		return show(args->session);
	start = args->next;
	tmi_args_word(args, &word, &length);
	/* flushu: unreadable pages and user-mode pages, which is everything in user mode. */
	if ((length == 8 && !memcmp(word, "flushall", 8)) ||
	    (length == 6 && !memcmp(word, "flushu", 6)))
		return tmi_args_finish(args) && flush(args->session);
	if (length == 5 && !memcmp(word, "flush", 5))
		return flush_page(args);
	if (is_kernel_option(word, length) && args->session->description.mode != TMEM_MODE_KERNEL)
		return tmi_error(args->session, ".cache %.*s is only available in kernel mode",
				 (int)length, word);
	args->next = start;
	return set_size(args);
}

static const struct tmi_command_name names[] = { { ".cache", NULL }, { 0 } };

const struct tmi_command tmi_command_cache = {
	.names = names,
	.arguments = "[SIZE | flushall | flushu | flush ADDRESS]",
	.brief = "show, size or flush the cache of target memory",
	.help = "Without arguments: what the cache holds and has done. SIZE is the memory it may\n"
		"hold, an expression in KB (hexadecimal unless told otherwise); 0 turns it off.\n"
		"Setting the size empties it.\n"
		"\n"
		"flushall and flushu forget every page and every page known as unreadable, flush\n"
		"only the page that holds ADDRESS. The cache serves what cannot change behind\n"
		"tmem's back: suspended processes, and running ones with the option cache=on;\n"
		"files are mapped and need none.",
	.examples = ".cache\n.cache 4000\n.cache flush [heap]\n.cache 0",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
