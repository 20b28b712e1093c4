import type { CloudAssembly } from './cloud-assembly';
import { TemplateError } from './template-error';

/** The bucket of assets: files and folders of every assembly that was deployed, since an update may be taken back. */
export class AssemblyAssets {
  private readonly paths = new Map<string, string>();

  add({ assets }: CloudAssembly): void {
    for (const [objectKey, path] of assets) this.paths.set(objectKey, path);
  }

  /** Where it is on this machine. @throws TemplateError when no assembly has it */
  pathOf(objectKey: string): string {
    const path = this.paths.get(objectKey);
    if (path === undefined) throw new TemplateError(`no asset ${objectKey} was synthesized`);
    return path;
  }
}
