import { randomInt } from 'node:crypto';
import { z } from 'zod';

/** `GenerateSecretString`, with the defaults of CloudFormation's template reference. */
export const generateSecretStringSchema = z.object({
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: flag(),
  ExcludeNumbers: flag(),
  ExcludePunctuation: flag(),
  ExcludeUppercase: flag(),
  /** Key of the generated value in the template. */
  GenerateStringKey: z.string().optional(),
  IncludeSpace: flag(),
  PasswordLength: z.coerce.number().int().min(1).max(4_096).default(32),
  /** A JSON object. */
  SecretStringTemplate: z.string().optional(),
  RequireEachIncludedType: flag(true),
});
export type GenerateSecretString = z.infer<typeof generateSecretStringSchema>;

/** CloudFormation's booleans may be strings. */
function flag(byDefault = false) {
  return z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(byDefault);
}

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
const NUMBERS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** @throws RangeError when the options leave nothing to choose from */
export function generateSecretString(options: GenerateSecretString): string {
  const { GenerateStringKey, SecretStringTemplate } = options;
  const password = generatePassword(options);
  if ((GenerateStringKey === undefined) !== (SecretStringTemplate === undefined)) {
    throw new RangeError('GenerateStringKey and SecretStringTemplate belong together');
  }
  if (GenerateStringKey === undefined || SecretStringTemplate === undefined) return password;
  const template: unknown = JSON.parse(SecretStringTemplate);
  if (typeof template !== 'object' || template === null) {
    throw new RangeError('SecretStringTemplate must be a JSON object');
  }
  return JSON.stringify({ ...template, [GenerateStringKey]: password });
}

function generatePassword(options: GenerateSecretString): string {
  const { PasswordLength, ExcludeCharacters } = options;
  const types = [
    options.ExcludeLowercase ? '' : LOWERCASE,
    options.ExcludeUppercase ? '' : LOWERCASE.toUpperCase(),
    options.ExcludeNumbers ? '' : NUMBERS,
    options.ExcludePunctuation ? '' : PUNCTUATION,
    options.IncludeSpace ? ' ' : '',
  ]
    .map((type) => [...type].filter((character) => !ExcludeCharacters.includes(character)).join(''))
    .filter((type) => type !== '');
  const all = types.join('');
  if (all === '') throw new RangeError('every character is excluded');
  const required = options.RequireEachIncludedType ? types : [];
  if (required.length > PasswordLength) throw new RangeError('too short for a character of each type');
  const characters = [
    ...required.map(choose),
    ...Array.from({ length: PasswordLength - required.length }, () => choose(all)),
  ];
  // Fisher–Yates, so that those of each type stand anywhere.
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? '', characters[last] ?? ''];
  }
  return characters.join('');
}

function choose(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}
