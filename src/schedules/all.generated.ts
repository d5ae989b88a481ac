// Written by `npm run generate` from the files of this folder.
import constant from './constant.js'
import cosine from './cosine.js'
import linearWarmup from './linear-warmup.js'
import type { Schedule } from './schedule.js'

export const schedules: readonly Schedule[] = [constant, cosine, linearWarmup].flat()
