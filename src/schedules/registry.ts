import { schedules } from './all.generated.js'
import type { Schedule } from './schedule.js'

/** The schedule of a name, as the clause `schedule name(...)` calls it. */
export const findSchedule = (name: string): Schedule | undefined => schedules.find((s) => s.name === name)

export { schedules }
