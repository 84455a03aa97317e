/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.c - completion for bash and zsh, from the tables of options, kinds and commands.
 *
 * The scripts hold lists of words and little else. An argument is: an option; the target, which is
 * a file, KIND:FILE or pid:NUMBER; then commands, of which the name is completed.
 */
#include <stdio.h>
#include <string.h>

#include <tmem.h>

#include "manual.h"
#include "options.h"

static void put_kind(void *context, const char *name, const char *text)
{
	/* Live processes are opened by their number. */
	if (strcmp(name, "process") != 0)
		printf(" %s:", name);
}

/* A list of words for the shell, inside single quotes. */
static void put_options(void)
{
	const char *between = "";

	for (const struct cli_option *option = cli_options; option->name; option++) {
		if (!option->text)
			continue;
		printf("%s--%s", between, option->name);
		between = " ";
		if (option->value < OPTION_LONG_ONLY)
			printf(" -%c", option->value);
	}
}

static void put_commands(void)
{
	const char *between = "";

	for (size_t i = 0; tmi_commands[i]; i++)
		for (const struct tmi_command_name *n = tmi_commands[i]->names; n->name; n++) {
			if (strchr(n->name, '\''))
				continue;
			printf("%s%s", between, n->name);
			between = " ";
		}
}

/* The lists, as one string each. */
static void put_lists(void)
{
	fputs("_tmem_options='", stdout);
	put_options();
	fputs("'\n_tmem_prefixes='pid:", stdout);
	tmem_list_kinds(put_kind, NULL);
	fputs("'\n_tmem_commands='", stdout);
	put_commands();
	fputs("'\n", stdout);
}

/* case lines: the values of each option that has some. */
static void put_value_cases(const char *action)
{
	for (const struct cli_option *option = cli_options; option->name; option++) {
		if (!option->text || !option->argument)
			continue;
		fputs("\t", stdout);
		if (option->value < OPTION_LONG_ONLY)
			printf("-%c|", option->value);
		printf("--%s) ", option->name);
		printf(action, option->values ? option->values : "");
		puts(" ;;");
	}
}

static void put_takers(void)
{
	for (const struct cli_option *option = cli_options; option->name; option++) {
		if (!option->argument)
			continue;
		if (option->value < OPTION_LONG_ONLY)
			printf("-%c|", option->value);
		printf("--%s%s", option->name, option[1].name ? "|" : "");
	}
}

static void print_bash(void)
{
	fputs("# bash completion for tmem; written by tmem --completion bash\n", stdout);
	put_lists();
	fputs("\n"
	      "# Lists the numbers of this user's processes, with pid: in front.\n"
	      "_tmem_pids()\n"
	      "{\n"
	      "\tlocal folder\n"
	      "\tfor folder in /proc/[0-9]*; do\n"
	      "\t\t[[ -O $folder ]] && printf 'pid:%s\\n' \"${folder#/proc/}\"\n"
	      "\tdone\n"
	      "}\n"
	      "\n"
	      "_tmem()\n"
	      "{\n"
	      "\tlocal line=${COMP_LINE:0:COMP_POINT} word= previous= target= i\n"
	      "\tlocal -a words\n"
	      "\t# By blanks: bash cuts words at colons too.\n"
	      "\tread -ra words <<<\"$line\"\n"
	      "\t[[ $line == *[[:blank:]] ]] && words+=('')\n"
	      "\tword=${words[-1]}\n"
	      "\t((${#words[@]} > 1)) && previous=${words[-2]}\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
	      "\t\tcase ${words[i]} in\n"
	      "\t\t",
	      stdout);
	put_takers();
	fputs(") ((i++)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) target=${words[i]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif [[ -n $target ]]; then\n"
	      "\t\t# A command is one argument, so it is quoted as soon as it has blanks.\n"
	      "\t\tword=${word#[\\'\\\"]}\n"
	      "\t\tset -f\n"
	      "\t\tfor i in $_tmem_commands; do\n"
	      "\t\t\t[[ $i == \"$word\"* ]] && COMPREPLY+=(\"$i\")\n"
	      "\t\tdone\n"
	      "\t\tset +f\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase $previous in\n",
	      stdout);
	put_value_cases("COMPREPLY=($(compgen -W '%s' -- \"${word##*,}\")); return");
	fputs("\tesac\n"
	      "\tcase $word in\n"
	      "\t-*) COMPREPLY=($(compgen -W \"$_tmem_options\" -- \"$word\")) ;;\n"
	      "\tpid:*) COMPREPLY=($(compgen -W \"$(_tmem_pids)\" -- \"$word\")) ;;\n"
	      "\t*:*) COMPREPLY=($(compgen -f -P \"${word%%:*}:\" -- \"${word#*:}\"))\n"
	      "\t\tcompopt -o filenames 2>/dev/null ;;\n"
	      "\t*) COMPREPLY=($(compgen -f -- \"$word\") $(compgen -W \"$_tmem_prefixes\" -- "
	      "\"$word\"))\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\t[[ ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null ;;\n"
	      "\tesac\n"
	      "\t# What bash takes for the word begins behind the last colon.\n"
	      "\tif [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
	      "\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"${word%%:*}:\"}\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _tmem tmem\n",
	      stdout);
}

static void print_zsh(void)
{
	fputs("#compdef tmem\n# zsh completion for tmem; written by tmem --completion zsh\n",
	      stdout);
	put_lists();
	fputs("\n"
	      "_tmem()\n"
	      "{\n"
	      "\tlocal target= i\n"
	      "\tlocal -a pids\n"
	      "\tfor ((i = 2; i < CURRENT; i++)); do\n"
	      "\t\tcase ${words[i]} in\n"
	      "\t\t",
	      stdout);
	put_takers();
	fputs(") ((i++)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) target=${words[i]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif [[ -n $target ]]; then\n"
	      "\t\tcompadd -- ${(s: :)_tmem_commands}\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase ${words[CURRENT-1]} in\n",
	      stdout);
	put_value_cases("compset -P '*,'; compadd -- ${(s: :):-'%s'}; return");
	fputs("\tesac\n"
	      "\tcase ${words[CURRENT]} in\n"
	      "\t-*) compadd -- ${(s: :)_tmem_options} ;;\n"
	      "\tpid:*) pids=(/proc/<->(NU:t))\n"
	      "\t\tcompadd -- pid:${^pids} ;;\n"
	      "\t*:*) compset -P '*:'; _files ;;\n"
	      "\t*) compadd -S '' -- ${(s: :)_tmem_prefixes}; _files ;;\n"
	      "\tesac\n"
	      "}\n"
	      "\n"
	      "_tmem \"$@\"\n",
	      stdout);
}

bool manual_print_completion(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else
		return false;
	return true;
}
