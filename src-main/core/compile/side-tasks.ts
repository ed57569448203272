import { fitAll } from '../approximate/fit-network.ts'
import type { SideTask } from '../beside.ts'
import { lessons } from '../tune/lessons.ts'

/** All tasks that another thread may be given. */
export const sideTasks: readonly SideTask<never, object>[] = [fitAll, lessons]
