// Everything that lives in one resource group. Deployable by itself, by teams with rights to a resource group alone:
// what lies outside (custom roles, access to accounts) is then granted by infra/grant-account.sh.

param environmentName string
param location string = resourceGroup().location
param tags object = {}

@description('Two apps with an identity each, or one that does everything.')
param splitApps bool = true

@description('plan computes and reports; apply rotates.')
@allowed([
  'plan'
  'apply'
])
param mode string = 'plan'

@description('Subscriptions to look through for accounts that carry the tag keystile.')
param subscriptionIds array = []

@description('ARM ids of accounts to look after, tagged or not.')
param accountResourceIds array = []

@description('ARM ids of accounts that may be used without keys.')
param keylessAccountResourceIds array = []

@description('Id of a vault to use. Empty: make one.')
param existingKeyVaultId string = ''

@description('Secrets that the vendor may read in a shared vault. Empty: all of its secrets.')
param readableSecrets array = []

@description('System topic that an existing vault has already. Empty: make one.')
param existingEventTopicName string = ''

@description('Sends the audit log of the vault to the workspace.')
param vaultDiagnostics bool = true

@description('GUID of the custom role secret publisher.')
param publisherRoleId string

@description('Client id of the API registration in Entra.')
param vendClientId string

@description('Accepted App ID URI of the API registration. Empty: api://{client id}.')
param vendAudience string = ''

@description('Who reaches the rotation routes: off is nobody, private needs privateNetworking, ipRules needs operatorIpRanges.')
@allowed([
  'off'
  'private'
  'ipRules'
])
param operatorApi string = 'ipRules'

@description('Ranges in CIDR form, for operatorApi = ipRules.')
param operatorIpRanges array = []

@description('Origins of browser pages that may ask for tokens.')
param corsOrigins array = []

@description('NCRONTAB of six fields, in UTC: when to look at every account.')
param schedule string = '0 7 * * * *'

@description('Keystile\'s other settings, by the names in settings.bicep. What is left out keeps its default.')
param tuning object = {}

param privateNetworking bool = false
param addressPrefix string = '10.60.0.0/24'

@description('Who is mailed by alerts. Empty: nobody.')
param alertEmail string = ''

@description('How long the rotator may be silent before an alert: at least three times the time between two rounds.')
@allowed([
  'PT3H'
  'PT6H'
  'P1D'
  'P2D'
])
param roundsWithin string = 'PT3H'

@description('Node\'s major version.')
@allowed([
  '22'
  '24'
])
param nodeVersion string = '24'

@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 512

@minValue(0)
@maxValue(20)
@description('Warm instances of the vendor. Billed all the time.')
param alwaysReadyHttp int = 0

@description('HTTP requests that one instance is given at once (docs/decisions/0010).')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 100

@description('Heap sizes for the Node worker, such as --max-semi-space-size=16 (docs/decisions/0010). With any, cold starts are slower.')
param workerArguments string = ''

@description('Address of a release zip, for installing without azd.')
param packageUri string = ''

@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

var token = uniqueString(subscription().id, resourceGroup().id, environmentName)
var containerName = 'app-package'
var componentName = 'appi-keystile-${token}'
var rotatorStorageName = 'strot${token}'
var vendorStorageName = 'stvend${token}'
var rotatorName = 'func-rotator-${token}'
var vendorName = 'func-vend-${token}'
var checksQueue = 'keystile-checks'
var nearExpiryQueue = 'keystile-near-expiry'
var queues = [
  checksQueue
  'keystile-requests'
  nearExpiryQueue
]
// The host makes these by itself when it first parks a message. Made here, they can be watched before.
var poisonQueues = map(queues, queue => '${queue}-poison')

var ownVault = empty(existingKeyVaultId)
var vaultName = ownVault ? 'kvkeystile${token}' : last(split(existingKeyVaultId, '/'))
var vaultSubscription = ownVault ? subscription().subscriptionId : split(existingKeyVaultId, '/')[2]
var vaultGroup = ownVault ? resourceGroup().name : split(existingKeyVaultId, '/')[4]
var vaultId = resourceId(vaultSubscription, vaultGroup, 'Microsoft.KeyVault/vaults', vaultName)
var vaultUri = 'https://${vaultName}${environment().suffixes.keyvaultDns}'

// A rule that lets everybody in is worse than none: it looks like one.
var openRanges = filter(operatorIpRanges, entry => contains(entry, '*') || endsWith(entry, '/0') || !contains(entry, '/'))
var checkedRanges = operatorApi != 'ipRules'
  ? []
  : empty(operatorIpRanges)
      ? fail('operatorApi = ipRules needs operatorIpRanges: name the ranges, or set operatorApi to off or private')
      : empty(openRanges)
          ? operatorIpRanges
          : fail('operatorIpRanges takes ranges such as 203.0.113.0/28: neither *, nor /0, nor an address without a length')
