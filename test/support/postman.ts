/** What we read of OpenAPI 3.1. */
export interface OpenApi {
  readonly info: { readonly title: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiCall>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface OpenApiCall {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>>;
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
}

/** One request of a collection (Collection Format 2.1). */
export interface PostmanRequest {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly auth?: { readonly type: 'noauth' };
    readonly header: readonly { readonly key: string; readonly value: string }[];
    readonly url: {
      readonly raw: string;
      readonly host: readonly string[];
      readonly path: readonly string[];
      readonly query: readonly { readonly key: string; readonly value: string; readonly disabled: boolean }[];
      readonly variable: readonly { readonly key: string; readonly value: string }[];
    };
    readonly body?: { readonly mode: 'raw'; readonly raw: string };
  };
}

export interface PostmanCollection {
  readonly info: { readonly name: string; readonly schema: string };
  readonly auth: object;
  readonly variable: readonly { readonly key: string; readonly value: string }[];
  readonly item: readonly { readonly name: string; readonly item: readonly PostmanRequest[] }[];
}

/** A collection with every call of the description, in folders by tag; the fields that have examples are filled in. */
export function postmanCollection(openapi: OpenApi): PostmanCollection {
  const requests = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({
      tag: call.tags[0] ?? '',
      item: request(openapi, path, method, call),
    })),
  );
  const tags = [...new Set(requests.map(({ tag }) => tag))];
  return {
    info: {
      name: openapi.info.title,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    variable: [
      { key: 'base', value: openapi.servers[0]?.url ?? '' },
      ...['token', 'source_password', 'job', 'clone', 'restore', 'unit'].map((key) => ({ key, value: '' })),
    ],
    item: tags.map((name) => ({ name, item: requests.filter(({ tag }) => tag === name).map(({ item }) => item) })),
  };
}

function request(openapi: OpenApi, path: string, method: string, call: OpenApiCall): PostmanRequest {
  const parameters = call.parameters ?? [];
  const words = path.slice(1).replaceAll(/\{(\w+)\}/g, ':$1');
  const json = call.requestBody?.content['application/json'];
  const id = `{{${['job', 'restore', 'unit'].find((what) => path.includes(`/${what}`)) ?? 'clone'}}}`;
  return {
    name: call.summary,
    request: {
      method: method.toUpperCase(),
      ...(call.security?.length === 0 ? { auth: { type: 'noauth' as const } } : {}),
      header: json === undefined ? [] : [{ key: 'Content-Type', value: 'application/json' }],
      url: {
        raw: `{{base}}/${words}`,
        host: ['{{base}}'],
        path: words.split('/'),
        query: parameters
          .filter((each) => each.in === 'query')
          .map(({ name }) => ({ key: name, value: '', disabled: true })),
        variable: parameters.filter((each) => each.in === 'path').map(({ name }) => ({ key: name, value: id })),
      },
      ...(json === undefined
        ? {}
        : { body: { mode: 'raw' as const, raw: JSON.stringify(example(openapi, json.schema), null, 2) } }),
    },
  };
}

function example({ components }: OpenApi, schema: Schema): object {
  const { properties = {} } = components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, { examples }]) => (examples === undefined ? [] : [[name, examples[0]]])),
  );
}
