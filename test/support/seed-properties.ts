/** Before each test file: properties begin with the seed of the commit, too. A failing one prints its seed and path. */
import { configureGlobal } from 'fast-check'
import { chosenSeed } from './seed.ts'

configureGlobal({ seed: chosenSeed('properties') })
