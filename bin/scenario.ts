import { scenarioCommand } from '../local/scenarios/scenario-command';

void scenarioCommand(process.argv.slice(2), {
  process,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
}).then((status) => process.exit(status));
