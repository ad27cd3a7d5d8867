// One app on Flex Consumption: plan, site, settings. Each app has a plan of its own, since Flex takes one per plan.

param name string
param planName string
param location string
param tags object

@description('Service of azure.yaml whose code runs here.')
param serviceName string

param identityId string
param identityClientId string
param storageName string
param containerName string
param componentName string

@description('Keystile\'s own settings. The host\'s are added here.')
param settings object

@allowed([
  '22'
  '24'
])
param nodeVersion string

@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int

param maximumInstanceCount int

@description('Instances for HTTP that are kept warm. They are billed all the time.')
param alwaysReadyHttp int

@description('HTTP requests that one instance is given at once, before another instance is started.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('Heap sizes for the Node worker (--max-semi-space-size=N, --max-old-space-size=N), or empty. With any, a worker that waits warm is started anew: cold starts are slower.')
param workerArguments string

@description('Origins of browser pages that may call. Never *.')
param corsOrigins array

@description('Whether the internet may reach the app at all. Private endpoints always may.')
@allowed([
  'everybody'
  'ranges'
  'nobody'
])
param openTo string

@description('Ranges in CIDR form, for openTo = ranges.')
param ipRanges array

@description('Subnet of the app\'s outgoing traffic. Empty: none.')
param subnetId string

@description('Address of a release zip, for installing without azd. Empty: azd or a pipeline brings the code.')
param packageUri string

var checkedOrigins = empty(filter(corsOrigins, origin => contains(origin, '*')))
  ? corsOrigins
  : fail('corsOrigins names origins; * would let every page in')
// Any other argument could load code, open a debugger or bring a CA: what is refused to NODE_OPTIONS would come in here.
var heapSizes = ['--max-old-space-size=', '--max-semi-space-size=']
var digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
var givenArguments = empty(workerArguments) ? [] : split(workerArguments, ' ')
var otherArguments = filter(
  givenArguments,
  one => !contains(heapSizes, join(split(one, digits), '')) || !startsWith(one, join(split(one, digits), '')) || endsWith(one, '=')
)
var checkedArguments = empty(otherArguments)
  ? workerArguments
  : fail('workerArguments takes --max-semi-space-size=N and --max-old-space-size=N, one space between them, and nothing else')
var rules = [
  for (entry, index) in ipRanges: {
    name: 'allowed-${index}'
    action: 'Allow'
    ipAddress: entry
    priority: 100 + index
  }
]
var hostSettings = {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  AZURE_CLIENT_ID: identityClientId
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
}

var workerSettings = empty(workerArguments) ? {} : { languageWorkers__node__arguments: checkedArguments }

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': serviceName })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    outboundVnetRouting: empty(subnetId) ? null : { allTraffic: true }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${containerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: nodeVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      cors: {
        allowedOrigins: checkedOrigins
        supportCredentials: false
      }
      ipSecurityRestrictions: openTo == 'ranges' ? rules : []
      ipSecurityRestrictionsDefaultAction: openTo == 'everybody' ? 'Allow' : 'Deny'
      // Deployment has a door of its own, guarded by Entra: passwords for it are off below.
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: 'Allow'
    }
  }
}

// ARM replaces the whole collection at each deployment: a setting that is not here is gone afterwards.
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, hostSettings, workerSettings)
}

resource ftpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource deployPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource package 'Microsoft.Web/sites/extensions@2025-03-01' = if (!empty(packageUri)) {
  parent: app
  name: 'onedeploy'
  #disable-next-line BCP037 BCP187
  properties: {
    packageUri: packageUri
    remoteBuild: false
  }
  dependsOn: [
    appSettings
  ]
}

output hostName string = app.properties.defaultHostName
