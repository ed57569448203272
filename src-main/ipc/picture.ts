import { z } from 'zod'
import { count } from './count.ts'

/** A grey or colour picture to look at: values 0 to 255, channels last. */
export const pictureView = z.object({
  width: count,
  height: count,
  channels: count,
  values: z.array(z.number()).readonly(),
})
export type PictureView = z.infer<typeof pictureView>
