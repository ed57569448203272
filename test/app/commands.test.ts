import { describe, expect, it } from 'vitest'
import { commandsOf } from '../../src-main/app/commands.ts'
import { Project } from '../../src-main/app/project.ts'
import { program } from '../../src-main/cli/program.ts'
import { parseSplit, type Split } from '../../src-main/core/segment/cut.ts'
import { splitText } from '../../src-main/core/segment/split-text.ts'

const choices = {
  calibration: '/data/c.npz',
  inputs: '/data/x.npy',
  labels: '/data/y.txt',
  preprocessing: { scale: 1 / 255, mean: [0.1307], std: [0.3081], resize: [32], crop: [28, 28] },
  classNames: ['no', 'a cat'],
  degree: 4,
  split: { by: 'cuts', cuts: [{ after: 'relu_2', kind: 'exact' }] },
  auditRate: 0.05,
} as const

const chosen = (change: Parameters<Project['choose']>[0]): Project => {
  const project = new Project('file', '/home/me/my net.onnx', 1)
  project.choose(change)
  return project
}

describe('the commands that repeat what was done', () => {
  const linesOf = (project: Project) => commandsOf(project, '/keys', '/out/net.sealed').trim().split('\n')
  const lines = linesOf(chosen(choices))

  it('name every choice', () => {
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'sealwright inspect', 'sealwright advise', 'sealwright validate', 'sealwright protect', 'sealwright edge', 'sealwright decrypt',
    ]) // prettier-ignore
    const protect = lines.find((line) => line.startsWith('sealwright protect'))
    expect(protect).toBe(
      "sealwright protect '/home/me/my net.onnx' --calibration /data/c.npz --scale 1/255 --mean 0.1307 --std 0.3081 " +
        '--resize 32 --crop 28,28 ' +
        "--activation 4 --split relu_2:exact --input encrypted --min-kept 0.95 --reveal label --audit 0.05 --class-names 'no,a cat' --keys /keys --out /out/net.sealed",
    )
  })

  it('have options that the command line knows, also with degrees of single layers', () => {
    const mixed = linesOf(chosen({ ...choices, degrees: { relu_2: 2 } })).filter((line) =>
      line.startsWith('sealwright'),
    )
    expect(mixed).toHaveLength(lines.length)
    for (const line of [...lines, ...mixed]) {
      const [, ...words] = line.match(/'[^']*'|\S+/g)!
      let command = program()
      for (const word of words) command = command.commands.find((child) => child.name() === word) ?? command
      const known = command.options.flatMap(({ long }) => long ?? [])
      for (const option of words.filter((word) => word.startsWith('--'))) expect(known, line).toContain(option)
    }
  })

  it('say that outputs are quantities, wherever that counts', () => {
    const lines = linesOf(chosen({ ...choices, quantities: true, reveal: 'scores' }))
    const saying = lines.filter((line) => line.includes(' --quantities '))
    expect(saying.map((line) => line.split(' ')[1])).toEqual(['advise', 'validate', 'protect'])
    expect(lines.find((line) => line.includes(' protect '))).toContain(' --reveal scores ')
  })

  it('name the classes that tuning goes by, wherever a fit is made', () => {
    const labelled = linesOf(chosen({ ...choices, calibrationLabels: '/data/t.txt' }))
    const named = labelled.filter((line) => line.includes(' --calibration-labels /data/t.txt '))
    expect(named.map((line) => line.split(' ')[1])).toEqual(['validate', 'protect'])
  })

  it('give degrees of single layers by a plan file, as advise writes it', () => {
    const mixed = new Project('file', '/net.onnx', 1)
    mixed.choose({ degrees: { relu_2: 4 } })
    const commands = commandsOf(mixed, '/keys')
    expect(commands).toContain('"degrees":{"relu_2":4}')
    expect(commands).toContain('--plan /net.plan.json')
  })
})

describe('splits in words', () => {
  it.each<Split>([
    {
      by: 'cuts',
      cuts: [
        { after: 'a', kind: 'hand-off' },
        { after: 'b', kind: 'exact' },
      ],
    },
    { by: 'activations', kind: 'exact' },
    { by: 'depth', kind: 'refresh' },
    { by: 'depth', kind: 'exact' },
    { by: 'refreshes', refreshes: 2, kind: 'exact' },
    { by: 'nodes', nodes: 3, kind: 'refresh' },
    { by: 'memory', bytes: 2e9, kind: 'refresh' },
  ])('are read again as they were: %j', (split) => {
    expect(parseSplit(splitText(split))).toEqual(split)
  })
})
