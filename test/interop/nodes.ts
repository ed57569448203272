/** The oldest Node that package.json names, and the newest that there is. */
export const oldestNode = '22.22.2'
export const newestNode = '26.12.1'
