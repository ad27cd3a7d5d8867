// Where logs go. Nothing writes with a key: the component takes Entra tokens alone.

param workspaceName string
param componentName string
param location string
param tags object

@minValue(30)
@maxValue(730)
param retentionInDays int

@description('Principals of the apps, which send telemetry.')
param principalIds array

var builtIn = loadJsonContent('../built-in-roles.json')
var publisher = builtIn['Monitoring Metrics Publisher']

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionInDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: workspace.id
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in principalIds: {
    name: guid(component.id, principalId, publisher)
    scope: component
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisher)
    }
  }
]

output workspaceId string = workspace.id
