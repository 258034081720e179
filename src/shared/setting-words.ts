import type { z } from 'zod';

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of names and values',
  record: 'a map of names and values',
};

/** What is wrong with a setting, for the person who wrote it; the library speaks of it as programs do. Without a full stop. */
export function settingProblem(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `it takes ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `it can be ${issue.values.join(' or ')}`;
  if (issue.code === 'unrecognized_keys')
    return `there is no setting ${issue.keys.map((key) => `"${key}"`).join(' and no ')}`;
  const isNumber = 'origin' in issue && (issue.origin === 'number' || issue.origin === 'int');
  if (issue.code === 'too_small') return isNumber ? `it is ${issue.minimum} or more` : 'it is empty';
  if (issue.code === 'too_big') return isNumber ? `it is ${issue.maximum} at most` : 'it is too long';
  return issue.message;
}
