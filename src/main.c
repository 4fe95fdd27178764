/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main(): find the command, parse, run, print the error.  The only place that does. */
#include "base/err.h"

#include <stdio.h>

int main(void)
{
	fprintf(stderr, "sonde %s\n", SONDE_VERSION);
	return 2;
}
