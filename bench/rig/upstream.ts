// The process of an upstream: a sample server with firmware, behind a narrow line that counts what goes over it.

import type { FirmwareShelf } from '../../src/demo/firmware-shelf.ts';
import { startJavaUpstream } from '../../src/demo/upstream-java.ts';
import { startPythonUpstream } from '../../src/demo/upstream-python.ts';
import { answerCalls } from './child.ts';
import { macOf } from './device-words.ts';
import { BOARD, type ImageName, imageOf } from './firmware.ts';
import { type LineCounts, type NarrowLine, noCounts, openLine } from './narrow-line.ts';

export type UpstreamKind = 'java' | 'python';

export type UpstreamPlan = {
  kind: UpstreamKind;
  image: ImageName;
  /** That many are bound to the console, which takes part in the Java server alone. */
  devices: number;
  bytesPerSecond: number | null;
};

const shelf: FirmwareShelf = new Map();
let line: NarrowLine | null = null;

/** What the measurement asks of it. */
const calls = {
  start: async (plan: UpstreamPlan): Promise<{ port: number; voicePort: number }> => {
    calls.publish(plan.image);
    // Links by one-time UUIDs, with an address that no device can reach, as servers in containers make them.
    const server =
      plan.kind === 'java'
        ? await startJavaUpstream({
            firmware: shelf,
            otaUrl: 'http://172.18.0.5:8002/xiaozhi/ota/',
            devices: new Map(Array.from({ length: plan.devices }, (_, index) => [macOf(index), { board: BOARD }])),
          })
        : await startPythonUpstream({ firmware: shelf, visionExplain: 'http://172.18.0.7:8003/mcp/vision/explain' });
    line = await openLine(Number(new URL(server.origin).port), plan.bytesPerSecond);
    return { port: line.port, voicePort: Number(new URL(server.voiceOrigin ?? server.origin).port) };
  },
  /** Puts another image in the place of the one before, as an operator does. */
  publish: (image: ImageName): void => void shelf.set(BOARD, { version: image.version, bytes: imageOf(image) }),
  counts: (): LineCounts => line?.counts() ?? noCounts(),
  forget: (): void => line?.forget(),
};

export type UpstreamCalls = typeof calls;

answerCalls(calls);
