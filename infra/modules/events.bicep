// The vault's own events. A source has one system topic: where one is there already, it is named and used.

param vaultName string
param tags object

@description('An existing system topic of the vault, with a system-assigned identity. Empty: make one.')
param existingTopicName string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource created 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (empty(existingTopicName)) {
  name: '${vaultName}-events'
  location: vault.location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: vault.id
    topicType: 'Microsoft.KeyVault.vaults'
  }
}

resource found 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (!empty(existingTopicName)) {
  name: existingTopicName
}

output topicName string = empty(existingTopicName) ? created.name : found.name
output principalId string = empty(existingTopicName) ? created!.identity.principalId : found!.identity.principalId
