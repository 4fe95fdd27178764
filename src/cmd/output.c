/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the output options to a document.  The form is what was asked for by name
 * (--json, --html, --svg), else what the file's ending says, else text for the
 * terminal.
 */
#include "cmd/cmd.h"

#include "base/log.h"
#include "base/str.h"

#include <string.h>

const char *const output_color_choices[] = { "auto", "always", "never", NULL }; /* enum render_color */

static struct err *output_format(const struct output_args *args, const char **format)
{
	if (args->json + args->html + args->svg > 1)
		return err_fix(err_new(ERR_USAGE, "--json, --html and --svg exclude each other"),
			       "run the command once for each");
	*format = args->json ? "json" : args->html ? "html" : args->svg ? "svg" : render_format_of_path(args->path);
	if (*format == NULL)
		*format = "term";
	return NULL;
}

bool output_is_page(const struct output_args *args)
{
	const char *format = render_format_of_path(args->path);

	return args->html || (format && str_eq(format, "html"));
}

static enum render_color color_of(const char *name)
{
	for (unsigned i = 0; name && output_color_choices[i]; i++)
		if (strcmp(name, output_color_choices[i]) == 0)
			return (enum render_color)i;
	return RENDER_COLOR_AUTO;
}

struct err *output_open(const struct output_args *args, struct doc **ret)
{
	struct render_options options = {
		.path = args->path,
		.color = color_of(args->color),
		.width = (unsigned)args->width,
		.pager = !args->no_pager && args->path == NULL,
	};

	output_log_level(args);
	TRY(output_format(args, &options.format));
	return render_open(&options, ret);
}

void output_log_level(const struct output_args *args)
{
	if (args->quiet)
		log_set_level(LOG_QUIET);
	else if (args->verbose)
		log_set_level(args->verbose > 1 ? LOG_DEBUG : LOG_INFO);
}
