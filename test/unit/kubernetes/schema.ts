import * as models from '@kubernetes/client-node';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

/** The library's models are generated from the OpenAPI schema of a current Kubernetes (1.36 in 2.0.1). */
function attributesOf(type: string): readonly Attribute[] | undefined {
  const model: unknown = Reflect.get(models, type);
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) return undefined;
  const map: unknown = Reflect.apply(model.getAttributeTypeMap as () => unknown, model, []);
  return map as readonly Attribute[];
}

/** What in `value` the schema of `type` does not know, or knows otherwise, with the path to it. */
export function schemaErrors(type: string, value: unknown, path: string = type): string[] {
  if (value === undefined) return [];
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return [`${path} is not a list`];
    return value.flatMap((item, index) => schemaErrors(list, item, `${path}[${index}]`));
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    return Object.entries(value as object).flatMap(([key, item]) => schemaErrors(map, item, `${path}.${key}`));
  }
  if (type === 'string' || type === 'number' || type === 'boolean') {
    return typeof value === type ? [] : [`${path} is not a ${type}`];
  }
  if (['any', 'object', 'Date', 'IntOrString', 'V1MicroTime'].includes(type)) return [];
  const attributes = attributesOf(type);
  if (attributes === undefined) return [`${path}: the schema has no ${type}`];
  if (typeof value !== 'object' || value === null) return [`${path} is not an object`];
  return Object.entries(value).flatMap(([name, item]) => {
    const attribute = attributes.find(({ baseName }) => baseName === name);
    return attribute === undefined
      ? [`${path}.${name} is not in the schema`]
      : schemaErrors(attribute.type, item, `${path}.${name}`);
  });
}
