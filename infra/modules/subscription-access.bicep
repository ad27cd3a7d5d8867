// Discovery: the rotator sees the accounts of one subscription. Its keys are another matter (account-access.bicep).
targetScope = 'subscription'

@description('Principal that looks for accounts.')
param principalId string

@description('GUID of the role account finder.')
param roleId string

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
