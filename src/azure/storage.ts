// Storage as the Functions host names it: a connection string, or service addresses reached with the app's identity.

/** `string`: a connection string. `identity`: addresses of the queue and blob services. */
export type StorageConnection =
  | { readonly kind: 'string'; readonly connectionString: string }
  | { readonly kind: 'identity'; readonly queueUrl: string; readonly blobUrl: string }
