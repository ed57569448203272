/** Ways of edges around the boxes of a graph, and how they are drawn. */

export interface Point {
  readonly x: number
  readonly y: number
}

/** Where a graph's columns stand, after it has been broken into them. */
export interface Columns {
  /** The column of a height in the unbroken graph. */
  columnOf(y: number): number
  /** From the unbroken graph to its place in a column. */
  shift(point: Point, column: number): Point
  /** The foot of a column's lowest box. */
  bottomOf(column: number): number
  /** The middle of the gap to the left of a column. */
  gapBefore(column: number): number
}

/** Half of what is free between two rows of boxes. */
export const halfRow = 15

/**
 * The way between two boxes, without its ends: by the points at which the unbroken graph has room. Where it changes the column, it
 * runs below that column, up in the gap before the next, and above that one. Empty where a plain curve between the two is free.
 *
 * @param middles - where the unbroken graph has room between the two
 * @param from - middle of the first box in the unbroken graph
 * @param to - middle of the second
 */
export function wayOf(middles: readonly Point[], columns: Columns, from: Point, to: Point): Point[] {
  const [first, last] = [columns.columnOf(from.y), columns.columnOf(to.y)]
  if (first === last && middles.length <= 1) return []
  const way: Point[] = []
  let column = first
  let at = columns.shift(from, first)
  const turn = (next: number, target: Point): void => {
    const below = columns.bottomOf(column) + halfRow
    const lane = columns.gapBefore(next)
    way.push({ x: at.x, y: below }, { x: lane, y: below }, { x: lane, y: -halfRow }, { x: target.x, y: -halfRow })
    column = next
  }
  for (const middle of middles) {
    const next = Math.min(last, Math.max(column, columns.columnOf(middle.y)))
    const point = columns.shift(middle, next)
    if (next !== column) turn(next, point)
    way.push(point)
    at = point
  }
  if (column !== last) turn(last, columns.shift(to, last))
  return way
}

/** An SVG path through the points, rounded at each. */
export function pathThrough(points: readonly Point[], radius = 10): string {
  const steps = points.slice(1, -1).map((point, at) => {
    const before = towards(point, points[at], radius)
    const after = towards(point, points[at + 2], radius)
    return `L ${before.x} ${before.y} Q ${point.x} ${point.y} ${after.x} ${after.y}`
  })
  const [first, last] = [points[0], points[points.length - 1]]
  return [`M ${first.x} ${first.y}`, ...steps, `L ${last.x} ${last.y}`].join(' ')
}

/** At most half of the way, so that two bends do not meet. */
function towards(from: Point, to: Point, radius: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const share = length === 0 ? 0 : Math.min(0.5, radius / length)
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }
}

/** The point half of the way along. */
export function halfWay(points: readonly Point[]): Point {
  const lengths = points.slice(1).map((point, at) => Math.hypot(point.x - points[at].x, point.y - points[at].y))
  let left = lengths.reduce((sum, length) => sum + length, 0) / 2
  for (const [at, length] of lengths.entries()) {
    if (left <= length && length > 0) {
      const [from, to] = [points[at], points[at + 1]]
      return { x: from.x + (left / length) * (to.x - from.x), y: from.y + (left / length) * (to.y - from.y) }
    }
    left -= length
  }
  return points[0]
}
