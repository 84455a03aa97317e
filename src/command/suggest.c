/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.c - "did you mean": the command whose name is closest to what was typed. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "command/command.h"

#define LONGEST 24 /* longer words are no misspelt command */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Letters to insert, drop, change, or swap with their neighbour. Only three rows of the table are
 * kept: row i - 2 is where the one of i + 1 will be.
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][LONGEST + 1];

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const unsigned *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned change = above[j - 1] + !same(a[i - 1], b[j - 1]);

			row[j] = least(change, 1 + least(above[j], row[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

/* How far a name is from the word; 0 is nearest. */
static unsigned rate(const char *name, const char *word, size_t length)
{
	size_t sign = *name == '.' || *name == '!';
	size_t size = strlen(name);

	if (size == length && strncasecmp(name, word, length) == 0)
		return 0;
	/* The sign in front was forgotten, or is the other one. */
	if (sign && (*word == '.' || *word == '!') && *word != *name)
		return 1 + distance(name + 1, size - 1, word + 1, length - 1);
	if (sign && *word != *name)
		return least(distance(name, size, word, length),
			     1 + 2 * distance(name + 1, size - 1, word, length));
	return 2 * distance(name, size, word, length);
}

const char *tmi_command_suggest(const char *word, size_t length)
{
	/* A third of a word may be wrong; of two letters none of both. */
	unsigned most = length <= 2 ? 1 : length <= 5 ? 2 : 3;
	const char *best = NULL;

	if (!length || length > LONGEST)
		return NULL;
	for (size_t i = 0; tmi_commands[i]; i++)
		for (const struct tmi_command_name *n = tmi_commands[i]->names; n->name; n++) {
			unsigned rating;

			if (strlen(n->name) > LONGEST ||
			    !isalpha((unsigned char)n->name[strspn(n->name, ".!$")]))
				continue;
			rating = rate(n->name, word, length);
			if (rating > most || (rating == most && best))
				continue;
			most = rating;
			best = n->name;
		}
	return best;
}
