/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Things that programs do and that a guest inside them must survive.  `guest WHAT`
 * prints one line that says how it went, the same with and without the agent.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void burn(double seconds)
{
	double end = cpu_seconds() + seconds;
	volatile unsigned long n = 0;

	while (cpu_seconds() < end)
		for (int i = 0; i < 10000; i++)
			n = n + 1;
}

static void *burner(void *ms)
{
	burn((double)(long)ms / 1000);
	return ms;
}

static void threads(void)
{
	enum { COUNT = 5000 };
	static pthread_t t[COUNT];
	pthread_attr_t a;
	long sum = 0;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	for (long i = 0; i < COUNT; i++)
		if (pthread_create(&t[i], &a, burner, (void *)(long)(i % 8 == 0)) != 0)
			exit(1);
	for (long i = 0; i < COUNT; i++) {
		void *r;

		pthread_join(t[i], &r);
		sum += (long)r;
	}
	printf("threads %ld\n", sum);
}

static void *small_stack(void *p)
{
	char buffer[6000];

	memset(buffer, 1, sizeof(buffer));
	burn(0.1);
	return (void *)(long)buffer[99];
}

static void small(void)
{
	pthread_t t;
	pthread_attr_t a;
	void *r;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	pthread_create(&t, &a, small_stack, NULL);
	pthread_join(t, &r);
	printf("small %ld\n", (long)r);
}

static void *exits(void *p)
{
	burn(0.005);
	pthread_exit((void *)7);
}

static void *cancelled(void *p)
{
	for (;;) {
		burn(0.001);
		pthread_testcancel();
	}
	return p;
}

static void thread_ends(void)
{
	long sum = 0;

	for (int i = 0; i < 60; i++) {
		pthread_t t, u;
		void *r;

		pthread_create(&t, NULL, exits, NULL);
		pthread_create(&u, NULL, cancelled, NULL);
		pthread_cancel(u);
		pthread_join(t, &r);
		sum += (long)r;
		pthread_join(u, &r);
		sum += r == PTHREAD_CANCELED;
	}
	printf("ends %ld\n", sum);
}

static void forks(void)
{
	int ok = 0;

	for (int i = 0; i < 2000; i++) {
		int status;
		pid_t p = fork();

		if (p == 0)
			_exit(i & 63);
		if (waitpid(p, &status, 0) == p && WEXITSTATUS(status) == (i & 63))
			ok++;
	}
	printf("forks %d\n", ok);
}

static int vfork_once(void)
{
	int status;
	pid_t p = vfork();

	if (p == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	return waitpid(p, &status, 0) == p && status == 0;
}

static void vforks(void)
{
	int ok = 0;

	for (int i = 0; i < 300; i++)
		ok += vfork_once();
	printf("vforks %d\n", ok);
}

static void closed(void)
{
	int out = dup(1);

	for (int fd = 0; fd < 1024; fd++)
		if (fd != out)
			close(fd);
	burn(0.2);

	int lowest = dup(out);

	dprintf(out, "closed %d\n", lowest);
}

static void blocked(void)
{
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	burn(0.2);
	pthread_sigmask(SIG_BLOCK, NULL, &old);
	printf("blocked %d\n", sigismember(&old, SIGUSR1));
}

static volatile sig_atomic_t got[65];
static void count(int n) { got[n]++; }

static void handlers(void)
{
	int set = 0, kept = 0;

	for (int n = 1; n <= SIGRTMAX; n++)
		set += signal(n, count) != SIG_ERR;
	burn(0.2);
	for (int n = 1; n <= SIGRTMAX; n++) {
		struct sigaction a;

		if (sigaction(n, NULL, &a) == 0 && a.sa_handler == count)
			kept++;
	}
	for (int n = SIGRTMIN; n <= SIGRTMAX; n++)
		raise(n);

	int total = 0;

	for (int n = 1; n <= 64; n++)
		total += got[n];
	printf("handlers %d %d %d\n", set, kept, total);
}

static void profiled(void)
{
	struct itimerval every = { { 0, 10000 }, { 0, 10000 } };

	signal(SIGPROF, count);
	setitimer(ITIMER_PROF, &every, NULL);
	burn(0.3);
	printf("profiled %d\n", got[SIGPROF] > 10);
}

static ucontext_t main_context, other_context;
static void coroutine(void) { burn(0.3); }

static void coroutines(void)
{
	static char stack[65536];

	getcontext(&other_context);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = sizeof(stack);
	other_context.uc_link = &main_context;
	makecontext(&other_context, coroutine, 0);
	swapcontext(&main_context, &other_context);
	printf("coroutines\n");
}

static void strict(void)
{
	printf("strict\n");
	fflush(stdout);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	for (volatile long i = 0; i < 50000000; i++)
		;
	syscall(SYS_exit, 3);
}

static void interrupted(void)
{
	int eintr = 0;

	for (int i = 0; i < 200; i++) {
		struct timespec t = { 0, 1000000 };

		burn(0.001);
		eintr += nanosleep(&t, NULL) != 0;
	}
	printf("interrupted %d\n", eintr);
}

static void limit(void)
{
	struct rlimit none = { 0, 0 };
	pthread_t t;

	setrlimit(RLIMIT_SIGPENDING, &none);
	pthread_create(&t, NULL, burner, (void *)50);
	pthread_join(t, NULL);
	printf("limit\n");
}

static void again(char **argv)
{
	burn(0.05);
	if (argv[2] != NULL && strcmp(argv[2], "xxxxx") == 0) {
		printf("again\n");
		return;
	}

	char next[8] = "x";

	if (argv[2] != NULL)
		snprintf(next, sizeof(next), "%sx", argv[2]);
	execl("/proc/self/exe", argv[0], argv[1], next, NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = { { "threads", threads }, { "small", small },	{ "ends", thread_ends },
	      { "forks", forks },     { "vforks", vforks },	{ "closed", closed },
	      { "blocked", blocked }, { "handlers", handlers }, { "profiled", profiled },
	      { "coroutines", coroutines }, { "strict", strict }, { "interrupted", interrupted },
	      { "limit", limit } };

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "again") == 0) {
		again(argv);
		return 0;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			return 0;
		}
	}
	return 2;
}
