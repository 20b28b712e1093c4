import type { AutoScalingInstanceDetails, Instance } from '@aws-sdk/client-auto-scaling';
import type { GroupInstance } from '../group-instance';

export function instanceView(instance: GroupInstance): Instance {
  return {
    InstanceId: instance.instanceId,
    InstanceType: instance.instanceType,
    AvailabilityZone: instance.availabilityZone,
    LifecycleState: instance.state,
    HealthStatus: instance.isHealthy ? 'Healthy' : 'Unhealthy',
    LaunchTemplate: templateView(instance),
    ProtectedFromScaleIn: instance.isProtectedFromScaleIn,
  };
}

/** Here the service writes the health in capitals. Source: API reference, AutoScalingInstanceDetails. */
export function instanceDetailsView(instance: GroupInstance, groupName: string): AutoScalingInstanceDetails {
  return {
    InstanceId: instance.instanceId,
    InstanceType: instance.instanceType,
    AutoScalingGroupName: groupName,
    AvailabilityZone: instance.availabilityZone,
    LifecycleState: instance.state,
    HealthStatus: instance.isHealthy ? 'HEALTHY' : 'UNHEALTHY',
    LaunchTemplate: templateView(instance),
    ProtectedFromScaleIn: instance.isProtectedFromScaleIn,
  };
}

function templateView({ template }: GroupInstance) {
  return {
    LaunchTemplateId: template.launchTemplateId,
    LaunchTemplateName: template.launchTemplateName,
    Version: String(template.version),
  };
}
