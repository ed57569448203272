export function admits(range: string, version: string): boolean
