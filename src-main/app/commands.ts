/** What was chosen in the window, as command lines that do the same. They have whole paths: main copies them, the page never sees them. */
import { withoutEnding } from '../core/network/file-name.ts'
import type { Split } from '../core/segment/cut.ts'
import { splitText } from '../core/segment/split-text.ts'
import type { Project } from './project.ts'

/** @param out - the bundle that was exported; beside the model where none was */
export function commandsOf({ model, choices }: Project, keys: string, out = `${withoutEnding(model)}.sealed`): string {
  const { calibration, calibrationLabels, inputs, labels, classNames, degrees, input, reveal, auditRate, minKept } =
    choices
  const network = quoted(model)
  const data = calibration === undefined ? 'CALIBRATION' : quoted(calibration)
  const fed = `${fedOptions(choices)}${choices.quantities ? ' --quantities' : ''}`
  const isMixed = Object.keys(degrees).length > 0
  const plan = `${withoutEnding(model)}.plan.json`
  const towards = calibrationLabels === undefined ? '' : ` --calibration-labels ${quoted(calibrationLabels)}`
  const fit = `${isMixed ? `--plan ${quoted(plan)}` : fitOptions(choices)}${towards}`
  const named = classNames.length > 0 ? ` --class-names ${quoted(classNames.join(','))}` : ''
  const lines = [
    `sealwright inspect ${network}`,
    `sealwright advise ${network} --calibration ${data} ${fed} --input ${input} --min-kept ${minKept}`,
    ...(isMixed ? [planFile(choices, plan)] : []),
    ...(inputs === undefined
      ? []
      : [
          `sealwright validate ${network} --calibration ${data} ${fed} ${fit} --data ${quoted(inputs)}` +
            (labels === undefined ? '' : ` --labels ${quoted(labels)}`) +
            named,
        ]),
    `sealwright protect ${network} --calibration ${data} ${fed} ${fit} --input ${input} --min-kept ${minKept}` +
      ` --reveal ${reveal}${auditRate > 0 ? ` --audit ${auditRate}` : ''}${named} --keys ${quoted(keys)} --out ${quoted(out)}`,
    `sealwright edge run ${quoted(out)} --input ${inputs === undefined ? 'INPUT' : quoted(inputs)} --out ${quoted(`${withoutEnding(model)}.result`)}`,
    `sealwright decrypt ${quoted(`${withoutEnding(model)}.result`)} --keys ${quoted(keys)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** What is done to a sample before the network gets it. */
function fedOptions({ preprocessing }: Project['choices']): string {
  const { scale, mean, std, resize, crop } = preprocessing
  return [
    `--scale ${scale === 1 / 255 ? '1/255' : scale} --mean ${mean.join(',')} --std ${std.join(',')}`,
    ...(resize ? [`--resize ${resize.join(',')}`] : []),
    ...(crop ? [`--crop ${crop.join(',')}`] : []),
  ].join(' ')
}

interface Fit {
  readonly degree: number
  readonly degrees: Readonly<Record<string, number>>
  readonly splitPools: boolean
  readonly split: Split
}

function fitOptions({ degree, splitPools, split }: Fit): string {
  const rule = splitText(split)
  return [
    `--activation ${degree}`,
    ...(splitPools ? ['--split-pools'] : []),
    ...(rule ? [`--split ${rule}`] : []),
  ].join(' ')
}

/** Degrees of single layers have no option: they are given as advise would write them. */
function planFile({ degree, degrees, splitPools, split }: Fit, path: string): string {
  const content = JSON.stringify({ format: 'sealwright-plan-1', degree, degrees, splitPools, split })
  return `printf '%s' ${quoted(content)} > ${quoted(path)}`
}

/** For a shell. */
const quoted = (text: string): string => (/^[\w./:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
