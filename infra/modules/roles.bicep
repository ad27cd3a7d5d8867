// The custom roles. What they allow is infra/roles.json, which the stand-in's authorisation and its tests read, too.
targetScope = 'subscription'

@description('Name of the azd environment: part of the display names, which are unique in a tenant.')
param environmentName string

@description('Ids of every subscription in which one of these roles is assigned.')
param assignableScopes array

var allowed = loadJsonContent('../roles.json')
var token = take(uniqueString(subscription().id, environmentName), 5)
var roles = [
  {
    key: 'account finder'
    description: 'Sees accounts of Azure AI services. Reads no key.'
    actions: allowed.rotator.subscriptions
    dataActions: []
  }
  {
    key: 'key rotator'
    description: 'Lists and regenerates the keys of accounts of Azure AI services.'
    actions: allowed.rotator.accounts
    dataActions: []
  }
  {
    key: 'secret publisher'
    description: 'Writes new versions of secrets and reads their metadata. Reads no value.'
    actions: []
    dataActions: allowed.rotator.vault
  }
  {
    key: 'keyless caller'
    description: 'Calls accounts of Azure AI services with its own identity. Lists no key.'
    actions: []
    dataActions: allowed.vendor.keylessAccounts
  }
]

resource definitions 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for role in roles: {
    name: guid(subscription().id, environmentName, role.key)
    properties: {
      roleName: 'Keystile ${role.key} ${environmentName} ${token}'
      description: role.description
      type: 'CustomRole'
      assignableScopes: assignableScopes
      permissions: [
        {
          actions: role.actions
          notActions: []
          dataActions: role.dataActions
          notDataActions: []
        }
      ]
    }
  }
]

output accountFinderId string = definitions[0].name
output rotatorRoleId string = definitions[1].name
output publisherRoleId string = definitions[2].name
output keylessCallerId string = definitions[3].name
