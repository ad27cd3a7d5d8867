// Every setting of src/config.ts, for both apps. It makes nothing. A test holds the names against the code.

param splitApps bool
param mode string

@description('Name of this deployment, which each version of a secret carries.')
param deploymentName string

param vaultUri string

@description('Accepted audiences, separated by commas.')
param audiences string

param subscriptionIds array
param accountResourceIds array
param keylessAccountResourceIds array
param schedule string

@description('Address of the queue keystile-checks, for a vendor apart.')
param checksQueueUrl string

@description('Keystile\'s other settings, by the names in tuningNames below.')
param tuning object

var clouds = {
  AzureCloud: 'public'
  AzureUSGovernment: 'usgov'
  AzureChinaCloud: 'china'
}
var tuningNames = [
  'clockSkew'
  'deniedCallers'
  'grace'
  'maxInFlight'
  'maxRotateEvery'
  'minGrace'
  'minRotateEvery'
  'proofSpacing'
  'proofWindow'
  'quarantine'
  'rateBurst'
  'ratePerMinute'
  'rotateEvery'
  'secretNames'
  'settle'
  'takeOver'
  'writeDeadline'
]
var unknownTuning = filter(items(tuning), entry => !contains(tuningNames, entry.key))
var tuned = empty(unknownTuning) ? tuning : fail('tuning has no ${unknownTuning[0].key}')
// An empty setting counts as absent.
var commonSettings = {
  AZURE_CLOUD: clouds[environment().name]
  KEYSTILE_VAULT_URL: vaultUri
  KEYSTILE_TENANT_ID: tenant().tenantId
  KEYSTILE_AUDIENCES: audiences
  KEYSTILE_KEYLESS_ACCOUNTS: join(keylessAccountResourceIds, ',')
  KEYSTILE_DENIED_CALLERS: tuned.?deniedCallers ?? ''
  KEYSTILE_RATE_PER_MINUTE: tuned.?ratePerMinute ?? ''
  KEYSTILE_RATE_BURST: tuned.?rateBurst ?? ''
  KEYSTILE_MAX_IN_FLIGHT: tuned.?maxInFlight ?? ''
}
var rotatorSettings = {
  KEYSTILE_ROLE: splitApps ? 'rotator' : 'all'
  KEYSTILE_MODE: mode
  KEYSTILE_DEPLOYMENT: deploymentName
  KEYSTILE_SUBSCRIPTIONS: join(subscriptionIds, ',')
  KEYSTILE_ACCOUNTS: join(union(accountResourceIds, keylessAccountResourceIds), ',')
  KEYSTILE_SECRET_NAMES: tuned.?secretNames ?? ''
  KEYSTILE_TAKE_OVER: tuned.?takeOver ?? ''
  KEYSTILE_SCHEDULE: schedule
  KEYSTILE_ROTATE_EVERY: tuned.?rotateEvery ?? ''
  KEYSTILE_GRACE: tuned.?grace ?? ''
  KEYSTILE_MIN_GRACE: tuned.?minGrace ?? ''
  KEYSTILE_MIN_ROTATE_EVERY: tuned.?minRotateEvery ?? ''
  KEYSTILE_MAX_ROTATE_EVERY: tuned.?maxRotateEvery ?? ''
  KEYSTILE_CLOCK_SKEW: tuned.?clockSkew ?? ''
  KEYSTILE_PROOF_WINDOW: tuned.?proofWindow ?? ''
  KEYSTILE_PROOF_SPACING: tuned.?proofSpacing ?? ''
  KEYSTILE_SETTLE: tuned.?settle ?? ''
  KEYSTILE_WRITE_DEADLINE: tuned.?writeDeadline ?? ''
  KEYSTILE_QUARANTINE: tuned.?quarantine ?? ''
}
var vendorSettings = {
  KEYSTILE_ROLE: 'vendor'
  KEYSTILE_CHECKS_QUEUE_URL: checksQueueUrl
}

// One app finds the queue in its own storage.
output rotator object = union(commonSettings, rotatorSettings, splitApps ? {} : { KEYSTILE_CHECKS_QUEUE_URL: '' })
output vendor object = union(commonSettings, vendorSettings)
