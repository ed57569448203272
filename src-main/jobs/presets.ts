import type { Preprocessing } from '../core/bundle/preprocessing.ts'

export type Preset = Omit<Preprocessing, 'layout'>

const byte = 1 / 255

/**
 * What training scripts usually do to pixels of 0 to 255, by name. Means and deviations are those of the training images, as the
 * examples of PyTorch and torchvision have them.
 */
export const PRESETS = {
  none: { scale: 1, mean: [0], std: [1] },
  unit: { scale: byte, mean: [0], std: [1] },
  signed: { scale: byte, mean: [0.5], std: [0.5] },
  mnist: { scale: byte, mean: [0.1307], std: [0.3081] },
  fashion: { scale: byte, mean: [0.286], std: [0.353] },
  cifar10: { scale: byte, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  cifar100: { scale: byte, mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
  imagenet: {
    ...{ scale: byte, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    ...{ resize: [256], crop: [224, 224] },
  },
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof PRESETS
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[]
