// The API registration, once, by somebody with Application.ReadWrite.All. create-app.sh does the same without Bicep.
// main.bicep of infra/ takes the two outputs and needs no right in the directory.
extension microsoftGraphV1

targetScope = 'subscription'

@description('Unique in the tenant, and the end of the App ID URI.')
param uniqueName string = 'keystile'

@description('Accounts that get an app role of their own, Token.Issue.{account}, by the names of their secrets.')
param accountNames array = []

var contract = loadJsonContent('app-roles.json')
var accountRoles = map(accountNames, name => {
  id: guid(uniqueName, 'Token.Issue', toLower(name))
  value: 'Token.Issue.${toLower(name)}'
  displayName: 'Token.Issue.${toLower(name)}'
  description: 'Gets tokens of the account ${toLower(name)}.'
  allowedMemberTypes: ['Application', 'User']
  isEnabled: true
})

resource registration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: 'Keystile (${uniqueName})'
  signInAudience: 'AzureADMyOrg'
  identifierUris: [
    'api://${tenant().tenantId}/${uniqueName}'
  ]
  appRoles: concat(contract.appRoles, accountRoles)
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      union(contract.scope, {
        isEnabled: true
        type: 'Admin'
      })
    ]
  }
}

// Without required assignment, every application of the tenant could get a token for the API.
resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: registration.appId
  appRoleAssignmentRequired: true
}

output VEND_CLIENT_ID string = registration.appId
output VEND_AUDIENCE string = 'api://${tenant().tenantId}/${uniqueName}'
output VEND_SERVICE_PRINCIPAL_ID string = principal.id
