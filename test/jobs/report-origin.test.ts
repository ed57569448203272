import { expect, it } from 'vitest'
import { reportOrigin } from '../../src-main/jobs/report-origin.ts'

it('a report says what it was made from, without folders', () => {
  const request = {
    model: '/home/me/net.onnx',
    calibration: '/data/c.npz',
    data: '/data/x.npy',
    preprocessing: { scale: 1 / 255, mean: [0.1307], std: [0.3081] },
    degree: 2 as const,
    encrypted: 3,
    force: false,
  }
  const rows = reportOrigin(request, 'abc123', new Date('2026-01-02T03:04:05Z'))
  expect(Object.fromEntries(rows)).toMatchObject({
    Date: '2026-01-02T03:04:05.000Z',
    Network: 'net.onnx, SHA-256 abc123',
    Inputs: 'x.npy',
    Preprocessing: 'times 0.00392157, less 0.1307, divided by 0.3081',
    Polynomials: 'degree 2 everywhere',
    'Computed under encryption': '3 of the inputs',
  })
  expect(JSON.stringify(rows)).not.toContain('/home')
})
