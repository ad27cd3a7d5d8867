// The storage of one host: its package, its leases, its queues. One account per app: whoever owns a host's blobs can
// replace its package and run as it, so a vendor that shared the rotator's account would be the rotator.

@description('Name of the account, 3 to 24 lower-case letters and digits.')
param name string

param location string
param tags object

@description('Principal of the app whose host this is.')
param principalId string

@description('Queues to make. With none, the app gets no right to queues either.')
param queueNames array

@description('Closes the account to the internet. Microsoft services that Azure trusts (Event Grid) still get in.')
param isPrivate bool

@description('Container of the app\'s package.')
param containerName string

var builtIn = loadJsonContent('../built-in-roles.json')
// Owner of blobs is what the host asks for: it takes leases. Tables hold the host's diagnostic events.
var hostRoles = ['Storage Blob Data Owner', 'Storage Table Data Contributor']
var roles = empty(queueNames) ? hostRoles : concat(hostRoles, ['Storage Queue Data Contributor'])

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: containerName
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queueName in queueNames: {
    parent: queueService
    name: queueName
  }
]

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    name: guid(account.id, principalId, builtIn[role])
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn[role])
    }
  }
]

output id string = account.id
output queueEndpoint string = account.properties.primaryEndpoints.queue
