// SPDX-License-Identifier: LGPL-2.1-or-later
// node query.mjs < QUERIES: one statement a line in, one JSON array of rows a line out, all values as
// text.  Lines that begin with "time " print how long the statement took instead, in seconds.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(process.env.DUCKDB_MODULES + '/');
const { DuckDBInstance } = require('@duckdb/node-api');
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();

for (let line of readFileSync(0, 'utf8').split('\n')) {
	if (!line.trim())
		continue;
	const timed = line.startsWith('time ');
	if (timed)
		line = line.slice(5);
	const begin = process.hrtime.bigint();
	const reader = await connection.runAndReadAll(line);
	const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
	console.log(JSON.stringify(timed ? seconds : reader.getRows().map(row => row.map(value => String(value)))));
}
