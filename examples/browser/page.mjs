// A page that translates with a vended token. It knows no key, and keeps the token in memory alone.

import { createTokenSource } from 'keystile/client'
import { account, credential, scope, url } from './setup.mjs'

const tokens = createTokenSource({ url, account, scope, credential })
const part = (id) => document.getElementById(id)

async function translate(text, again = true) {
  const { token, region, expiresAt } = await tokens.getToken()
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
    tokens.invalidate(token)
    return translate(text, false)
  }
  if (!answer.ok) throw new Error(`Translator answered ${answer.status}`)
  const [{ translations }] = await answer.json()
  return { text: translations[0].text, expiresAt }
}

part('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  part('translation').textContent = '…'
  try {
    const { text, expiresAt } = await translate(part('text').value)
    part('translation').textContent = text
    part('note').textContent = `The token ends at ${expiresAt.toLocaleTimeString()}.`
  } catch (error) {
    // Of a refused token request this is the vendor's sentence of what to do. Neither holds a bearer or a token.
    part('translation').textContent = ''
    part('note').textContent = error.message
  }
})
