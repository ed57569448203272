import { decodePlan } from '../core/bundle/plan-json.ts'
import type { Plan } from '../core/plan/plan.ts'
import { planName, type Deployment } from './deployment.ts'
import type { KeyStore } from './key-store.ts'

/** A segment's plan, as the deployment's last update has it. @throws UserError unknown-deployment, damaged-bundle */
export const storedPlan = async (
  store: KeyStore,
  { id, update }: Pick<Deployment, 'id' | 'update'>,
  segment: number,
): Promise<Plan> => decodePlan(await store.readFile(id, planName(segment, update)))
