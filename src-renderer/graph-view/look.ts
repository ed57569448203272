/** What a pane shows, told so that a pane with another drawing of the same network can show the same. */
import type { Viewport } from '@xyflow/svelte'

interface Size {
  readonly width: number
  readonly height: number
}

/** The point of the drawing in the middle of the pane, as shares of the drawing's width and height, and the magnification. */
export interface Look {
  readonly across: number
  readonly down: number
  readonly zoom: number
}

export const lookAt = ({ x, y, zoom }: Viewport, drawing: Size, pane: Size): Look => ({
  across: (pane.width / 2 - x) / zoom / drawing.width,
  down: (pane.height / 2 - y) / zoom / drawing.height,
  zoom,
})

export const viewportOf = ({ across, down, zoom }: Look, drawing: Size, pane: Size): Viewport => ({
  x: pane.width / 2 - across * drawing.width * zoom,
  y: pane.height / 2 - down * drawing.height * zoom,
  zoom,
})