var checkedOperatorApi = operatorApi == 'private' && !privateNetworking
  ? fail('operatorApi = private needs privateNetworking')
  : operatorApi == 'off' && !splitApps
      ? fail('operatorApi = off would close the one app to its callers, too: set splitApps, or name ranges')
      : operatorApi
var rotatorOpenTo = checkedOperatorApi == 'ipRules' ? 'ranges' : 'nobody'

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore${replace(environment().suffixes.keyvaultDns, '.vault', '')}'
}
// environment() has no suffix for apps.
var siteZoneNames = {
  AzureCloud: 'privatelink.azurewebsites.net'
  AzureUSGovernment: 'privatelink.azurewebsites.us'
  AzureChinaCloud: 'privatelink.chinacloudsites.cn'
}
var siteZone = checkedOperatorApi == 'private' ? { sites: siteZoneNames[environment().name] } : {}
var allZones = union(zoneNames, siteZone)
var rotatorStorageId = resourceId('Microsoft.Storage/storageAccounts', rotatorStorageName)
var vendorStorageId = resourceId('Microsoft.Storage/storageAccounts', vendorStorageName)
var storageServices = ['blob', 'queue', 'table']
var rotatorEndpoints = map(storageServices, service => { key: 'rot', id: rotatorStorageId, group: service })
var vendorEndpoints = map(splitApps ? storageServices : [], service => { key: 'vend', id: vendorStorageId, group: service })
var endpoints = concat(rotatorEndpoints, vendorEndpoints, [{ key: 'kv', id: vaultId, group: 'vault' }])

resource rotatorIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-rotator-${token}'
  location: location
  tags: tags
}

resource vendorIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (splitApps) {
  name: 'id-vend-${token}'
  location: location
  tags: tags
}

var rotatorPrincipalId = rotatorIdentity.properties.principalId
var vendorPrincipalId = splitApps ? vendorIdentity!.properties.principalId : rotatorPrincipalId

module settings 'settings.bicep' = {
  params: {
    splitApps: splitApps
    mode: mode
    deploymentName: take('${environmentName}-${token}', 64)
    vaultUri: vaultUri
    audiences: '${vendClientId},${empty(vendAudience) ? 'api://${vendClientId}' : vendAudience}'
    subscriptionIds: subscriptionIds
    accountResourceIds: accountResourceIds
    keylessAccountResourceIds: keylessAccountResourceIds
    schedule: schedule
    checksQueueUrl: '${rotatorStorage.outputs.queueEndpoint}${checksQueue}'
    tuning: tuning
  }
}

module monitoring 'monitoring.bicep' = {
  params: {
    workspaceName: 'log-keystile-${token}'
    componentName: componentName
    location: location
    tags: tags
    retentionInDays: logRetentionDays
    principalIds: splitApps ? [rotatorPrincipalId, vendorPrincipalId] : [rotatorPrincipalId]
  }
}

module rotatorStorage 'storage.bicep' = {
  params: {
    name: rotatorStorageName
    location: location
    tags: tags
    principalId: rotatorPrincipalId
    queueNames: concat(queues, poisonQueues)
    isPrivate: privateNetworking
    containerName: containerName
  }
}

module vendorStorage 'storage.bicep' = if (splitApps) {
  params: {
    name: vendorStorageName
    location: location
    tags: tags
    principalId: vendorPrincipalId
    queueNames: []
    isPrivate: privateNetworking
    containerName: containerName
  }
}

module vendorMayAsk 'queue-sender.bicep' = if (splitApps) {
  params: {
    storageName: rotatorStorageName
    queueName: checksQueue
    principalId: vendorPrincipalId
  }
  dependsOn: [
    rotatorStorage
  ]
}

module keyVault 'key-vault.bicep' = if (ownVault) {
  params: {
    name: vaultName
    location: location
    tags: tags
    isPrivate: privateNetworking
  }
}

module vaultAccess 'vault-access.bicep' = {
  scope: resourceGroup(vaultSubscription, vaultGroup)
  params: {
    vaultName: vaultName
    rotatorPrincipalId: rotatorPrincipalId
    vendorPrincipalId: vendorPrincipalId
    publisherRoleId: publisherRoleId
    readableSecrets: readableSecrets
  }
  dependsOn: [
    keyVault
  ]
}

