/** Labels and leads of outputs, for those who compare networks. */
export * from '../network/classification.ts'
