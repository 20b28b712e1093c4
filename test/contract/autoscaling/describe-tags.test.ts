import { DescribeTagsCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('gives the tags of a group', async () => {
  const { Tags = [] } = await target.autoScaling.send(
    new DescribeTagsCommand({ Filters: [{ Name: 'auto-scaling-group', Values: [target.groupName] }] }),
  );
  expect(Tags.length).toBeGreaterThan(0);
  for (const tag of Tags) {
    expect(tag).toMatchObject({ ResourceId: target.groupName, ResourceType: 'auto-scaling-group' });
  }
});
