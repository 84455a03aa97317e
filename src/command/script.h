/* SPDX-License-Identifier: Apache-2.0 */
/* script.h - running the commands of a file. */
#ifndef TMI_COMMAND_SCRIPT_H
#define TMI_COMMAND_SCRIPT_H

#include "command/command.h"

/*
 * Takes a file name that reaches to the end of the arguments, in quotes or not, and runs each line
 * of the file as a command line. The first failure ends it.
 */
bool tmi_script_execute(struct tmi_args *args);

#endif
