/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_FRAMES_H
#define SONDE_VIEW_FRAMES_H
/*
 * The frames of a recording with their names: from the recording where it has them,
 * else (it was cut short, or made without symbols) from this machine's files when
 * those have the same build-id.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording;
struct frames;

/* One function at a frame. */
struct frame_call {
	const char *function; /* NULL: no name */
	const char *file;     /* NULL: not known */
	uint32_t line;	      /* 0: not known */
	bool inlined;	      /* into the next call of the frame */
};

struct frame {
	const char *module; /* path, [kernel] ...; "" where no mapping covered the address */
	uint32_t module_id; /* 0: none */
	uint8_t kind;	    /* enum module_kind */
	uint64_t offset;    /* as row_frame.offset */
	uint32_t first_call, call_count; /* call_count is at least 1 */
};

/* What looking up names now came to. */
struct frames_resolved {
	uint64_t asked, found; /* frames; 0, 0 when the recording had its names */
};

/* Names that were looked up before, by frame id: for a view that reads one growing recording
 * again and again.  Has to outlive the frames made with it. */
struct frames_cache;
struct frames_cache *frames_cache_create(void);
void frames_cache_destroy(struct frames_cache *c); /* NULL-safe */

/* RESOLVE: look up names that the recording never tried to get.  CACHE may be NULL. */
struct err *frames_create(struct recording *r, bool resolve, struct frames_cache *cache,
			  struct frames **ret);
void frames_destroy(struct frames *f); /* NULL-safe */

size_t frames_count(const struct frames *f);
/* By index, 0 .. count - 1. */
const struct frame *frames_at(const struct frames *f, size_t index);
/* The index of the frame with this id; SIZE_MAX: none. */
size_t frames_index(const struct frames *f, uint32_t id);
/* Innermost first, call_count of them. */
const struct frame_call *frames_calls(const struct frames *f, const struct frame *frame);
struct frames_resolved frames_resolved(const struct frames *f);
bool frame_is_kernel(const struct frame *frame); /* the kernel's code or a module's */

/* Why a module's addresses have no names, and what to do: NULL, NULL when it is not known.
 * Valid while F lives. */
void frames_module_trouble(const struct frames *f, uint32_t module_id, const char **why,
			   const char **fix);

#endif
