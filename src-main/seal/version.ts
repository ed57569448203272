/** The SEAL that node-seal brings along; a test holds it to what node-seal says of itself. */
export const SEAL_VERSION = '4.1.2'
