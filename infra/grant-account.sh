#!/usr/bin/env bash
# Takes one more account in without a new deployment: the rotator may list and regenerate its keys.
#   grant-account.sh <ARM id of the account> <principal id of the rotator> <GUID of the role key rotator> [GUID of account finder]
# The last is needed where the account's subscription is not one that the rotator looks through.
# Tag the account afterwards: az tag update --resource-id <id> --operation merge --tags keystile=rotate
set -euo pipefail

if [ $# -lt 3 ]; then
  sed -n '2,5s/^# //p' "$0" >&2
  exit 2
fi
account=$1
principal=$2
shift 2
for role in "$@"; do
  az role assignment create --scope "$account" --role "$role" \
    --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal --output none
done
