/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde-agent: one static file that records on small boards.  It is src/main.c with the
 * tables below in place of sonde's own: the commands, sources and renderers that need no
 * library.  Its recordings are a journal and unnamed frames (build-id and offset); sonde on
 * the desk opens them.
 */
#include "capture/sources.h"
#include "format/elf.h"
#include "cmd/cmd.h"
#include "cmd/record_parts.h"
#include "module/locate.h"
#include "render/renderer.h"

extern const struct cmd cmd_doctor, cmd_help, cmd_record, cmd_version;

const struct cmd *const cmd_table[] = {
	&cmd_doctor,
	&cmd_help,
	&cmd_record,
	&cmd_version,
	NULL,
};

const char *const cmd_overview =
	"sonde-agent records on this board what sonde reads on the desk.\n"
	"\nBegin with\n"
	"  sonde-agent record -o app.sonde -- ./app     run a program and sample it\n"
	"and, where sonde is, after copying the directory app.sonde there:\n"
	"  sonde report app.sonde\n";

const struct record_parts record_parts = { 0 };

const struct source_ops *const source_table[] = {
	&source_cpu,
	NULL,
};

extern const struct render_ops render_json, render_term;

const struct render_ops *const render_table[] = {
	&render_term,
	&render_json,
	NULL,
};

/* In place of format/elf_compress.c: .eh_frame, which is unwound by, is never compressed. */
struct err *elf_decompress(enum elf_compression how, struct bytes in, uint64_t out_bytes, struct elf_data *ret)
{
	*ret = (struct elf_data){ 0 };
	return err_new(ERR_UNSUPPORTED, "sonde-agent has no decompression");
}

/* In place of module/debug_link.c: a board has no debug files. */
int locate_open_by_build_id(const struct build_id *id, const char *suffix) { return -1; }
int locate_open_debuglink(int image_fd, int pid, const char *path, const struct build_id *id) { return -1; }
