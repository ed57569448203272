import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silent, type ProgressEvent } from '../../src-main/core/progress.ts'
import { look, tryFeeds } from '../../src-main/app/engine-data.ts'

const root = join(import.meta.dirname, '../..')
const inputs = join(root, 'assets/validation.npz')
const request = {
  model: join(root, 'test/models/trained/mnist_cryptonets_relu.onnx'),
  preprocessing: { scale: 1 / 255, mean: [0], std: [1] },
  inputs,
}

describe('data that is looked at', () => {
  it('tells how often the original is right, and with usual preprocessings, best first', async () => {
    const trial = (await tryFeeds(request, silent))!
    expect(trial).toMatchObject({ classes: 10 })
    expect(trial.accuracy).toBeGreaterThan(0.9)
    const accuracies = trial.presets!.map(({ accuracy }) => accuracy)
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a))
    expect(trial.presets!.map(({ preset }) => preset).sort()).toEqual([
      'fashion', 'mnist', 'none', 'signed', 'unit',
    ]) // prettier-ignore
  })

  it('warns where the original is seldom right, and still says what would be better', async () => {
    const warnings: ProgressEvent[] = []
    const preprocessing = { scale: 1 / 255, mean: [3], std: [0.1] }
    const work = { progress: (event: ProgressEvent) => void (event.kind === 'warning' && warnings.push(event)) }
    const trial = (await tryFeeds({ ...request, preprocessing }, work))!
    expect(trial.accuracy).toBeLessThan(0.5)
    expect(trial.presets![0].accuracy).toBeGreaterThan(0.9)
    expect(warnings).toHaveLength(1)
  })

  it('says nothing of that without labels', async () => {
    const calibration = join(root, 'assets/digits')
    expect(await tryFeeds({ ...request, inputs: undefined, calibration }, silent)).toBeNull()
  })

  it('knows the classes of calibration samples from a file, and says at once that it does not fit', async () => {
    const calibration = join(root, 'assets/calibration.npz')
    const asked = { ...request, inputs: undefined, calibration }
    const few = await look({ ...asked, calibrationLabels: join(root, 'assets/digits') }, silent)
    expect(few.calibration!.problem).toMatchObject({ code: expect.any(String) })
    const labelled = await look({ ...asked, calibration: inputs, calibrationLabels: inputs }, silent)
    expect(labelled.calibration!.found!.classCount).toBe(10)
  })

  it('has the first sample as it is fed, and the names that the classes were given', async () => {
    const names = ['null', 'eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun']
    const { inputs: found } = await look({ ...request, classNames: names }, silent)
    expect(found!.found!.fedPicture).toMatchObject({ width: 28, height: 28, channels: 1 })
    expect(found!.found!.classes!.map(({ name }) => name).sort()).toEqual(names.toSorted())
    const { inputs: few } = await look({ ...request, classNames: ['one'] }, silent)
    expect(few!.problem).toMatchObject({ code: 'bad-class-names' })
  })
})
