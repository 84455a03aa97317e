/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - ?: the value of an expression. */
#include <inttypes.h>

#include "command/command.h"

static void record(struct tmi_session *session, uint64_t value)
{
	struct tmi_record record;
	struct tmi_text decimal = { 0 };

	tmi_text_format(&decimal, "%" PRId64, (int64_t)value);
	tmi_record_begin(&record, session, "value");
	tmi_record_value(&record, "value", value, 8);
	/* A string: a double, which many programs read numbers into, would not hold all digits. */
	tmi_record_text(&record, "decimal", decimal.failed ? "" : decimal.data);
	record.failed |= decimal.failed;
	tmi_record_send(&record);
	tmi_text_fini(&decimal);
}

static bool execute(struct tmi_args *args)
{
	struct tmi_session *session = args->session;
	uint64_t value;
	unsigned size = tmi_pointer_size(session);

	if (tmi_args_at_end(args))
		return tmi_session_run_nested(session, ".help");
	if (!tmi_args_expression(args, &value) || !tmi_args_finish(args))
		return false;
	session->last_value = value;
	if (session->json) {
		record(session, value);
		return true;
	}
	/* Arithmetic has 64 bits on every target: a wide value shows all of them. */
	if (value >> 32 != 0 && value >> 31 != 0x1ffffffff)
		size = 8;
	tmi_out(session, "Evaluate expression: %" PRId64 " = %s\n", (int64_t)value,
		tmi_value(value, size).text);
	return true;
}

static const struct tmi_command_name names[] = { { "?", NULL }, { NULL } };

const struct tmi_command tmi_command_evaluate = {
	.names = names,
	.arguments = "[EXPRESSION]",
	.brief = "the value of an expression; alone: the commands",
	.help = "Numbers are hexadecimal unless n says otherwise; 0x 0n 0t 0y prefixes mean hex,\n"
		"decimal, octal, binary. A 64-bit number may be split: 00007fff`12345678.\n"
		"\n"
		"  names       libc   libc+1f20   [heap]   [stack]   [any region or file name]\n"
		"  symbols     malloc   libc!malloc   libc!malloc+10   kernel!init_task\n"
		"  registers   @rip @rsp @eax ...   $ip $csp . $exp $ptrsize $pagesize $tpid $tid\n"
		"  unary       + - not hi low   by wo dwo qwo poi: the value at an address\n"
		"  binary      * / %   + -   << >> >>>   = == < > <= >= !=   &  ^  |\n"
		"              (mod, and, xor, or as well), from the tightest to the loosest\n"
		"  functions   $vvalid(ADDRESS, BYTES): 1 when all of it can be read\n"
		"              $iment(BASE): where the program or library there begins to run\n"
		"              $scmp(\"A\", \"B\"): -1, 0, 1 as text; $sicmp: in any case\n"
		"              $spat(\"TEXT\", \"PATTERN\"): 1 when it fits: * ? [a-z] # +\n"
		"\n"
		"A word without @ is a number if it can be one, then a module, then a register,\n"
		"then a symbol; [name] is always a name.\n",
	.examples = "? poi(@rsp+8)\n? 0n1024 * 3\n? $vvalid([heap], 1000)\n",
	.topic = TMI_TOPIC_GENERAL,
	.execute = execute,
};
