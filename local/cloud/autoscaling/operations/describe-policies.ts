import { DescribePolicies$, type DescribePoliciesCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { policyView } from '../views/policy-view';

export function describePolicies(model: AutoScaling): Operation {
  return operation(DescribePolicies$, (input: DescribePoliciesCommandInput) => {
    const { AutoScalingGroupName: name, PolicyNames: names = [], PolicyTypes: types = [] } = input;
    const groups = name === undefined ? model.groups() : [model.group(name)];
    const all = groups
      .flatMap(({ policies, state }) =>
        [...policies.values()].map((policy) => policyView(policy, state.settings.name)),
      )
      .filter(({ PolicyName = '', PolicyARN = '' }) => {
        return names.length === 0 || names.includes(PolicyName) || names.includes(PolicyARN);
      })
      .filter(({ PolicyType = '' }) => types.length === 0 || types.includes(PolicyType));
    const { items, nextToken } = page(all, input);
    return { ScalingPolicies: items, NextToken: nextToken };
  });
}
