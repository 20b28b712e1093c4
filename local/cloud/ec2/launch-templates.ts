import { ServiceError } from '../wire/service-error';

/** What of a launch template shapes an instance here. */
export interface LaunchTemplateData {
  /** The AMI. */
  imageId: string;
  /** E.g. `c7gn.large`. */
  instanceType: string;
  /** Base64. */
  userData: string;
}

export interface LaunchTemplateVersion extends LaunchTemplateData {
  launchTemplateId: string;
  launchTemplateName: string;
  version: number;
}

/** By id or by name, and which version: a number, `$Latest`, or `$Default` (also when undefined). */
export interface LaunchTemplateReference {
  launchTemplateId?: string | undefined;
  launchTemplateName?: string | undefined;
  version?: string | undefined;
}

interface LaunchTemplate {
  id: string;
  name: string;
  /** Version 1 first; versions never change. */
  versions: LaunchTemplateData[];
}

/** EC2's launch templates. The default version stays 1, since nothing here sets another one. */
export class LaunchTemplates {
  private readonly templates = new Map<string, LaunchTemplate>();

  /** @throws ServiceError when the name is taken */
  create(id: string, name: string, data: LaunchTemplateData): LaunchTemplateVersion {
    if ([...this.templates.values()].some((template) => template.name === name)) {
      throw new ServiceError(
        'InvalidLaunchTemplateName.AlreadyExistsException',
        `Launch template name already in use: ${name}`,
      );
    }
    this.templates.set(id, { id, name, versions: [data] });
    return this.resolve({ launchTemplateId: id });
  }

  /** @throws ServiceError when there is no such template */
  addVersion(id: string, data: LaunchTemplateData): LaunchTemplateVersion {
    const template = this.find({ launchTemplateId: id });
    template.versions.push(data);
    return this.resolve({ launchTemplateId: id, version: '$Latest' });
  }

  /** Idempotent. */
  remove(id: string): void {
    this.templates.delete(id);
  }

  /** @throws ServiceError when there is no such template or version */
  resolve(reference: LaunchTemplateReference): LaunchTemplateVersion {
    const { id, name, versions } = this.find(reference);
    const version = versionNumber(reference.version, versions.length);
    const data = versions[version - 1];
    if (!data) {
      throw new ServiceError(
        'ValidationError',
        'You must use a valid fully-formed launch template. The specified launch template version does not exist.',
      );
    }
    return { ...data, launchTemplateId: id, launchTemplateName: name, version };
  }

  private find({ launchTemplateId, launchTemplateName }: LaunchTemplateReference): LaunchTemplate {
    const template =
      launchTemplateId === undefined
        ? [...this.templates.values()].find(({ name }) => name === launchTemplateName)
        : this.templates.get(launchTemplateId);
    if (!template) {
      throw new ServiceError(
        'ValidationError',
        'You must use a valid fully-formed launch template. The specified launch template does not exist.',
      );
    }
    return template;
  }
}

function versionNumber(version: string | undefined, latest: number): number {
  if (version === '$Latest') return latest;
  if (version === undefined || version === '$Default') return 1;
  return /^\d{1,15}$/.test(version) ? Number(version) : Number.NaN;
}
