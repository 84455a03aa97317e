/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - what the program gives up before it reads an untrusted file. */
#ifndef TMEM_CLI_SANDBOX_H
#define TMEM_CLI_SANDBOX_H

#include "command/command.h"

/* True when @target names a file: nothing but reading is needed for it. */
bool sandbox_fits(const char *target);

/*
 * Gives up what a reader of files does without, for good, as far as the kernel can: it works on
 * with less, and what is returned says so. To be called while there is one thread.
 * @written: optional; a target whose file is opened for writing too.
 */
const struct tmi_sandbox *sandbox_enter(const char *written);

/* Gives nothing up; @why is for people. */
const struct tmi_sandbox *sandbox_stay_out(const char *why);

/*
 * sandbox_calls.c: limits the system calls of all threads. @may_remove: also those that remove
 * files, which something else limits. False when the kernel or this build cannot.
 */
bool sandbox_limit_calls(bool may_remove);

#endif
