// Keystile in one subscription: a resource group, the custom roles, and what the identities may do at each account.
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Name of the azd environment. Part of the names of everything.')
param environmentName string

@description('Region of everything that has one.')
param location string

param resourceGroupName string = 'rg-keystile-${environmentName}'

@description('Two apps with an identity each (default), or one that does everything, for small teams.')
param splitApps bool = true

@description('plan computes and reports, and writes nothing; apply rotates.')
@allowed([
  'plan'
  'apply'
])
param mode string = 'plan'

@description('Subscriptions to look through for accounts that carry the tag keystile. Empty: this one.')
param subscriptionIds array = []

@description('ARM ids of accounts whose keys the rotator may list and regenerate. They are looked after, tagged or not.')
param accountResourceIds array = []

@description('ARM ids of accounts that may be used without keys, where local authentication is off.')
param keylessAccountResourceIds array = []

@description('Id of a vault to use: the first choice where one is there. Empty: make one.')
param existingKeyVaultId string = ''

@description('Names of the secrets that the vendor may read, where the vault is shared. They must exist. Empty: all of its secrets.')
param readableSecrets array = []

@description('System topic that an existing vault has already, with a system-assigned identity. Empty: make one.')
param existingEventTopicName string = ''

@description('Sends the audit log of the vault to the workspace.')
param vaultDiagnostics bool = true

@description('Sends the administrative log of the searched subscriptions to the workspace: who regenerated a key by hand.')
param activityLogs bool = true

@description('Makes the custom roles. Needs roleDefinitions/write in every subscription; else pass the GUIDs of roles that are there.')
param createCustomRoles bool = true
param accountFinderRoleId string = ''
param keyRotatorRoleId string = ''
param secretWriterRoleId string = ''
param keylessCallerRoleId string = ''

@description('Client id of the API registration in Entra (infra/entra).')
@minLength(36)
@maxLength(36)
param vendClientId string

@description('Its App ID URI. Empty: api://{client id}.')
param vendAudience string = ''

@description('Who reaches the rotation routes: off is nobody, private needs privateNetworking, ipRules needs operatorIpRanges.')
@allowed([
  'off'
  'private'
  'ipRules'
])
param operatorApi string = 'ipRules'

@description('Ranges in CIDR form, such as 203.0.113.0/28. An empty list and everybody are refused.')
param operatorIpRanges array = []

@description('Origins of browser pages that may ask for tokens. Never *.')
param corsOrigins array = []

@description('NCRONTAB of six fields, in UTC: when to look at every account.')
param schedule string = '0 7 * * * *'

@description('Keystile\'s other settings, such as { rotateEvery: \'P14D\' }. The names are in modules/settings.bicep.')
param tuning object = {}

@description('A network, private endpoints and private DNS zones.')
param privateNetworking bool = false

@description('Range of that network, at least a /24.')
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

@allowed([
  '22'
  '24'
])
param nodeVersion string = '24'

@description('Memory of an instance, in MB.')
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

var tags = {
  'azd-env-name': environmentName
}
var searched = empty(subscriptionIds) ? [subscription().subscriptionId] : subscriptionIds
var subscriptionsOfAccounts = map(concat(accountResourceIds, keylessAccountResourceIds), id => split(id, '/')[2])
var subscriptionOfVault = empty(existingKeyVaultId) ? [] : [split(existingKeyVaultId, '/')[2]]
var concerned = union([subscription().subscriptionId], searched, subscriptionsOfAccounts, subscriptionOfVault)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

module roles 'modules/roles.bicep' = if (createCustomRoles) {
  params: {
    environmentName: environmentName
    assignableScopes: map(concerned, id => '/subscriptions/${id}')
  }
}

var accountFinder = createCustomRoles ? roles!.outputs.accountFinderId : accountFinderRoleId
var keyRotator = createCustomRoles ? roles!.outputs.rotatorRoleId : keyRotatorRoleId
var publisher = createCustomRoles ? roles!.outputs.publisherRoleId : secretWriterRoleId
var keylessCaller = createCustomRoles ? roles!.outputs.keylessCallerId : keylessCallerRoleId

module core 'modules/core.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    splitApps: splitApps
    mode: mode
    subscriptionIds: searched
    accountResourceIds: accountResourceIds
    keylessAccountResourceIds: keylessAccountResourceIds
    existingKeyVaultId: existingKeyVaultId
    readableSecrets: readableSecrets
    existingEventTopicName: existingEventTopicName
    vaultDiagnostics: vaultDiagnostics
    publisherRoleId: publisher
    vendClientId: vendClientId
    vendAudience: vendAudience
    operatorApi: operatorApi
    operatorIpRanges: operatorIpRanges
    corsOrigins: corsOrigins
    schedule: schedule
    tuning: tuning
    privateNetworking: privateNetworking
    addressPrefix: addressPrefix
    alertEmail: alertEmail
    roundsWithin: roundsWithin
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    alwaysReadyHttp: alwaysReadyHttp
    httpConcurrency: httpConcurrency
    workerArguments: workerArguments
    packageUri: packageUri
    logRetentionDays: logRetentionDays
  }
}

module discovery 'modules/subscription-access.bicep' = [
  for id in searched: {
    scope: subscription(id)
    params: {
      principalId: core.outputs.rotatorPrincipalId
      roleId: accountFinder
    }
  }
]

module activityLog 'modules/activity-log.bicep' = [
  for id in (activityLogs ? searched : []): {
    scope: subscription(id)
    params: {
      environmentName: environmentName
      workspaceId: core.outputs.workspaceId
    }
  }
]

// An account outside of the searched subscriptions is looked at by its id, which takes the right to read it.
module accounts 'modules/account-access.bicep' = [
  for id in accountResourceIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      accountName: last(split(id, '/'))
      principalId: core.outputs.rotatorPrincipalId
      roleIds: contains(searched, split(id, '/')[2]) ? [keyRotator] : [keyRotator, accountFinder]
    }
  }
]

module keylessLooks 'modules/account-access.bicep' = [
  for id in filter(keylessAccountResourceIds, id => !contains(searched, split(id, '/')[2])): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      accountName: last(split(id, '/'))
      principalId: core.outputs.rotatorPrincipalId
      roleIds: [accountFinder]
    }
  }
]

module keylessCalls 'modules/account-access.bicep' = [
  for id in keylessAccountResourceIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      accountName: last(split(id, '/'))
      principalId: core.outputs.vendorPrincipalId
      roleIds: [keylessCaller]
    }
  }
]

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output ROTATOR_APP_NAME string = core.outputs.rotatorName
output ROTATOR_PRINCIPAL_ID string = core.outputs.rotatorPrincipalId
output VEND_APP_NAME string = core.outputs.vendorName
output VEND_PRINCIPAL_ID string = core.outputs.vendorPrincipalId
output VEND_URL string = core.outputs.vendorUrl
output KEY_VAULT_URI string = core.outputs.keyVaultUri
