// Run by a test as a process that is killed: two environments, one of which never gives the processor back.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../helpers/eventually';
import { PlayedLambda } from './played-lambda';

async function main(): Promise<void> {
  const played = new PlayedLambda();
  const files = ['waits', 'spins'].map((name) => {
    const file = join(played.folder, `${name}.pid`);
    const rest = name === 'spins' ? 'for (;;);' : 'return new Promise(() => setInterval(() => {}, 1000));';
    const write = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid));`;
    const { arn } = played.put(`exports.handler = () => { ${write} ${rest} };`, { name });
    void played.lambda.invoke(arn, {});
    return file;
  });
  await eventually(() => files.every((file) => existsSync(file) && readFileSync(file, 'utf8') !== ''));
  console.log(JSON.stringify(files.map((file) => Number(readFileSync(file, 'utf8')))));
  setInterval(() => undefined, 1_000);
}

void main();