module vaultLogs 'vault-diagnostics.bicep' = if (vaultDiagnostics) {
  scope: resourceGroup(vaultSubscription, vaultGroup)
  params: {
    vaultName: vaultName
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [
    keyVault
  ]
}

module events 'events.bicep' = {
  scope: resourceGroup(vaultSubscription, vaultGroup)
  params: {
    vaultName: vaultName
    tags: tags
    existingTopicName: existingEventTopicName
  }
  dependsOn: [
    keyVault
  ]
}

module topicMaySend 'queue-sender.bicep' = {
  params: {
    storageName: rotatorStorageName
    queueName: nearExpiryQueue
    principalId: events.outputs.principalId
  }
  dependsOn: [
    rotatorStorage
  ]
}

module nearExpiry 'event-subscription.bicep' = {
  scope: resourceGroup(vaultSubscription, vaultGroup)
  params: {
    topicName: events.outputs.topicName
    storageId: rotatorStorage.outputs.id
    queueName: nearExpiryQueue
  }
  dependsOn: [
    topicMaySend
  ]
}

module alerts 'alerts.bicep' = {
  params: {
    location: location
    workspaceId: monitoring.outputs.workspaceId
    vaultId: vaultId
    rotatorPrincipalId: rotatorPrincipalId
    alertEmail: alertEmail
    roundsWithin: roundsWithin
    tags: tags
  }
  dependsOn: [
    keyVault
  ]
}

module network 'network.bicep' = if (privateNetworking) {
  params: {
    name: 'vnet-keystile-${token}'
    location: location
    tags: tags
    addressPrefix: addressPrefix
    zoneNames: allZones
  }
}

module privateEndpoints 'private-endpoint.bicep' = [
  for endpoint in (privateNetworking ? endpoints : []): {
    params: {
      name: 'pe-${endpoint.key}-${endpoint.group}-${token}'
      location: location
      tags: tags
      subnetId: network!.outputs.endpointSubnetId
      targetId: endpoint.id
      group: endpoint.group
      zoneId: resourceId('Microsoft.Network/privateDnsZones', zoneNames[endpoint.group])
    }
    dependsOn: [
      keyVault
      rotatorStorage
      vendorStorage
    ]
  }
]

module rotator 'function-app.bicep' = {
  params: {
    name: rotatorName
    planName: 'plan-rotator-${token}'
    location: location
    tags: tags
    serviceName: 'rotator'
    identityId: rotatorIdentity.id
    identityClientId: rotatorIdentity.properties.clientId
    storageName: rotatorStorageName
    containerName: containerName
    componentName: componentName
    settings: settings.outputs.rotator
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: 40
    alwaysReadyHttp: splitApps ? 0 : alwaysReadyHttp
    httpConcurrency: httpConcurrency
    workerArguments: workerArguments
    corsOrigins: splitApps ? [] : corsOrigins
    openTo: rotatorOpenTo
    ipRanges: checkedRanges
    subnetId: privateNetworking ? network!.outputs.rotatorSubnetId : ''
    packageUri: packageUri
  }
  dependsOn: [
    monitoring
    privateEndpoints
    rotatorStorage
    vaultAccess
  ]
}

module vendor 'function-app.bicep' = if (splitApps) {
  params: {
    name: vendorName
    planName: 'plan-vend-${token}'
    location: location
    tags: tags
    serviceName: 'vend'
    identityId: vendorIdentity.id
    identityClientId: vendorIdentity!.properties.clientId
    storageName: vendorStorageName
    containerName: containerName
    componentName: componentName
    settings: settings.outputs.vendor
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: 100
    alwaysReadyHttp: alwaysReadyHttp
    httpConcurrency: httpConcurrency
    workerArguments: workerArguments
    corsOrigins: corsOrigins
    openTo: 'everybody'
    ipRanges: []
    subnetId: privateNetworking ? network!.outputs.vendorSubnetId : ''
    packageUri: packageUri
  }
  dependsOn: [
    monitoring
    privateEndpoints
    vaultAccess
    vendorStorage
  ]
}

module rotatorDoor 'private-endpoint.bicep' = if (checkedOperatorApi == 'private') {
  params: {
    name: 'pe-rotator-${token}'
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
    targetId: resourceId('Microsoft.Web/sites', rotatorName)
    group: 'sites'
    zoneId: resourceId('Microsoft.Network/privateDnsZones', allZones.sites)
  }
  dependsOn: [
    rotator
  ]
}

output rotatorName string = rotatorName
output rotatorPrincipalId string = rotatorPrincipalId
output vendorName string = splitApps ? vendorName : rotatorName
output vendorPrincipalId string = vendorPrincipalId
output vendorUrl string = 'https://${splitApps ? vendor!.outputs.hostName : rotator.outputs.hostName}'
output keyVaultUri string = vaultUri
output workspaceId string = monitoring.outputs.workspaceId
