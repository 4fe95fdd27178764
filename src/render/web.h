/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_WEB_H
#define SONDE_RENDER_WEB_H
/* The files of web/, made into C by tools/embed.py when building.  NUL-terminated; the
 * hashes are base64, as a Content-Security-Policy wants them. */
#include <stddef.h>

#define WEB_FILE(name)                                                                             \
	extern const size_t web_##name##_length;                                                   \
	extern const char web_##name[], web_##name##_sha256[]

WEB_FILE(page_css);
WEB_FILE(page_js);
WEB_FILE(flame_js);
WEB_FILE(timeline_js);
WEB_FILE(svg_js);

#endif
