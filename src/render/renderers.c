/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of renderers: one line each.  docs/HOWTO_ADD_RENDERER.md. */
#include "render/renderer.h"

extern const struct render_ops render_html, render_json, render_svg, render_term;

const struct render_ops *const render_table[] = {
	&render_term, &render_json, &render_html, &render_svg, NULL,
};
