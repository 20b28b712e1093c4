import { runProgram } from '../local/command-line/program';
import { version } from '../package.json';

void runProgram(process.argv.slice(2), {
  version,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  nowMs: () => Date.now(),
}).then((status) => process.exit(status));
