// What one identity may do at one account of Azure AI services, deployed in the account's own resource group.

@description('Name of the account.')
param accountName string

@description('Principal that is granted the roles.')
param principalId string

@description('GUIDs of the roles.')
param roleIds array

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = {
  name: accountName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for roleId in roleIds: {
    name: guid(account.id, principalId, roleId)
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    }
  }
]
