import { describe, expect, it } from 'vitest'
import { Project, sampleProject } from '../../src-main/app/project.ts'

describe('Project', () => {
  it('shows file names, never folders', () => {
    const view = sampleProject('/home/someone/secret place', 5).view
    expect(JSON.stringify(view)).not.toContain('secret place')
    expect(view).toMatchObject({
      fileName: 'lenet5.onnx',
      choices: { calibration: 'calibration.npz', inputs: 'digits' },
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

  it('says which data are missing', () => {
    const project = new Project('file', '/net.onnx', 1)
    expect(() => project.calibration).toThrow(/calibration/)
    project.choose({ calibration: '/c.npz' })
    expect(project.calibration).toBe('/c.npz')
    expect(() => project.inputs).toThrow(/inputs/)
  })
})
