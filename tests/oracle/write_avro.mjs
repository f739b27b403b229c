// write_avro.mjs: writes Avro files with avsc, another program's writer; prints {path: {types, rows}} as the schemas say it.
// SPDX-License-Identifier: Apache-2.0
import avro from 'avsc';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const written = {};

const columns = [
  ['id', 'long', 'int64', (i) => i],
  ['small', 'int', 'int32', (i) => i % 100],
  ['name', 'string', 'text', (i) => `name ${i}`],
  ['maybe', ['null', 'string'], 'text', (i) => (i % 3 ? null : 'x')],
  ['half', 'double', 'double', (i) => i / 2],
  ['single', 'float', 'float', (i) => i / 2],
  ['yes', 'boolean', 'boolean', (i) => i % 2 === 0],
  ['raw', 'bytes', 'binary', (i) => Buffer.from([i % 256])],
  ['kind', { type: 'enum', name: 'Kind', symbols: ['A', 'B'] }, 'text', (i) => (i % 2 ? 'A' : 'B')],
  ['tags', { type: 'array', items: 'string' }, 'list<text>', () => ['a', 'b']],
  ['counts', { type: 'map', values: 'long' }, 'map<text,int64>', () => ({ a: 1 })],
  ['place', { type: 'record', name: 'Place', fields: [{ name: 'x', type: 'double' }, { name: 'y', type: 'int' }] },
    'struct<x:double,y:int32>', () => ({ x: 1, y: 2 })],
  ['day', { type: 'int', logicalType: 'date' }, 'date', (i) => i],
  ['at', { type: 'long', logicalType: 'timestamp-micros' }, 'timestamp_tz', (i) => i],
  ['local', { type: 'long', logicalType: 'local-timestamp-millis' }, 'timestamp', (i) => i],
  ['clock', { type: 'int', logicalType: 'time-millis' }, 'time', (i) => i],
  ['price', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, 'decimal(10,2)', () => Buffer.from([1])],
  ['key', { type: 'string', logicalType: 'uuid' }, 'uuid', () => '8f14e45f-ceea-467f-a9e3-1b3a2c6d9e4f'],
];

function write(name, chosen, rows, codec) {
  const schema = { type: 'record', name: 'Row', fields: chosen.map(([field, type]) => ({ name: field, type })) };
  const path = join(folder, name);
  return new Promise((resolve, reject) => {
    const encoder = new avro.streams.BlockEncoder(schema, { codec, writeHeader: 'always' });
    const file = createWriteStream(path);
    encoder.on('error', reject);
    encoder.pipe(file);
    for (let i = 0; i < rows; i++) encoder.write(Object.fromEntries(chosen.map(([field, , , value]) => [field, value(i)])));
    encoder.end();
    file.on('finish', () => {
      written[path] = { types: Object.fromEntries(chosen.map(([field, , ours]) => [field, ours])), rows };
      resolve();
    });
  });
}

await write('all.avro', columns, 1000, 'null');
await write('deflate.avro', columns, 20000, 'deflate');
await write('one.avro', columns.slice(0, 1), 1, 'null');
await write('empty.avro', columns, 0, 'null');
process.stdout.write(JSON.stringify(written));
