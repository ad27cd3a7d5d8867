// What a page of another origin may read of an answer beside its body, where CORS lets it in at all.

export const EXPOSED: Readonly<Record<string, string>> = {
  'Access-Control-Expose-Headers': 'Retry-After, RateLimit, RateLimit-Policy',
}
