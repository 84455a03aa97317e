/* SPDX-License-Identifier: Apache-2.0 */
/* args.c - the arguments of a command: words, strings, expressions. */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/modules.h"
#include "command/names.h"

bool tmi_args_at_end(struct tmi_args *args)
{
	while (*args->next == ' ' || *args->next == '\t')
		args->next++;
	return *args->next == 0;
}

bool tmi_args_finish(struct tmi_args *args)
{
	return tmi_args_at_end(args) ||
	       tmi_error_explain(args, TMI_ERROR_EXTRA, args->next, "%s takes no more than: %s",
				 args->name,
				 *args->command->arguments ? args->command->arguments : "nothing");
}

bool tmi_args_take(struct tmi_args *args, char c)
{
	if (tmi_args_at_end(args) || *args->next != c)
		return false;
	args->next++;
	return true;
}

bool tmi_args_word(struct tmi_args *args, const char **word, size_t *length)
{
	if (tmi_args_at_end(args))
		return false;
	*word = args->next;
	*length = strcspn(args->next, " \t");
	args->next += *length;
	return true;
}

bool tmi_args_string(struct tmi_args *args, char **text)
{
	const char *word;
	size_t length;

	*text = NULL;
	if (tmi_args_take(args, '"')) {
		word = args->next;
		length = strcspn(word, "\"");
		args->next += length + (word[length] == '"');
	} else if (!tmi_args_word(args, &word, &length)) {
		return tmi_error_explain(args, TMI_ERROR_SYNTAX, args->next,
					 "something is missing here: %s %s", args->name,
					 args->command->arguments);
	}
	*text = strndup(word, length);
	return *text || tmi_error(args->session, "out of memory");
}

static bool report_name(struct tmi_args *args, const struct tmi_error_place *error,
			const char *where, int length)
{
	if (error->unavailable && args->session->description.mode == TMEM_MODE_KERNEL)
		return tmi_error_explain(args, error->kind, where,
					 "'%.*s' is not known: physical memory has no registers",
					 length, where);
	if (error->unavailable)
		return tmi_error_explain(args, error->kind, where, "'%.*s' is not known now%s",
					 length, where,
					 args->session->description.flags & TMEM_TARGET_LIVE
						 ? ": registers are, after .suspend"
						 : "");
	return tmi_error_explain(args, error->kind, where,
				 "'%.*s' is no number, module, symbol, [region] or register here",
				 length, where);
}

static bool report_memory(struct tmi_args *args, const char *where)
{
	const char *reason = tmem_last_error(args->session->target);

	if (!*reason)
		return tmi_error_at(args, TMI_ERROR_MEMORY, where);
	return tmi_error_explain(args, TMI_ERROR_MEMORY, where, "%s", reason);
}

/* Says what the evaluator found wrong in the text at args->next. */
static bool report(struct tmi_args *args, const struct tmi_error_place *error)
{
	const char *where = args->next + error->position;
	int length = (int)(error->length ? error->length : strlen(where));

	if (error->why)
		return tmi_error_explain(args, error->kind, where, "%s", error->why);
	switch (error->kind) {
	case TMI_ERROR_RESOLVE: return report_name(args, error, where, length);
	case TMI_ERROR_MEMORY: return report_memory(args, where);
	case TMI_ERROR_KERNEL_ONLY:
		return tmi_error(args->session, "%.*s is only available in kernel mode", length,
				 where);
	case TMI_ERROR_MISSING:
		return tmi_error_explain(args, error->kind, where,
					 "a number, module, [region] or @register is needed here");
	case TMI_ERROR_OPERAND:
		return tmi_error_explain(args, error->kind, where, "division by zero");
	case TMI_ERROR_OVERFLOW:
		return tmi_error_explain(args, error->kind, where,
					 "a number has at most 64 bits, and an expression at most "
					 "256 open parts");
	default:
		if (memchr(where, '`', (size_t)length))
			return tmi_error_explain(args, error->kind, where,
						 "a grave accent splits a hexadecimal number "
						 "before its last 8 digits");
		return tmi_error_at(args, error->kind, where);
	}
}

static bool evaluate(struct tmi_args *args, unsigned flags, uint64_t *value)
{
	struct tmi_error_place error;
	struct tmi_names names;

	tmi_session_names(args->session, &names);
	if (!tmi_expression_evaluate(&names, args->next, flags, value, &args->next, &error))
		return report(args, &error);
	return true;
}

bool tmi_session_evaluate(struct tmi_session *session, const char *text, uint64_t *value,
			  const char **next, struct tmi_error_place *error)
{
	struct tmi_names names;
	bool done;

	tmi_session_refresh(session);
	tmi_session_drop_modules(session);
	tmi_session_names(session, &names);
	done = tmi_expression_evaluate(&names, text, 0, value, next, error);
	tmi_session_drop_modules(session);
	return done;
}

bool tmi_args_expression(struct tmi_args *args, uint64_t *value)
{
	return evaluate(args, 0, value);
}

bool tmi_args_list_value(struct tmi_args *args, uint64_t *value)
{
	return evaluate(args, TMI_EXPRESSION_LIST, value);
}

bool tmi_check_address(struct tmi_args *args, const char *where, uint64_t *address)
{
	uint64_t high = *address >> 31;

	if (tmi_pointer_size(args->session) == 8)
		return true;
	if (high > 1 && high != 0x1ffffffff)
		return tmi_error_explain(args, TMI_ERROR_RANGE, where,
					 "an address of this target has 32 bits");
	*address = (uint32_t)*address;
	return true;
}

bool tmi_args_address(struct tmi_args *args, uint64_t *address)
{
	const char *where;

	tmi_args_at_end(args);
	where = args->next;
	return evaluate(args, 0, address) && tmi_check_address(args, where, address);
}
