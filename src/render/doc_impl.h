/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_DOC_IMPL_H
#define SONDE_RENDER_DOC_IMPL_H
/* What struct doc is made of; for doc.c, open.c and live.c only. */
#include "base/out_file.h"
#include "render/renderer.h"

#include <signal.h>
#include <sys/types.h>

enum doc_node_kind {
	DOC_NODE_NONE,
	DOC_NODE_TABLE,
	DOC_NODE_TREE,
	DOC_NODE_FLAME,
	DOC_NODE_TIMELINE
};

/* Where the bytes go, and what has to be done when all are there. */
struct sink {
	FILE *out;
	bool is_ours; /* it is file's */
	struct out_file file;
	pid_t pager_pid; /* 0: none */
	FILE *pager;     /* its input */
	bool pager_is_gone;
	struct sigaction pipe_before, int_before;
};
/* Flush, wait for the pager, move the file into place; doc_destroy() without it removes a half file. */
struct err *sink_finish(struct sink *s);

struct doc {
	const struct render_ops *ops;
	void *self;
	struct sink sink;
	struct err *err;	 /* the first one */
	enum doc_node_kind node; /* what is open */
	unsigned section_depth;
	unsigned node_depth; /* of the last tree or flame node, plus one; 0: none yet */
	size_t column_count;
	unsigned timeline_levels;
	bool begun, ended, has_lane;
};

#endif
