#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: plain
# timeout: 180
"""DuckDB opens every table of a recording as it is, and counts and sums as sonde's own SQL does: of a real
recording (sonde record), of a killed one that was repaired, and of one with a million rows."""
import csv
import json
import os
import signal
import subprocess
import sys
import time

from lib.check import skip, until

SRC, BUILD = os.environ["SRC"], os.environ["BUILD"]
MAKE = os.path.join(BUILD, "tests", "make-recording")

found = subprocess.run([f"{SRC}/tools/npm", "duckdb", f"{BUILD}/duckdb"], capture_output=True, text=True)
if found.returncode == 77:
    skip(found.stdout.strip().splitlines()[-1])
modules = found.stdout.strip().splitlines()[-1]


def duckdb(statements):
    run = subprocess.run(["node", f"{SRC}/tests/duckdb/query.mjs"], input="\n".join(statements), text=True,
                         capture_output=True, env={**os.environ, "DUCKDB_MODULES": modules})
    if run.returncode:
        sys.exit(f"FAIL: DuckDB: {run.stderr}")
    return [json.loads(line)[0] for line in run.stdout.splitlines()]


def sonde(recording, statement):
    run = subprocess.run(["sonde", "query", recording, "--csv", statement], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"FAIL: {statement}: {run.stderr}")
    return next(csv.reader(run.stdout.splitlines()[1:]))


def measures(fields):
    """Count, and of each column what both can add up without overflow."""
    parts = ["count(*)"]
    for field in fields:
        name = f'"{field["name"]}"'
        if field["kind"] == "str":
            parts += [f"count(distinct {name})", f"sum(length({name}))", f"min({name})", f"max({name})"]
        elif field["kind"] in ("u64", "i64"):
            parts += [f"sum({name} & 4294967295)", f"sum(({name} >> 32) & 4294967295)"]
        else:
            parts += [f"sum({name})", f"min({name})", f"max({name})", f"count(distinct {name})"]
    return ", ".join(parts)


def compare(recording):
    tables = json.load(open(f"{recording}/meta.json"))["tables"]
    tables = [t for t in tables if os.path.isdir(f"{recording}/{t['name']}")]
    theirs = duckdb([f"select {measures(t['fields'])} from '{recording}/{t['name']}/*.parquet'" for t in tables])
    for table, their in zip(tables, theirs):
        our = sonde(recording, f'select {measures(table["fields"])} from "{table["name"].replace("/", "_")}"')
        if our != their:
            sys.exit(f"FAIL: {recording} {table['name']}:\nsonde  {our}\nDuckDB {their}")
    print(f"{recording}: {len(tables)} tables, " + ", ".join(f"{t['name']} {n[0]}" for t, n in zip(tables, theirs)))
    if not tables:
        sys.exit("FAIL: no tables")


subprocess.run([MAKE, "made.sonde", "1000000", "300000"], check=True, stdout=subprocess.DEVNULL)
compare("made.sonde")

child = subprocess.Popen([MAKE, "killed.sonde", "100000000", "50000", "500000"])
until(lambda: os.path.isdir("killed.sonde/sample"))
time.sleep(0.3)
child.send_signal(signal.SIGKILL)
child.wait()
sonde("killed.sonde", "select 1")
compare("killed.sonde")

recorded = subprocess.run(["sonde", "record", "-o", "real.sonde", "--", "sh", "-c",
                           "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; ls -R /usr/share/doc | sort | tail -1"],
                          capture_output=True, text=True)
if recorded.returncode:
    print(recorded.stderr)
    sys.exit("FAIL: sonde record")
compare("real.sonde")
