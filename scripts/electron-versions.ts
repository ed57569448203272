/**
 * When each Electron ends. Electron looks after its three newest majors, so a major ends with the third one after it; a major comes
 * every eight weeks. Dates of majors that are out are those of `npm view electron time`, others are counted on from 45.0.0 and
 * are moved when the majors are out. https://www.electronjs.org/docs/latest/tutorial/electron-timelines
 */
export const electronEnds: Readonly<Record<number, string>> = {
  33: '2025-04-29',
  40: '2026-07-01',
  41: '2026-08-25',
  42: '2026-10-21',
  43: '2026-12-15',
  44: '2027-02-09',
  45: '2027-04-06',
}

/** The day on which a version ends; undefined where the table has to grow. */
export const endOf = (version: string): string | undefined => electronEnds[parseInt(version, 10)]

/** Throws Error where a runtime has ended, or nobody has written down when it does. `day` is as 2026-11-29. */
export function refuseEnded(version: string, day = new Date().toISOString().slice(0, 10)): void {
  const end = endOf(version)
  if (end !== undefined && day < end) return
  const why = end === undefined ? 'is not in scripts/electron-versions.ts' : `ended on ${end}`
  throw new Error(
    `Electron ${version} ${why}: what is handed to others needs a runtime that gets security fixes. ` +
      'Build where GitHub or an ELECTRON_MIRROR can be reached, or name a newer runtime with ELECTRON_OVERRIDE_DIST_PATH.',
  )
}
