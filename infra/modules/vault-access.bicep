// What the two identities may do in the vault. Deployed in the vault's own resource group.

param vaultName string

@description('Principal that publishes and reads no value.')
param rotatorPrincipalId string

@description('Principal that reads the newest version. The same one where one app does both.')
param vendorPrincipalId string

@description('GUID of the role secret publisher.')
param publisherRoleId string

@description('Secrets that the vendor may read in a vault that is shared with others. They must exist. Empty: all of them.')
param readableSecrets array

var builtIn = loadJsonContent('../built-in-roles.json')
var readerRoleId = builtIn['Key Vault Secrets User']

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource secrets 'Microsoft.KeyVault/vaults/secrets@2026-02-01' existing = [
  for name in readableSecrets: {
    parent: vault
    name: name
  }
]

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, rotatorPrincipalId, publisherRoleId)
  scope: vault
  properties: {
    principalId: rotatorPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisherRoleId)
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (empty(readableSecrets)) {
  name: guid(vault.id, vendorPrincipalId, readerRoleId)
  scope: vault
  properties: {
    principalId: vendorPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', readerRoleId)
  }
}

resource secretReaders 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in readableSecrets: {
    name: guid(vault.id, name, vendorPrincipalId, readerRoleId)
    scope: secrets[index]
    properties: {
      principalId: vendorPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', readerRoleId)
    }
  }
]
