import { exactBytes } from '../core/units.ts'
import { parquetSchema, type FileMetaData } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { getTreePath } from 'hyparquet/src/schema.js'
import type { ByteSource } from './byte-source.ts'

/** What one page may unfold to, and how many values one column may claim. */
const MOST_PAGE_BYTES = 2 ** 28
const MOST_COLUMN_BYTES = 2 ** 30
const MOST_VALUES = 2 ** 26
/** A column may repeat one value very often, but not without end: so many values, and more for each byte that it has. */
const FREE_VALUES = 2 ** 20
const VALUES_PER_BYTE = 64
/** Of a page header, statistics included. */
const HEADER_BYTES = 2 ** 16

/**
 * Walks the headers of all pages before any is unfolded, since the reader allocates what they claim: a file of a hundred
 * bytes may claim billions of values. Throws an Error that says what is wrong.
 */
export function checkPages(source: ByteSource, metadata: FileMetaData): void {
  const { row_groups: groups, num_rows: rows } = metadata
  const tree = parquetSchema(metadata)
  let rowsInGroups = 0n
  for (const { columns, num_rows: rowsInGroup } of groups) {
    rowsInGroups += rowsInGroup
    for (const { meta_data: column } of columns) {
      if (!column) throw new Error('a column has no description')
      // The reader finds out when it has begun to read others, and what these say then is heard by nobody.
      getTreePath(tree, column.path_in_schema)
      const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = column
      const start = Number(dictionary && dictionary < data ? dictionary : data)
      const end = start + Number(size)
      if (!(start >= 0 && end >= start && end <= source.length)) throw new Error('a column lies outside the file')
      checkColumn(source, start, end)
    }
  }
  if (rowsInGroups !== rows) throw new Error('its row groups do not hold the rows that it claims')
}

function checkColumn(source: ByteSource, start: number, end: number): void {
  let [at, values, bytes] = [start, 0, 0]
  // A column's last byte alone is no page: the reader stops there too.
  while (at < end - 1) {
    const header = source.read(at, Math.min(HEADER_BYTES, end - at))
    const reader = { view: new DataView(header.buffer, header.byteOffset, header.byteLength), offset: 0 }
    const page = parquetHeader(reader)
    const compressed = page.compressed_page_size
    const unfolded = page.uncompressed_page_size
    if (!(compressed >= 0 && at + reader.offset + compressed <= end)) throw new Error('a page lies outside its column')
    if (!(unfolded >= 0 && unfolded <= MOST_PAGE_BYTES)) throw new Error(`a page claims ${exactBytes(unfolded)}`)
    bytes += unfolded
    for (const kind of [page.data_page_header, page.data_page_header_v2, page.dictionary_page_header]) {
      if (kind && !(kind.num_values >= 0)) throw new Error('a page claims no number of values')
      values += kind?.num_values ?? 0
    }
    if (values > MOST_VALUES) throw new Error('a column claims too many values')
    if (bytes > MOST_COLUMN_BYTES) throw new Error('a column claims too many bytes')
    at += reader.offset + compressed
  }
  if (values > Math.min(MOST_VALUES, FREE_VALUES + VALUES_PER_BYTE * bytes))
    throw new Error('a column claims too many values')
}
