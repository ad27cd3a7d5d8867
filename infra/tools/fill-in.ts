// main.parameters.json with the environment filled in, as azd does it.

type Environment = Readonly<Record<string, string | undefined>>
export interface ParameterFile {
  readonly parameters: Record<string, { readonly value: unknown }>
}

/** A variable that is empty counts as absent. `types` are those of the template's parameters, by name. */
export function fillIn(
  file: ParameterFile,
  types: ReadonlyMap<string, string>,
  environment: Environment,
): ParameterFile {
  const parameters = Object.entries(file.parameters).map(([name, { value }]) => {
    const variable = /\$\{(\w+)(?:=([^}]*))?\}/g
    const text = String(value).replace(variable, (_, named, otherwise = '') => environment[named] || otherwise)
    return [name, { value: types.get(name) === 'string' ? text : JSON.parse(text) }]
  })
  return { ...file, parameters: Object.fromEntries(parameters) }
}
