/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* include/uapi/linux/net.h: SYS_SOCKET ... SYS_SENDMMSG; net/socket.c: how many arguments each has. */
#include "syscall/multiplex.h"

#include <string.h>

const struct syscall_part syscall_socketcalls[SYSCALL_SOCKETCALL_COUNT] = {
	[1] = { 359, 3 },  [2] = { 361, 3 },  [3] = { 362, 3 },	 [4] = { 363, 2 },  [5] = { 905, 3 },
	[6] = { 367, 3 },  [7] = { 368, 3 },  [8] = { 360, 4 },	 [9] = { 909, 4 },  [10] = { 910, 4 },
	[11] = { 369, 6 }, [12] = { 371, 6 }, [13] = { 373, 2 }, [14] = { 366, 5 }, [15] = { 365, 5 },
	[16] = { 370, 3 }, [17] = { 372, 3 }, [18] = { 364, 4 }, [19] = { 337, 5 }, [20] = { 345, 4 },
};

const struct syscall_ipc_part syscall_ipcs[SYSCALL_IPC_COUNT] = {
	[1] = { 931, { 1, 4, 2 }, 0 },	   [2] = { 393, { 1, 2, 3 }, 0 },
	[3] = { 394, { 1, 2, 3, 4 }, SYSCALL_IPC_UNION },
	[4] = { 934, { 1, 4, 2, 5 }, 0 },  [11] = { 400, { 1, 4, 2, 3 }, 0 },
	[12] = { 401, { 1, 4, 2, 5, 3 }, SYSCALL_IPC_PAIR },
	[13] = { 399, { 1, 2 }, 0 },	   [14] = { 402, { 1, 2, 4 }, 0 },
	[21] = { 397, { 1, 4, 2, 3 }, 0 }, [22] = { 398, { 4 }, 0 },
	[23] = { 395, { 1, 2, 3 }, 0 },	   [24] = { 396, { 1, 2, 4 }, 0 },
};

static void demultiplex_ipc(struct syscall_call *call, const struct syscall_memory *memory)
{
	uint32_t which = (uint32_t)call->args[0] & 0xffff, version = (uint32_t)call->args[0] >> 16, words[2];
	const struct syscall_ipc_part *part = &syscall_ipcs[which < SYSCALL_IPC_COUNT ? which : 0];
	bool pair = part->memory == SYSCALL_IPC_PAIR && version == 0;
	size_t size = pair ? sizeof(words) : part->memory == SYSCALL_IPC_UNION ? sizeof(words[0]) : 0;
	uint64_t args[6] = { [5] = SYSCALL_WAS_IPC };

	bool read = !size || memory->read(memory->user, SYSCALL_ENTER, (uint32_t)call->args[4], words, size) == size;

	if (!part->number || (!read && pair))
		return;
	for (unsigned i = 0; i < sizeof(part->order); i++)
		args[i] = part->order[i] ? call->args[part->order[i]] : 0;
	if (pair)
		args[1] = words[0];
	if (size && read)
		args[3] = words[pair];
	if (!read) /* the address remains */
		args[5] = 0;
	call->through = call->number;
	call->number = part->number;
	memcpy(call->args, args, sizeof(args));
}

bool syscall_ipc_result(const struct syscall_call *call, const struct syscall_memory *memory, int64_t *result)
{
	uint32_t addr;

	if (call->abi != SYSCALL_ABI_I386 || call->number != syscall_ipcs[21].number || !(call->args[5] & SYSCALL_WAS_IPC) ||
	    call->is_error || memory->read(memory->user, SYSCALL_EXIT, (uint32_t)call->args[3], &addr, sizeof(addr)) != sizeof(addr))
		return false;
	*result = addr;
	return true;
}

void syscall_demultiplex(struct syscall_call *call, const struct syscall_memory *memory)
{
	if (call->abi == SYSCALL_ABI_I386 && call->number == SYSCALL_IPC_CALL) {
		demultiplex_ipc(call, memory);
		return;
	}

	uint32_t which = (uint32_t)call->args[0], args[6];
	const struct syscall_part *part = &syscall_socketcalls[which < SYSCALL_SOCKETCALL_COUNT ? which : 0];
	size_t size = part->args * sizeof(args[0]);

	if (call->abi != SYSCALL_ABI_I386 || call->number != SYSCALL_SOCKETCALL || !part->number ||
	    memory->read(memory->user, SYSCALL_ENTER, (uint32_t)call->args[1], args, size) != size)
		return;
	call->through = call->number;
	call->number = part->number;
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = i < part->args ? args[i] : 0;
}
