/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_JSON_H
#define SONDE_OOPS_JSON_H
/* A report as one JSON object; the schema is in docs/SCHEMA.md, "sonde.oops". */
#include "base/json.h"
#include "oops/report.h"

void oops_json(struct json *j, struct oops_report *r);

#endif
