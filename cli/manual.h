/* SPDX-License-Identifier: Apache-2.0 */
/* manual.h - what packagers install: the manual page, and completion for shells. */
#ifndef TMEM_CLI_MANUAL_H
#define TMEM_CLI_MANUAL_H

#include <stdbool.h>

/* Prints the manual page tmem(1). */
void manual_print(const char *version);

/* completion.c: prints the completion of "bash" or "zsh"; false: another shell. */
bool manual_print_completion(const char *shell);

#endif
