#!/usr/bin/env bash
# @dsnp/parquetjs 1.8.8 reads booleans that are written with the encoding RLE to other values, without an error. PyArrow
# writes them so where data pages of version 2 are asked for: three true values among nine come back as nine false ones. Unsigned
# integers of 32 and 64 bits come back negative from half of their range on, in either version. hyparquet reads all of them. Needs Node 20 and Python 3.11 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @dsnp/parquetjs@1.8.8 hyparquet@1.33.0
cat > write.py <<'PY'
import pyarrow as pa, pyarrow.parquet as pq
table = pa.table({
    'flag': pa.array([i % 3 == 0 for i in range(9)]),
    'u32': pa.array([0, 2**31 - 1, 2**31] * 3, pa.uint32()),
    'u64': pa.array([0, 2**63 - 1, 2**63] * 3, pa.uint64()),
})
for version in ('1.0', '2.0'):
    pq.write_table(table, f'{version}.parquet', data_page_version=version, use_dictionary=False)
PY
env/bin/python write.py
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import parquet from '@dsnp/parquetjs'
import { parquetReadObjects } from 'hyparquet'
async function parquetjs(bytes) {
  const reader = await parquet.ParquetReader.openBuffer(bytes)
  const cursor = reader.getCursor()
  const rows = []
  for (let row; (row = await cursor.next()); ) rows.push(row)
  return rows
}
const hyparquet = (bytes) => parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) })
for (const version of ['1.0', '2.0'])
  for (const read of [hyparquet, parquetjs]) {
    const rows = await read(readFileSync(`${version}.parquet`))
    const column = (name, count) => rows.slice(0, count).map((row) => String(row[name])).join(' ')
    const flags = rows.map(({ flag }) => (flag === true ? 'T' : flag === false ? 'F' : '?')).join('')
    console.log(`pages ${version} ${read.name.padEnd(9)} ${flags} | ${column('u32', 3)} | ${column('u64', 3)}`)
  }
JS
node probe.mjs 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
pages 1.0 hyparquet TFFTFFTFF | 0 2147483647 2147483648 | 0 9223372036854775807 9223372036854775808
pages 1.0 parquetjs TFFTFFTFF | 0 2147483647 -2147483648 | 0 9223372036854775807 -9223372036854775808
pages 2.0 hyparquet TFFTFFTFF | 0 2147483647 2147483648 | 0 9223372036854775807 9223372036854775808
pages 2.0 parquetjs FFFFFFFFF | 0 2147483647 -2147483648 | 0 9223372036854775807 -9223372036854775808
TXT
diff seen.txt out.txt
