/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* include/uapi/linux/net.h: SYS_SOCKET ... SYS_SENDMMSG; net/socket.c: how many arguments each has. */
#include "syscall/multiplex.h"

const struct syscall_part syscall_socketcalls[SYSCALL_SOCKETCALL_COUNT] = {
	[1] = { 359, 3 },  [2] = { 361, 3 },  [3] = { 362, 3 },	 [4] = { 363, 2 },  [5] = { 905, 3 },
	[6] = { 367, 3 },  [7] = { 368, 3 },  [8] = { 360, 4 },	 [9] = { 909, 4 },  [10] = { 910, 4 },
	[11] = { 369, 6 }, [12] = { 371, 6 }, [13] = { 373, 2 }, [14] = { 366, 5 }, [15] = { 365, 5 },
	[16] = { 370, 3 }, [17] = { 372, 3 }, [18] = { 364, 4 }, [19] = { 337, 5 }, [20] = { 345, 4 },
};

void syscall_demultiplex(struct syscall_call *call, const struct syscall_memory *memory)
{
	uint32_t which = (uint32_t)call->args[0], args[6];
	const struct syscall_part *part = &syscall_socketcalls[which < SYSCALL_SOCKETCALL_COUNT ? which : 0];
	size_t size = part->args * sizeof(args[0]);

	if (call->abi != SYSCALL_ABI_I386 || call->number != SYSCALL_SOCKETCALL || !part->number ||
	    memory->read(memory->user, SYSCALL_ENTER, (uint32_t)call->args[1], args, size) != size)
		return;
	call->number = part->number;
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = i < part->args ? args[i] : 0;
}
