import type { types } from 'mediasoup';
import { laneOf } from '../../../node-app/media/cascade/lane-of';
import type { RunningStream } from '../../../local/load/rtp-streams';
import { eventually } from '../../helpers/eventually';
import { sendVp8Temporal, sendVp9Svc, svcParameters } from '../../helpers/svc-streams';
import { joinRouters, TestRouter, view } from '../../helpers/test-router';

let from: TestRouter;
let to: TestRouter;
const streams: RunningStream[] = [];

beforeEach(async () => {
  [from, to] = await Promise.all([TestRouter.start(), TestRouter.start()]);
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await Promise.all([from.close(), to.close()]);
});

type View = Awaited<ReturnType<typeof view>>;

async function prefer({ consumer, watched }: View, layers: types.ConsumerLayers): Promise<void> {
  await consumer.setPreferredLayers(layers);
  watched.preferredLayersChanged();
}

/** The layers of which packets arrive at the far producer, as `spatial:temporal`. */
async function arriving(producer: types.Producer): Promise<string> {
  const [stats] = await producer.getStats();
  return Object.entries(stats?.bitrateByLayer ?? {})
    .filter(([, bitrate]) => Number(bitrate) > 0)
    .map(([layer]) => layer.replace('.', ':'))
    .sort()
    .join(' ');
}

const layersOf = ({ consumer }: View) => {
  const { spatialLayer, temporalLayer } = consumer.currentLayers ?? {};
  return `${spatialLayer}:${temporalLayer}`;
};

async function vp9Camera(ssrc: number) {
  const { producer, peer } = await from.publish('video', svcParameters(ssrc, 'video/VP9', 'L3T3'));
  streams.push(sendVp9Svc({ peer, ssrc }));
  return producer;
}

const UP_TO = {
  '0:0': '0:0',
  '0:2': '0:0 0:1 0:2',
  '1:0': '0:0 1:0',
  '2:2': '0:0 0:1 0:2 1:0 1:1 1:2 2:0 2:1 2:2',
};

describe('of a VP9 stream with spatial and temporal layers', () => {
  test('only those up to the wanted ones cross, and the upper ones come back', async () => {
    const { sink, source } = joinRouters(from, to);
    const producer = await vp9Camera(5001);
    expect([producer.type, laneOf(producer)]).toEqual(['svc', 'layered']);
    const viewer = await view(to, sink, producer);
    const far = viewer.hold.value.producer;
    expect(far.type).toBe('svc');
    await eventually(() => layersOf(viewer) === '2:2');
    await eventually(async () => (await arriving(far)) === UP_TO['2:2']);

    for (const wanted of ['1:0', '0:2', '2:2'] as const) {
      const [spatialLayer = 0, temporalLayer = 0] = wanted.split(':').map(Number);
      await prefer(viewer, { spatialLayer, temporalLayer });
      await eventually(() => layersOf(viewer) === wanted);
      await eventually(async () => (await arriving(far)) === UP_TO[wanted]);
      expect((await source.measure()).producers).toEqual([
        {
          producerId: producer.id,
          kind: 'video',
          spatialLayers: [0, 1, 2].filter((layer) => layer <= spatialLayer),
        },
      ]);
    }

    await viewer.consumer.pause();
    await eventually(async () => (await arriving(far)) === '');
    await viewer.consumer.resume();
    await eventually(() => layersOf(viewer) === '2:2');
  });

  test('the most that any viewer wants crosses, once', async () => {
    const { sink } = joinRouters(from, to);
    const producer = await vp9Camera(5011);
    const low = await view(to, sink, producer);
    const high = await view(to, sink, producer);
    const far = low.hold.value.producer;
    expect(high.hold.value.producer).toBe(far);
    await prefer(low, { spatialLayer: 0, temporalLayer: 2 });
    await prefer(high, { spatialLayer: 1, temporalLayer: 0 });
    await eventually(() => layersOf(low) === '0:2' && layersOf(high) === '1:0');
    await eventually(async () => (await arriving(far)) === '0:0 0:1 0:2 1:0 1:1 1:2');
    high.consumer.close();
    high.hold.release();
    await eventually(async () => (await arriving(far)) === UP_TO['0:2']);
  });
});

test('temporal layers of a single VP8 stream cross as far as they are wanted', async () => {
  const { sink } = joinRouters(from, to);
  const { producer, peer } = await from.publish('video', svcParameters(5021, 'video/VP8', 'L1T3'));
  streams.push(sendVp8Temporal({ peer, ssrc: 5021 }));
  expect(laneOf(producer)).toBe('layered');
  const viewer = await view(to, sink, producer);
  const far = viewer.hold.value.producer;
  await eventually(() => layersOf(viewer) === '0:2');
  await eventually(async () => (await arriving(far)) === UP_TO['0:2']);
  await prefer(viewer, { spatialLayer: 0, temporalLayer: 0 });
  await eventually(async () => (await arriving(far)) === UP_TO['0:0']);
  expect(layersOf(viewer)).toBe('0:0');
  await prefer(viewer, { spatialLayer: 0, temporalLayer: 2 });
  await eventually(() => layersOf(viewer) === '0:2');
});

test.each([
  ['K-SVC, of which a consumer gets one layer', 'L3T3_KEY', 'whole'],
  ['a stream without layers', 'L1T1', 'whole'],
  ['temporal layers alone', 'L1T3', 'layered'],
] as const)('%s takes the lane that can carry it', async (_, scalabilityMode, lane) => {
  const { producer } = await from.publish('video', svcParameters(5031, 'video/VP9', scalabilityMode));
  expect(laneOf(producer)).toBe(lane);
});
