/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_WEB_H
#define SONDE_RENDER_WEB_H
/* The files of web/, made into C by tools/embed.py when building.  NUL-terminated. */
#include <stddef.h>

extern const size_t web_page_css_length, web_page_js_length, web_svg_js_length;
extern const char web_page_css[], web_page_js[], web_svg_js[];

#endif
