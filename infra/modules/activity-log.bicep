// What is done to accounts by others than Keystile: the subscription's administrative log, for the alert key-regenerated.
targetScope = 'subscription'

param environmentName string
param workspaceId string

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'keystile-${environmentName}'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'Administrative'
        enabled: true
      }
    ]
  }
}
