// A principal that may put messages on one queue, and may do nothing else there.

param storageName string
param queueName string

@description('Principal that sends.')
param principalId string

var builtIn = loadJsonContent('../built-in-roles.json')
var roleId = builtIn['Storage Queue Data Message Sender']

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  name: '${storageName}/default/${queueName}'
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, principalId, roleId)
  scope: queue
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
