// Where the vendor is and who signs in: the part of the page that is yours. `npm run test:browser` serves another.

import { PublicClientApplication } from '@azure/msal-browser'

export const url = 'https://vend.contoso.example'
export const account = 'translator-global'
export const scope = 'api://keystile/access_as_user'

const application = await PublicClientApplication.createPublicClientApplication({
  auth: {
    clientId: '00000000-0000-4000-8000-000000000000',
    authority: 'https://login.microsoftonline.com/contoso.example',
  },
})

await application.handleRedirectPromise()
if (!application.getAllAccounts()[0]) await application.loginRedirect({ scopes: [scope] })

/** Silent alone: a refresh in the background is no moment for a window. Its errors come out of the client as they are. */
export const credential = {
  async getToken(scopes) {
    const answer = await application.acquireTokenSilent({
      scopes: [scopes].flat(),
      account: application.getAllAccounts()[0],
    })
    return { token: answer.accessToken, expiresOnTimestamp: answer.expiresOn?.getTime() ?? 0 }
  },
}
