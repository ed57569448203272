import { expect, it } from 'vitest'
import { lookAt, viewportOf } from '../../src-renderer/graph-view/look.ts'

it('shows the same place of two drawings of different sizes', () => {
  const pane = { width: 500, height: 300 }
  const [long, short] = [
    { width: 400, height: 2000 },
    { width: 800, height: 1000 },
  ]
  // The point at (100, 1500) of the long drawing is in the middle.
  const look = lookAt({ x: 250 - 100 * 0.5, y: 150 - 1500 * 0.5, zoom: 0.5 }, long, pane)
  expect(look).toEqual({ across: 0.25, down: 0.75, zoom: 0.5 })
  expect(viewportOf(look, long, pane)).toEqual({ x: 200, y: -600, zoom: 0.5 })
  // That is (200, 750) of the short one.
  expect(viewportOf(look, short, pane)).toEqual({ x: 250 - 200 * 0.5, y: 150 - 750 * 0.5, zoom: 0.5 })
})
