import { directoryOrder } from '../../../core/regions/directory-order';

const REGIONS = ['ap-southeast-2', 'eu-central-1', 'sa-east-1', 'us-east-1', 'us-east-2'];
const ROOMS = Array.from({ length: 20_000 }, (_, index) => `room-${index}`);

describe('the order of directory regions', () => {
  test('is the same for whoever computes it, in whatever order regions are configured', () => {
    for (const roomId of ROOMS.slice(0, 100)) {
      expect(directoryOrder(roomId, [...REGIONS].reverse())).toEqual(directoryOrder(roomId, REGIONS));
    }
  });

  test('gives each region its share of rooms, as first and as second', () => {
    for (const position of [0, 1]) {
      const counts = new Map(REGIONS.map((region) => [region, 0]));
      for (const roomId of ROOMS) {
        const region = directoryOrder(roomId, REGIONS)[position] ?? '';
        counts.set(region, (counts.get(region) ?? 0) + 1);
      }
      const fair = ROOMS.length / REGIONS.length;
      // Five standard deviations of a fair draw are 7 %.
      for (const count of counts.values()) expect(Math.abs(count / fair - 1)).toBeLessThan(0.07);
    }
  });

  test('loses only the rooms of a region that goes, and these to their next', () => {
    const [, ...rest] = REGIONS;
    for (const roomId of ROOMS.slice(0, 2_000)) {
      const before = directoryOrder(roomId, REGIONS);
      expect(directoryOrder(roomId, rest)).toEqual(before.filter((region) => rest.includes(region)));
    }
  });
});
