/** Every fifth sample is left out of a fit and judges it: it chooses penalties and degrees. */
export const HELD_OUT_PERIOD = 5

/** Whether the sample at this place judges a fit and takes no part in it. */
export const isHeldOut = (sample: number): boolean => sample % HELD_OUT_PERIOD === HELD_OUT_PERIOD - 1
