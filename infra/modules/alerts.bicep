metadata description = 'Alerts on what Keystile logs and on what Azure says of it, and a workbook over the same records.'

@description('Where the rules and the workbook are.')
param location string = resourceGroup().location

@description('ARM id of the Log Analytics workspace that Application Insights writes to.')
param workspaceId string

@description('ARM id of the vault that holds the records.')
param vaultId string

@description('Object id of the identity of the rotator: whoever else regenerates a key is told of.')
param rotatorPrincipalId string

@description('Who is told. Empty: the rules fire, and tell nobody.')
param alertEmail string = ''

@description('How long the rotator may be silent. At least three times the time between two rounds.')
@allowed(['PT3H', 'PT6H', 'P1D', 'P2D'])
param roundsWithin string = 'PT3H'

@description('What the names of the rules begin with.')
param namePrefix string = 'keystile'

@description('Tags of everything made here.')
param tags object = {}

var alerts = loadJsonContent('../alerts/alerts.json')

// The path of a file that is read must be a literal.
var queries = {
  'timer-silent': loadTextContent('../alerts/timer-silent.kql')
  'checks-silent': loadTextContent('../alerts/checks-silent.kql')
  'not-looked-at': loadTextContent('../alerts/not-looked-at.kql')
  'rotation-failed': loadTextContent('../alerts/rotation-failed.kql')
  'key-withheld': loadTextContent('../alerts/key-withheld.kql')
  'key-overdue': loadTextContent('../alerts/key-overdue.kql')
  'account-held': loadTextContent('../alerts/account-held.kql')
  'record-unmanaged': loadTextContent('../alerts/record-unmanaged.kql')
  'secret-refused': loadTextContent('../alerts/secret-refused.kql')
  'revoke-overdue': loadTextContent('../alerts/revoke-overdue.kql')
  'revoke-gone': loadTextContent('../alerts/revoke-gone.kql')
  'message-parked': loadTextContent('../alerts/message-parked.kql')
  'vend-errors': loadTextContent('../alerts/vend-errors.kql')
  'key-regenerated': loadTextContent('../alerts/key-regenerated.kql')
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: namePrefix
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'keystile'
    enabled: true
    emailReceivers: [
      {
        name: 'whoever is on duty'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

var actionGroupId = resourceId('Microsoft.Insights/actionGroups', namePrefix)
var logActions = empty(alertEmail) ? [] : [actionGroupId]
var metricActions = empty(alertEmail) ? [] : [{ actionGroupId: actionGroupId }]

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${namePrefix}-${alert.name}'
    location: location
    kind: 'LogAlert'
    tags: tags
    dependsOn: [
      actionGroup
    ]
    properties: {
      displayName: 'Keystile: ${alert.title}'
      description: 'docs/runbook.md, section ${alert.name}'
      enabled: true
      severity: alert.severity
      scopes: [
        workspaceId
      ]
      evaluationFrequency: alert.every
      windowSize: alert.window == 'rounds' ? roundsWithin : alert.window
      autoMitigate: true
      // A fresh workspace has no tables yet.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            // One row per thing that is wrong.
            query: replace(queries[alert.name], '{{rotatorPrincipalId}}', rotatorPrincipalId)
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: empty(alert.splitBy) ? [] : [{ name: alert.splitBy, operator: 'Include', values: ['*'] }]
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: logActions
      }
    }
  }
]

resource vaultRefused 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${namePrefix}-vault-refused'
  location: 'global'
  tags: tags
  dependsOn: [
    actionGroup
  ]
  properties: {
    description: 'Keystile: the vault denies or throttles calls. docs/runbook.md, section vault-refused'
    enabled: true
    severity: 2
    scopes: [
      vaultId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'refused'
          metricName: 'ServiceApiResult'
          dimensions: [
            {
              name: 'StatusCode'
              operator: 'Include'
              values: ['403', '429']
            }
          ]
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 5
        }
      ]
    }
    actions: metricActions
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, namePrefix, 'workbook')
  location: location
  kind: 'shared'
  tags: tags
  properties: {
    displayName: 'Keystile'
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: replace(loadTextContent('../workbook.json'), '{{workspaceId}}', workspaceId)
  }
}
