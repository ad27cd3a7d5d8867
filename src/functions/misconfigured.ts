// What every route answers while the settings do not fit. Their names are in the log, not here.

import type { HttpHandler } from '@azure/functions'
import { problem } from './problem.ts'

export const misconfiguredHandler: HttpHandler = async (_request, context) => problem('misconfigured', context)
