import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fleetConfigSchema } from '../core/deployment/fleet-config-schema';
import { configTable } from './docs/config-table';
import { replaceGenerated } from './docs/generated-section';

// `npm run docs:config`: writes the table of the deployment config into its page. A test holds it current.
const page = resolve(__dirname, '..', 'docs', 'configuration.md');
writeFileSync(page, replaceGenerated(readFileSync(page, 'utf8'), configTable(fleetConfigSchema)));
