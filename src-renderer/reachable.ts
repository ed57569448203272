/** Lets the keyboard scroll what is larger than its place and holds nothing that could have the focus. */
export function reachable(element: HTMLElement): () => void {
  const look = () => {
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element
    if (scrollWidth > clientWidth || scrollHeight > clientHeight) element.tabIndex = 0
    else element.removeAttribute('tabindex')
  }
  const size = new ResizeObserver(look)
  size.observe(element)
  const content = new MutationObserver(look)
  content.observe(element, { childList: true, subtree: true })
  return () => {
    size.disconnect()
    content.disconnect()
  }
}
