import { SCALING_PROCESSES, type ScalingProcess } from './group-state';
import { invalid } from './required';

/** Those of a request; none named are all. @throws ServiceError for a name that is none */
export function readProcesses(names: readonly string[] | undefined): readonly ScalingProcess[] {
  if (!names || names.length === 0) return SCALING_PROCESSES;
  return names.map((name) => {
    const known = SCALING_PROCESSES.find((process) => process === name);
    return known ?? invalid(`Invalid scaling process: ${name}`);
  });
}
