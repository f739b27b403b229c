// duckdb_run.mjs: runs the statements of a file in DuckDB's Node package, one connection, one thread; prints the time without the start.
// SPDX-License-Identifier: Apache-2.0
//
// Usage: node duckdb_run.mjs NODE_MODULES FILE     each statement on a line of its own; prints {"seconds": ..., "statements": ...}
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [, , modules, file] = process.argv
const { DuckDBInstance } = createRequire(join(modules, 'any.js'))('@duckdb/node-api')
const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const connection = await instance.connect()
const statements = readFileSync(file, 'utf8').split('\n').filter((line) => line.trim())
const began = process.hrtime.bigint()
for (const statement of statements) await (await connection.runAndReadAll(statement)).getRows()
const seconds = Number(process.hrtime.bigint() - began) / 1e9
console.log(JSON.stringify({ seconds, statements: statements.length }))
