/** Every fifth sample is left out of a fit and judges it: it chooses penalties and degrees. */
export const HELD_OUT_PERIOD = 5

export const isHeldOut = (sample: number): boolean => sample % HELD_OUT_PERIOD === HELD_OUT_PERIOD - 1
