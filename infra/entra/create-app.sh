#!/usr/bin/env bash
# The API registration without Bicep: what main.bicep makes, by az. Running it twice changes nothing.
# Use one of the two: main.bicep does not find an app that was made here. Both give all roles the same ids.
#   create-app.sh [unique name] [account …]
set -euo pipefail

name=${1:-keystile}
shift || true
here=$(cd "$(dirname "$0")" && pwd)
tenant=$(az account show --query tenantId --output tsv)
uri="api://$tenant/$name"

app=$(az ad app list --filter "identifierUris/any(u:u eq '$uri')" --query '[0].appId' --output tsv)
if [ -z "$app" ]; then
  app=$(az ad app create --display-name "Keystile ($name)" --sign-in-audience AzureADMyOrg --query appId --output tsv)
  az ad app update --id "$app" --identifier-uris "$uri"
fi
object=$(az ad app show --id "$app" --query id --output tsv)
there=$(az rest --method get --url "https://graph.microsoft.com/v1.0/applications/$object?\$select=appRoles")

# Roles that are there keep their ids; those of further accounts are added.
body=$(node - "$here/app-roles.json" "$there" "$name" "$@" <<'JS'
const [, , file, there, uniqueName, ...accounts] = process.argv
// guid() of Bicep: a UUID of version 5 in the namespace of ARM.
const guid = (...parts) => {
  const namespace = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex')
  const hash = require('node:crypto').createHash('sha1').update(namespace).update(parts.join('-')).digest()
  hash[6] = (hash[6] & 0x0f) | 0x50
  hash[8] = (hash[8] & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
const { appRoles, scope } = JSON.parse(require('node:fs').readFileSync(file, 'utf8'))
const roles = new Map([...appRoles, ...JSON.parse(there).appRoles].map((role) => [role.value, role]))
for (const account of accounts.map((one) => one.toLowerCase())) {
  const value = `Token.Issue.${account}`
  if (roles.has(value)) continue
  const texts = { displayName: value, description: `Gets tokens of the account ${account}.` }
  roles.set(value, {
    id: guid(uniqueName, 'Token.Issue', account), value, ...texts,
    allowedMemberTypes: ['Application', 'User'], isEnabled: true,
  })
}
const scopes = [{ ...scope, isEnabled: true, type: 'Admin' }]
const api = { requestedAccessTokenVersion: 2, oauth2PermissionScopes: scopes }
console.log(JSON.stringify({ appRoles: [...roles.values()], api }))
JS
)
az rest --method patch --url "https://graph.microsoft.com/v1.0/applications/$object" --body "$body"

principal=$(az ad sp list --filter "appId eq '$app'" --query '[0].id' --output tsv)
if [ -z "$principal" ]; then principal=$(az ad sp create --id "$app" --query id --output tsv); fi
# Without required assignment, every application of the tenant could get a token for the API.
az rest --method patch --url "https://graph.microsoft.com/v1.0/servicePrincipals/$principal" \
  --body '{"appRoleAssignmentRequired":true}'

echo "azd env set VEND_CLIENT_ID $app"
echo "azd env set VEND_AUDIENCE $uri"
