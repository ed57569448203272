import { describe, expect, it } from 'vitest'
import type { NetworkPicture } from '../../src-renderer/api.ts'
import { collapsed, groupsOf, mostWhole } from '../../src-renderer/graph-view/collapse.ts'
import { placed, withCuts } from '../../src-renderer/graph-view/layout.ts'

type PictureNode = NetworkPicture['nodes'][number]

/** Nodes one after the other, each with its inputs: the one before unless told. */
class Drawing {
  readonly nodes: PictureNode[] = [{ id: 'x', operator: 'Input', family: 'other', sources: [] }]
  readonly edges: { from: string; to: string }[] = []

  add(id: string, operator: string, inputs = [this.last]): string {
    const family = operator === 'Relu' ? 'activation' : operator === 'Conv' ? 'linear' : 'other'
    this.nodes.push({ id, operator, family, sources: [id] })
    for (const from of inputs) this.edges.push({ from, to: id })
    return id
  }

  get last(): string {
    return this.nodes[this.nodes.length - 1].id
  }
}

/** As PyTorch exports it: three stages of nine blocks; the second and the third begin with a shortcut by slices and padding. */
function resnet56(): NetworkPicture {
  const drawing = new Drawing()
  drawing.add('/conv1/Conv', 'Conv')
  drawing.add('/Relu', 'Relu')
  // Of the shortcuts; nothing that the network is given reaches them.
  for (const stage of [2, 3]) drawing.add(`/layer${stage}/layer${stage}.0/shortcut/Pads`, 'ConstantOfShape', [])
  let fork = '/Relu'
  for (const stage of [1, 2, 3]) {
    for (let block = 0; block < 9; block += 1) {
      const scope = `/layer${stage}/layer${stage}.${block}`
      drawing.add(`${scope}/conv1/Conv`, 'Conv', [fork])
      drawing.add(`${scope}/Relu`, 'Relu')
      const end = drawing.add(`${scope}/conv2/Conv`, 'Conv')
      const pads = `${scope}/shortcut/Pads`
      const isPadded = stage > 1 && block === 0
      const shortcut = isPadded ? drawing.add(`${scope}/shortcut/Pad`, 'Pad', [fork, pads]) : fork
      drawing.add(`${scope}/Add`, 'Add', [end, shortcut])
      fork = drawing.add(`${scope}/Relu_1`, 'Relu')
    }
  }
  drawing.add('/AveragePool', 'AveragePool')
  drawing.add('/linear/Gemm', 'Gemm')
  return drawing
}

const zoom = ({ width, height }: { width: number; height: number }) => Math.min(1, 980 / width, 380 / height)

describe('a deep network', () => {
  const picture = resnet56()

  it('has its blocks, and runs of equal ones, as boxes', () => {
    expect(picture.nodes.length).toBeGreaterThan(140)
    expect(collapsed(picture).nodes.map(({ operator, group }) => group?.name ?? operator)).toEqual([
      ...['Input', 'Conv', 'Relu', 'layer1', 'layer2/layer2.0', 'layer2', 'layer3/layer3.0', 'layer3'],
      ...['AveragePool', 'Gemm'],
    ])
    expect(
      collapsed(picture)
        .nodes.map(({ operator }) => operator)
        .slice(3, 8),
    ).toEqual(
      ['9 × block', 'block', '8 × block', 'block', '8 × block'], // prettier-ignore
    )
  })

  it('loses no node, and no edge between boxes', () => {
    const { nodes, edges } = collapsed(picture)
    expect(nodes.flatMap(({ sources }) => sources).sort()).toEqual(
      picture.nodes.flatMap(({ sources }) => sources).sort(),
    )
    const chain = nodes.slice(1).map(({ id }, at) => `${nodes[at].id}→${id}`)
    expect([...new Set(edges.map(({ from, to }) => `${from}→${to}`))]).toEqual(chain)
  })

  it('can be read at once in the smallest window, boxes of it opened too', () => {
    expect(zoom(placed(collapsed(picture), true))).toBeGreaterThan(0.8)
    expect(
      zoom(
        placed(
          collapsed(picture, ({ name }) => name === 'layer2/layer2.0'),
          true,
        ),
      ),
    ).toBeGreaterThan(0.6)
    expect(zoom(placed(picture))).toBeLessThan(0.4)
  })

  it('has a cut behind the last node of a box', () => {
    const cut = { after: '/layer1/layer1.8/Relu_1', toggle: () => {} }
    const cuts = withCuts(placed(collapsed(picture)), new Map([[cut.after, cut]])).filter(({ data }) => data)
    expect(cuts).toEqual([
      expect.objectContaining({
        source: '/layer1/layer1.0/conv1/Conv',
        type: 'layer',
        data: expect.objectContaining({ cut }),
      }),
    ])
  })
})

describe('a network without blocks', () => {
  it('has runs of equal parts as boxes, and stays as it is where it is small', () => {
    const drawing = new Drawing()
    for (let k = 0; k < 30; k += 1) {
      drawing.add(`conv_${k}`, 'Conv')
      drawing.add(`relu_${k}`, 'Relu')
    }
    expect(collapsed(drawing).nodes.map(({ operator }) => operator)).toEqual(['Input', '30 × Conv, Relu'])
    const few = { nodes: drawing.nodes.slice(0, mostWhole), edges: drawing.edges.slice(0, mostWhole - 1) }
    expect(collapsed(few)).toBe(few)
  })

  it('has parts of one name as boxes', () => {
    const drawing = new Drawing()
    for (let k = 0; k < 12; k += 1)
      for (const operator of ['Conv', 'Relu', ...new Array<string>(1 + (k % 3)).fill('Pad')])
        drawing.add(`/blocks.${k}/part/${operator}_${drawing.nodes.length}`, operator)
    expect(collapsed(drawing).nodes.map(({ group }) => group?.name.split('/')[0])).toEqual(
      [undefined, ...Array.from({ length: 12 }, (_, k) => `blocks.${k}`)], // prettier-ignore
    )
  })
})

it('branches that many nodes stand in are not parted into boxes that would pass each other by', () => {
  const drawing = new Drawing()
  const fork = drawing.add('fork', 'Conv')
  const ends = [0, 1].map((branch) => {
    drawing.add(`${branch}_0`, 'Conv', [fork])
    for (let k = 1; k < 30; k += 1) drawing.add(`${branch}_${k}`, 'Conv')
    return drawing.last
  })
  drawing.add('join', 'Concat', ends)
  expect(groupsOf(drawing)).toEqual([])
})
