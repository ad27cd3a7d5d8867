// Compares a secret with what somebody sent, in a time that says nothing about either.

import { createHash, timingSafeEqual } from 'node:crypto'

export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
