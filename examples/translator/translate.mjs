// Translates its arguments into German. See examples/README.md.

import { DefaultAzureCredential } from '@azure/identity'
import { createTokenSource } from 'keystile/client'

const { VENDOR_URL = '', VENDOR_SCOPE = '', ACCOUNT = 'translator-global' } = process.env

const tokens = createTokenSource({
  url: VENDOR_URL,
  account: ACCOUNT,
  scope: VENDOR_SCOPE,
  credential: new DefaultAzureCredential(),
})

async function translate(text, again = true) {
  const { token, region } = await tokens.getToken()
  const address = 'https://api.cognitive.microsofttranslator.com/translate?api-version=3.0&from=en&to=de'
  const answer = await fetch(address, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'ocp-apim-subscription-region': region,
      'content-type': 'application/json',
    },
    body: JSON.stringify([{ text }]),
  })
  if (answer.status === 401 && again) {
    // Its key was revoked, for one: ask for another token, once.
    tokens.invalidate(token)
    return translate(text, false)
  }
  if (!answer.ok) throw new Error(`Translator answered ${answer.status}`)
  const [{ translations }] = await answer.json()
  return translations[0].text
}

const words = process.argv.slice(2)
for (const word of words.length > 0 ? words : ['Good morning', 'Good night']) console.log(await translate(word))
const { expiresAt, account } = await tokens.getToken()
console.log(`with one token of ${account}, which ends at ${expiresAt.toLocaleTimeString()}`)
