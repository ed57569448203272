import { describe, expect, it } from 'vitest'
import { Project, sampleProject } from '../../src-main/app/project.ts'

describe('Project', () => {
  it('shows file names, never folders', () => {
    const view = sampleProject('/home/someone/secret place', 5).view
    expect(JSON.stringify(view)).not.toContain('secret place')
    expect(view).toMatchObject({
      fileName: 'lenet5.onnx',
      choices: { calibration: 'calibration.npz', inputs: 'validation.npz' },
    })
  })

  it('undoes and redoes every choice, and forgets what was undone on a new one', () => {
    const project = new Project('file', '/net.onnx', 1)
    project.choose({ degree: 4 })
    project.choose({ input: 'plain' })
    project.undo()
    expect(project.choices).toMatchObject({ degree: 4, input: 'encrypted' })
    project.redo()
    expect(project.choices).toMatchObject({ degree: 4, input: 'plain' })
    project.undo()
    project.undo()
    project.undo()
    expect(project.view).toMatchObject({ canUndo: false, canRedo: true, choices: { degree: 2, input: 'encrypted' } })
    project.choose({ degree: 4 })
    expect(project.view).toMatchObject({ canUndo: true, canRedo: false })
  })

  it('has nothing to undo where a choice changed nothing', () => {
    const project = new Project('file', '/net.onnx', 1)
    project.choose({ degree: 2 })
    expect(project.view.canUndo).toBe(false)
  })

  it('lets go of classes that the calibration samples included with these samples, and of no file of classes', () => {
    const project = new Project('file', '/net.onnx', 1)
    const { made } = project
    project.choose({ calibration: '/c.npz' })
    project.choose({ calibrationLabels: '/c.npz' })
    project.choose({ degree: 4 })
    expect(project.choices.calibrationLabels).toBe('/c.npz')
    project.choose({ calibration: '/d.npz' })
    expect(project.choices.calibrationLabels).toBeUndefined()
    project.choose({ calibrationLabels: '/y.txt' })
    project.choose({ calibration: '/c.npz' })
    expect(project.view.choices).toMatchObject({ calibration: 'c.npz', calibrationLabels: 'y.txt' })
    const labelled = project.made
    project.choose({ calibrationLabels: undefined })
    expect(new Set([made, labelled, project.made]).size).toBe(3)
  })

  it('keeps the newest fifty tests', () => {
    const project = new Project('file', '/net.onnx', 1)
    const test = { when: '2026-01-02T03:04:05.000Z', samples: 3, same: 3, seconds: 1 }
    for (let at = 0; at < 60; at += 1) project.noteTest({ ...test, what: `test ${at}` })
    expect(project.tests).toHaveLength(50)
    expect(project.tests[0].what).toBe('test 59')
  })

  it('says which data are missing', () => {
    const project = new Project('file', '/net.onnx', 1)
    expect(() => project.calibration).toThrow(/calibration/)
    project.choose({ calibration: '/c.npz' })
    expect(project.calibration).toBe('/c.npz')
    expect(() => project.inputs).toThrow(/inputs/)
  })
})
