/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A 32-bit program for arm64.sh: calls whose arguments are laid out otherwise than a 64-bit program's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char bytes[8];
	int fd = open("/proc/version", O_RDONLY | O_NOFOLLOW);

	if (fd < 0)
		return 1;
	pread(fd, bytes, 5, 0);
	lseek(fd, 3, SEEK_SET);
	close(fd);
	dup3(1, 7, O_CLOEXEC);
	printf("%d\n", (int)getppid() > 0);
	return 0;
}
