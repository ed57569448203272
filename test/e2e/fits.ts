import type { Page } from 'playwright-core'

/**
 * What of the page is cut off at the sides: more than the window is wide, without a part of its own that scrolls. One line each,
 * none where everything fits. Without `scrolling` no such parts are allowed, but for the strip of layers and lists of files.
 */
export async function cutOff(page: Page, { scrolling }: { scrolling: boolean }): Promise<string[]> {
  return await page.evaluate((mayScroll) => {
    const found: string[] = []
    const words = (element: Element): string =>
      `${element.tagName.toLowerCase()}.${element.className} “${(element.textContent ?? '').trim().slice(0, 40)}”`
    const root = document.documentElement
    const main = document.querySelector('main')!
    if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} of ${innerWidth} wide`)
    if (main.scrollWidth > main.clientWidth) found.push(`main is ${main.scrollWidth} of ${main.clientWidth} wide`)
    const right = main.getBoundingClientRect().right
    for (const element of document.querySelectorAll<HTMLElement>('main *, nav *, footer *')) {
      const box = element.getBoundingClientRect()
      const style = getComputedStyle(element)
      if (box.width <= 1 || box.height <= 1 || element.closest('svg, .svelte-flow') || style.visibility === 'hidden')
        continue
      const scrolls = ancestors(element).some((above) => /auto|scroll/.test(getComputedStyle(above).overflowX))
      if (!scrolls && box.right > right + 1)
        found.push(`${words(element)} ends ${Math.round(box.right - right)} outside`)
      // A field scrolls what was typed.
      const hides =
        element.tagName !== 'INPUT' && /hidden|clip/.test(style.overflowX) && style.textOverflow !== 'ellipsis'
      if (hides && element.scrollWidth > element.clientWidth + 1) found.push(`${words(element)} hides what it holds`)
    }
    for (const part of mayScroll ? [] : document.querySelectorAll<HTMLElement>('main :is(.scroll, .rows)')) {
      if (part.closest('.strip, details') || part.scrollWidth <= part.clientWidth) continue
      found.push(`${words(part)} is ${part.scrollWidth} of ${part.clientWidth} wide`)
    }
    return found.slice(0, 12)

    /** Between an element and main. */
    function ancestors(element: Element): Element[] {
      const above: Element[] = []
      for (let at = element.parentElement; at && at !== main; at = at.parentElement) above.push(at)
      return above
    }
  }, scrolling)
}

/** Pairs of buttons, fields and headings that lie over each other, one line each. */
export async function overlapping(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const shown = [...document.querySelectorAll<HTMLElement>('main :is(button, input, select, h1, h2, dt, dd, label)')]
      .filter(
        (element) => !element.closest('svg, .svelte-flow, .strip, table') && getComputedStyle(element).opacity !== '0',
      )
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && box.height > 1)
    return shown.flatMap(({ element, box }, at) =>
      shown.slice(at + 1).flatMap((other) => {
        if (element.contains(other.element) || other.element.contains(element)) return []
        const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left)
        const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top)
        return wide > 1 && high > 1 ? [`“${element.textContent}” and “${other.element.textContent}”`] : []
      }),
    )
  })
}
