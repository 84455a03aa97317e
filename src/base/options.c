/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - "key=value,key=value" option strings; see options.h. */
#include "base/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Copies up to an unescaped comma; "\," stands for a comma. Returns what follows. */
static const char *take_item(const char *text, char *out)
{
	while (*text && *text != ',') {
		if (*text == '\\' && text[1] == ',')
			text++;
		*out++ = *text++;
	}
	*out = '\0';
	return *text ? text + 1 : text;
}

static tmem_status set_option(struct tmi_options *options, const char *key, const char *value)
{
	struct tmi_option *option = NULL;

	for (size_t i = 0; i < options->count; i++)
		if (!strcmp(options->list[i].key, key))
			option = &options->list[i];
	if (option) {
		free(option->value);
	} else {
		option = reallocarray(options->list, options->count + 1, sizeof(*option));
		if (!option)
			return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
		options->list = option;
		option += options->count++;
		option->key = strdup(key);
	}
	option->value = strdup(value);
	if (!option->key || !option->value)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	return TMEM_S_OK;
}

static tmem_status add_item(struct tmi_options *options, char *item)
{
	char *equals = strchr(item, '=');

	if (!*item)
		return TMEM_S_OK;
	if (equals)
		*equals = '\0';
	if (!*item)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option \"=%s\": a key was expected before =", equals + 1);
	return set_option(options, item, equals ? equals + 1 : "on");
}

tmem_status tmi_options_init(struct tmi_options *options, const char *text)
{
	tmem_status status = TMEM_S_OK;
	char *item;

	*options = (struct tmi_options){ 0 };
	if (!text || !*text)
		return TMEM_S_OK;
	item = malloc(strlen(text) + 1);
	if (!item)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	while (*text && status == TMEM_S_OK) {
		text = take_item(text, item);
		status = add_item(options, item);
	}
	free(item);
	if (status != TMEM_S_OK)
		tmi_options_fini(options);
	return status;
}

void tmi_options_fini(struct tmi_options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		free(options->list[i].key);
		free(options->list[i].value);
	}
	free(options->list);
	*options = (struct tmi_options){ 0 };
}

const char *tmi_options_get(const struct tmi_options *options, const char *key)
{
	for (size_t i = 0; i < options->count; i++)
		if (!strcmp(options->list[i].key, key))
			return options->list[i].value;
	return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; words && *words; words++)
		if (*text == **words && !strcmp(text, *words))
			return true;
	return false;
}

tmem_status tmi_options_flag(const struct tmi_options *options, const char *key, bool *value)
{
	static const char *const on[] = { "on", "yes", "1", "true", NULL };
	static const char *const off[] = { "off", "no", "0", "false", NULL };
	const char *text = tmi_options_get(options, key);

	if (!text)
		return TMEM_S_OK;
	if (!is_one_of(text, on) && !is_one_of(text, off))
		return tmi_fail_text(TMEM_E_INVALIDARG, "option %s=%s: expected on or off", key,
				     text);
	*value = is_one_of(text, on);
	return TMEM_S_OK;
}

/* Power of two behind a size suffix, or -1. */
static int suffix_shift(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (!*suffix)
		return 0;
	letter = strchr(letters, toupper((unsigned char)*suffix));
	return letter && !suffix[1] ? 10 * (int)(letter - letters + 1) : -1;
}

tmem_status tmi_options_number(const struct tmi_options *options, const char *key, uint64_t *value)
{
	const char *text = tmi_options_get(options, key);
	uint64_t number;
	char *end;
	int shift;

	if (!text)
		return TMEM_S_OK;
	errno = 0;
	number = strtoull(text, &end, 0);
	shift = suffix_shift(end);
	if (!isdigit((unsigned char)*text) || errno || shift < 0 || number > UINT64_MAX >> shift)
		return tmi_fail_text(TMEM_E_INVALIDARG,
				     "option %s=%s: expected a number such as 4096, 0x1000 or 4K",
				     key, text);
	*value = number << shift;
	return TMEM_S_OK;
}

tmem_status tmi_options_check(const struct tmi_options *options, const char *const *known,
			      const char *const *also_known)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *key = options->list[i].key;

		if (!is_one_of(key, known) && !is_one_of(key, also_known))
			return tmi_fail_text(TMEM_E_INVALIDARG,
					     "option %s: not known for this kind of target", key);
	}
	return TMEM_S_OK;
}

bool tmi_disabled(const char *name)
{
	const char *list = secure_getenv("TMEM_DISABLE");
	size_t length = strlen(name);

	while (list && *list) {
		size_t item = strcspn(list, ",");

		if (item == length && !strncmp(list, name, item))
			return true;
		list += item;
		list += *list == ',';
	}
	return false;
}
