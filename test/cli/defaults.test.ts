import { describe, expect, it } from 'vitest'
import { firstChoices } from '../../src-main/app/project.ts'
import { adviseCommand } from '../../src-main/cli/commands/advise.ts'
import { protectCommand } from '../../src-main/cli/commands/protect.ts'
import { preprocessingOf } from '../../src-main/cli/options.ts'
import { WHOLE } from '../../src-main/core/segment/cut.ts'

describe('where nobody chose', () => {
  const { activation, input, reveal, minKept, split, ...options } = protectCommand().opts()

  it('the window and the command line take the same', () => {
    const { degree, auditRate, ...choices } = firstChoices
    expect(choices).toMatchObject({ input, reveal, minKept })
    expect(activation).toBe(`${degree}`)
    expect(options.audit ?? 0).toBe(auditRate)
    expect(adviseCommand().opts()).toMatchObject({ input, minKept })
  })

  it('differ in scale and split alone, as both say', () => {
    const help = protectCommand().helpInformation().replaceAll(/\s+/g, ' ')
    const { scale, ...others } = preprocessingOf(options)
    expect(scale).toBe(1)
    expect(firstChoices.preprocessing).toEqual({ ...others, scale: 1 / 255 })
    expect(help).toContain('(default: 1; 1/255 in the desktop application)')
    expect(split).toEqual(WHOLE)
    expect(firstChoices.split).toEqual({ by: 'depth', kind: 'refresh' })
    expect(help).toContain('(the desktop application starts with auto)')
  })
})
