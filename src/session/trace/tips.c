/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tips are lines of at most WIDTH columns; the box is drawn around the longest of them. */
#include "session/trace/tips.h"

#include "base/clock.h"

#include <string.h>
#include <unistd.h>

enum { WIDTH = 60 };

static const char *const tips[] = {
	"-y names what descriptors refer to: read(3</etc/passwd>, ...",
	"-Z shows only calls that fail, -z only those that don't.",
	"-e %file shows calls that take a path, -e %network sockets,\n-e %process children; several are separated by commas.",
	"-k shows who made each call: its user stack. -kk adds lines\nof source.",
	"-P PATH shows only what touches PATH, by name or through a\ndescriptor.",
	"--inject=fsync:error=ENOSPC shows what a program does when\nthe disk is full; when=3+2 picks which invocations.",
	"-c counts instead of showing; -c -w counts the time that\ncalls took, not the CPU time in them.",
	"-f follows children, -ff -o FILE writes a file for each.",
	"-N names arguments: openat(dirfd=AT_FDCWD, pathname=...",
	"-s 200 shows more of strings, -v all of structures.",
	"sonde trace has these options, too, and stops nobody: it\nlooks by BPF.",
	"sonde trace -o NAME.sonde keeps a trace; sonde trace\nNAME.sonde --slow --errors --waits looks at it later.",
	"-e trace=/^get takes all calls that match an expression;\n-e trace=!futex all but one.",
	"--decode-pids=comm (-Y) tells the names of processes.",
};
enum { TIPS = sizeof(tips) / sizeof(*tips) };

static void add_line(struct str *out, const char *text, size_t length)
{
	str_add(out, " | ");
	str_add_n(out, text, length);
	str_add_repeat(out, ' ', length < WIDTH ? WIDTH - length : 0);
	str_add(out, " |\n");
}

static void add_rule(struct str *out, char left, char right)
{
	str_add_char(out, ' ');
	str_add_char(out, left);
	str_add_repeat(out, '_', WIDTH + 2);
	str_add_char(out, right);
	str_add_char(out, '\n');
}

void tips_add(struct str *out, int number, bool full)
{
	unsigned index = number >= 0 ? (unsigned)number % TIPS : (unsigned)((clock_now_ns() / 1000 + (uint64_t)getpid()) % TIPS);

	add_rule(out, ' ', ' ');
	for (const char *line = tips[index]; *line; line += strcspn(line, "\n"), line += *line == '\n')
		add_line(out, line, strcspn(line, "\n"));
	if (full) {
		struct str more;

		str_init(&more);
		add_line(out, "", 0);
		str_printf(&more, "Tip %u of %d: --tips=id:%u shows the next one.", index, TIPS, (index + 1) % TIPS);
		add_line(out, str_text(&more), more.length);
		str_deinit(&more);
	}
	add_rule(out, '\\', '/');
}
