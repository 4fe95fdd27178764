/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main(): find the command, parse its words, run it, print the error.  The only
 * place that prints one and the only one that decides the exit status:
 *
 *   0    done            1    an error, said on standard error
 *   2    wrong usage     else the status of the command that was recorded
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/str.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

/* A user's own words and other people's names are in it: nothing of them steers the terminal. */
static void say(const char *text)
{
	struct str line = { 0 };

	str_add(&line, "sonde: ");
	str_add_visible_lines(&line, text, strlen(text));
	str_add_char(&line, '\n');
	fputs(line.text, stderr);
	str_deinit(&line);
}

static int report(struct err *err, int status)
{
	if (err == NULL)
		return status;

	/* Whoever read our output has enough (sonde report | head): nothing to say. */
	bool quiet = err_errnum(err) == EPIPE;

	if (!quiet) {
		say(err_message(err));
		if (err_advice(err))
			say(err_advice(err));
	}
	if (status == 0)
		status = err_is(err, ERR_USAGE) ? 2 : 1;
	err_destroy(err);
	return status;
}

/* What stdio held back has to arrive too: `sonde report > /dev/full` fails. */
static struct err *flush_stdout(struct err *err)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return err;
	if (err != NULL)
		return err;
	return err_errno(errno ? errno : EIO, "cannot write standard output");
}

static struct err *run(const struct cmd *cmd, int argc, char **argv, struct arena *arena, int *status)
{
	void *args;
	bool help;

	if (cmd->run_words) /* strace's lines are bytes: no locale, which takes a tenth of a millisecond to read */
		return cmd->run_words(argc, argv, arena, status);
	setlocale(LC_CTYPE, "");
	args = arena_calloc(arena, 1, cmd->args_bytes);
	if (cmd->defaults)
		cmd->defaults(args);
	TRY(opt_parse(&cmd->spec, argc, argv, args, arena, &help));
	if (help) {
		opt_print_help(&cmd->spec, stdout, cmd_help_width(stdout));
		return NULL;
	}
	return cmd->run(args, arena, status);
}

/* As the command ended: by a signal, without a core file of ours. */
static int end_by_signal(int number)
{
	struct rlimit no_core = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + number; /* it was not fatal */
}

/* The words that are no commands: --help, -h, --version, -V, or none at all. */
static struct err *run_words(int argc, char **argv, struct arena *arena, int *status)
{
	int used;

	if (argc > 0 && argv[0][0] == '\0') /* somebody gave us no name: take the file's */
		argv[0] = program_invocation_name = (char *)getauxval(AT_EXECFN);

	const char *name = strrchr(argv[0], '/');

	/* a link of that name to us: strace's place is taken without a change to any script */
	if (strcmp(name ? name + 1 : argv[0], "strace") == 0)
		return run(cmd_find(1, (char *[]){ (char *)"strace" }, &used), argc, argv, arena, status);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		setlocale(LC_CTYPE, "");
		cmd_print_overview(stdout);
		return NULL;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf(OPT_PROGRAM " %s\n", SONDE_VERSION);
		return NULL;
	}
	if (argv[1][0] == '-')
		return err_fix(err_new(ERR_USAGE, "'%s' stands before any command", argv[1]),
			       OPT_PROGRAM " COMMAND %s; " OPT_PROGRAM " help lists the commands", argv[1]);

	const struct cmd *cmd = cmd_find(argc - 1, argv + 1, &used);

	if (cmd == NULL)
		return cmd_unknown(argc - 1, argv + 1);
	return run(cmd, argc - used, argv + used, arena, status);
}

/*
 * A descriptor of ours must not get the number of a standard one that was closed: what is printed would go
 * into a file or a ring.  It is closed for whom we run, as it was for us; reading 0 and writing 1 fail as
 * they would have, and messages for nobody are dropped.
 */
static void hold_standard_fds(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd] | O_CLOEXEC) < 0)
			return; /* no /dev/null: it stays as it is */
}

static void on_limit(int number) {}

/*
 * A file that may not grow any more (ulimit -f) is an error like a full disk's, and no end.  A handler, which an
 * exec takes away again, so that whom we run has what we had.
 */
static void survive_file_limit(void)
{
	struct sigaction before, ours = { .sa_handler = on_limit, .sa_flags = SA_RESTART };

	if (sigaction(SIGXFSZ, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(SIGXFSZ, &ours, NULL);
}

int main(int argc, char **argv)
{
	const char *level = getenv("SONDE_LOG");
	struct arena arena;
	int status = 0;

	hold_standard_fds();
	survive_file_limit();
	if (level && !log_set_level_name(level))
		log_warn("SONDE_LOG=%s is none of quiet, warn, note, info and debug", level);
	arena_init(&arena);

	struct err *err = flush_stdout(run_words(argc, argv, &arena, &status));

	status = report(err, status);
	arena_deinit(&arena);
	return status > CMD_STATUS_SIGNAL ? end_by_signal(status - CMD_STATUS_SIGNAL) : status;
}
