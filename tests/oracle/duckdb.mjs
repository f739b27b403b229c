// duckdb.mjs: runs SQL for the tests that compare with DuckDB: one JSON request a line on stdin, one JSON answer a line on stdout.
// SPDX-License-Identifier: Apache-2.0
//
// Request: {"sql": "...", "cwd": "..."?}. All statements are run, the rows are those of the last one. Answer: {"columns": [{"name", "type"}],
// "rows": [[text or null, ...]]} or {"error": "..."}. Every value is given as DuckDB's own text of it. No extension is ever fetched.
import { DuckDBInstance } from '@duckdb/node-api';
import { createInterface } from 'node:readline';

const instance = await DuckDBInstance.create(':memory:', {
  autoinstall_known_extensions: 'false',
  threads: '2',
});
const connection = await instance.connect();

async function answer(request) {
  if (request.cwd) process.chdir(request.cwd);
  const reader = await connection.runAndReadAll(request.sql);
  const columns = reader.columnNames().map((name, i) => ({ name, type: String(reader.columnType(i)) }));
  const rows = reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
  return { columns, rows };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let reply;
  try {
    reply = await answer(JSON.parse(line));
  } catch (error) {
    reply = { error: String(error.message ?? error) };
  }
  process.stdout.write(JSON.stringify(reply) + '\n');
}
connection.closeSync();
