// A network for private networking: a subnet per app, one for private endpoints, and the private zones.

param name string
param location string
param tags object

@description('At least a /24: it is cut into subnets of /27.')
param addressPrefix string

@description('Private zones, by the name of the service in them.')
param zoneNames object

var zones = items(zoneNames)
var delegation = [
  {
    name: 'flex'
    properties: {
      serviceName: 'Microsoft.App/environments'
    }
  }
]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'rotator'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 27, 0)
          delegations: delegation
        }
      }
      {
        name: 'vendor'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 27, 1)
          delegations: delegation
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 27, 2)
        }
      }
    ]
  }
}

resource privateZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone.value
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in zones: {
    parent: privateZones[index]
    name: name
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

output rotatorSubnetId string = '${network.id}/subnets/rotator'
output vendorSubnetId string = '${network.id}/subnets/vendor'
output endpointSubnetId string = '${network.id}/subnets/endpoints'
