/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - "key=value,key=value" option strings. */
#ifndef TMI_BASE_OPTIONS_H
#define TMI_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tmem/status.h>

struct tmi_option {
	char *key;
	char *value; /* "on" for a bare key */
};

struct tmi_options {
	struct tmi_option *list;
	size_t count;
};

/* Splits @text; NULL and "" give no options. A key twice: the later wins. tmi_options_fini(). */
tmem_status tmi_options_init(struct tmi_options *options, const char *text);
void tmi_options_fini(struct tmi_options *options);

/* Value of @key, or NULL. */
const char *tmi_options_get(const struct tmi_options *options, const char *key);

/* Value of @key as on/off (also yes/no, 1/0, true/false); *value unchanged when absent. */
tmem_status tmi_options_flag(const struct tmi_options *options, const char *key, bool *value);

/* Value of @key as a number: decimal or 0x, suffixes K M G T; *value unchanged when absent. */
tmem_status tmi_options_number(const struct tmi_options *options, const char *key, uint64_t *value);

/* TMEM_E_INVALIDARG naming the first key that is in neither NULL-terminated list (NULL = empty). */
tmem_status tmi_options_check(const struct tmi_options *options, const char *const *known,
			      const char *const *also_known);

/* True when @name is in the environment's TMEM_DISABLE list: a fast path is switched off. */
bool tmi_disabled(const char *name);

#endif
