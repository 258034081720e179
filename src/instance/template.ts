import { readFile } from 'node:fs/promises';
import { packagePath } from '../shared/package-root.ts';

/** Fills the `{{name}}` in a template, in one pass, so that a `{{name}}` inside a value is never taken for another. */
export async function fillTemplate(template: string, values: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(packagePath('templates', 'instance', template), 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}
