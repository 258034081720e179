import { jsonSchemaTransformObject } from 'fastify-type-provider-zod';

type Transform = typeof jsonSchemaTransformObject;

const INPUT = 'Input';
const reference = (name: string): string => `"#/components/schemas/${name}"`;

/**
 * The description of the API as people read it. The library lists each schema twice, as what is sent and as what comes (`XInput`);
 * none of ours is both, so each keeps one entry, under its own name.
 */
export const describeSchemas: Transform = (documents) => {
  const document = jsonSchemaTransformObject(documents);
  if (!('components' in document) || document.components?.schemas === undefined) return document;
  const { schemas } = document.components;
  const names = Object.keys(schemas).filter((name) => !name.endsWith(INPUT));
  const calls = JSON.stringify(document.paths);
  const own = names.map((name) => {
    const isSent = calls.includes(reference(name + INPUT));
    return [name, schemas[isSent ? name + INPUT : name]];
  });
  const whole = { ...document, components: { ...document.components, schemas: Object.fromEntries(own) } };
  const text = names.reduce(
    (json, name) => json.replaceAll(reference(name + INPUT), reference(name)),
    JSON.stringify(whole),
  );
  return JSON.parse(text);
};
