/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory that a recorded program shares with us, written by one that is broken: what comes out of it is read to its
 * last byte.  The input is written there in pieces: the kind of place, which of them (and how far from its beginning),
 * length, bytes; kind 4 is a look by the reader.
 */
#include "capture/preload/ring_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sum; /* so that what is read is used */

static void use(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++)
		sum += b[i];
}

static void take(void *user, const struct ring_item *item)
{
	if (item->kind == RING_LOG) {
		sum += strlen(item->log->comm) + strlen(item->log->exe);
	} else if (item->kind == RING_MODULE) {
		sum += strlen(item->module->path);
		use(item->module->build_id, item->module->build_id_size);
	} else if (item->sample->record.flags & AGENT_STACK_COPIED) {
		const struct agent_copy *c = (const struct agent_copy *)item->sample;

		use(c->bytes, c->parts[0].size_bytes + c->parts[1].size_bytes);
		ring_reader_needed(user, item, c->registers[7]);
	} else {
		use(item->sample->pcs, item->sample->pc_count * sizeof(uint64_t));
	}
}

/* Where a piece goes: the header's counters, an entry of the log, an owner, a chunk. */
static size_t place(unsigned kind, unsigned which, unsigned from)
{
	switch (kind) {
	case 0:
		return from % sizeof(struct agent_header);
	case 1:
		return AGENT_LOG_OFFSET + which % 16 * sizeof(struct agent_log_entry) + from;
	case 2:
		return AGENT_OWNERS_OFFSET + which % 16 * sizeof(struct agent_owner) + from % sizeof(struct agent_owner);
	default:
		return AGENT_CHUNKS_OFFSET + which % 16 * AGENT_CHUNK_BYTES + from * 8;
	}
}

static void write_pieces(struct ring_reader *r, uint8_t *memory, const uint8_t *data, size_t size)
{
	while (size >= 4) {
		unsigned kind = data[0] % 5;
		size_t length = data[3] < size - 4 ? data[3] : size - 4;

		if (kind == 4) {
			ring_reader_drain(r, take, r);
			length = 0;
		} else {
			memcpy(memory + place(kind, data[1], data[2]), data + 4, length);
		}
		data += 4 + length;
		size -= 4 + length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ring_config config = { .period_ns = 1000000, .max_frames = 64 };
	struct ring_losses losses;
	struct ring_reader *r;
	char path[64];
	uint8_t *memory;
	int fd;

	snprintf(path, sizeof(path), "/tmp/sonde-fuzz-ring-%d", (int)getpid());
	if (ring_reader_create(path, &config, &r) || (fd = open(path, O_RDWR)) < 0)
		abort();
	memory = mmap(NULL, AGENT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		abort();
	write_pieces(r, memory, data, size);
	ring_reader_drain(r, take, r);
	ring_reader_stop(r);
	ring_reader_losses(r, &losses);
	munmap(memory, AGENT_RING_BYTES);
	close(fd);
	ring_reader_destroy(r);
	return 0;
}
