// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ending signals as a descriptor, so that a wait for input is a wait for them too. */
#include "session/until_signal.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct until_signal {
	int fd;
	sigset_t before;
};

struct err *until_signal_create(struct until_signal **ret)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct until_signal *s = mem_calloc(1, sizeof(*s));
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &s->before);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		struct err *err = err_errno(errno, "cannot make a signalfd");

		sigprocmask(SIG_SETMASK, &s->before, NULL);
		free(s);
		return err;
	}
	*ret = s;
	return NULL;
}

void until_signal_destroy(struct until_signal *s)
{
	struct signalfd_siginfo info;

	if (s == NULL)
		return;
	while (read(s->fd, &info, sizeof(info)) > 0)
		; /* it ended us in good order: it isn't to kill us now */
	close(s->fd);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	free(s);
}

static bool is_ready(const struct until_signal *s, struct pollfd *other, int timeout_ms)
{
	struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN }, other != NULL ? *other : (struct pollfd){ .fd = -1 } };
	bool is_any = poll(fds, 2, timeout_ms) > 0;

	if (other != NULL)
		other->revents = is_any ? fds[1].revents : 0;
	return is_any && (fds[0].revents & POLLIN) != 0;
}

bool until_signal_came(const struct until_signal *s)
{
	return is_ready(s, NULL, 0);
}

void until_signal_wait(struct until_signal *s, int timeout_ms)
{
	(void)is_ready(s, NULL, timeout_ms);
}

void until_signal_wait_fd(struct until_signal *s, struct pollfd *fd, int timeout_ms)
{
	(void)is_ready(s, fd, timeout_ms);
}
