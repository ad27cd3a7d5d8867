// The `code` of an error, such as EEXIST or MessageNotFound; by shape, since errors of the runtime may be of another
// realm than ours.

export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
