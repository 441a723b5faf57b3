// The process of an upstream that is ended and started again at the same ports: the sample server with the console.
import type { FirmwareShelf } from '../../src/demo/firmware-shelf.ts';
import { type JavaUpstream, startJavaUpstream } from '../../src/demo/upstream-java.ts';
import { answerCalls } from './child.ts';
import { macOf } from './device-words.ts';
import { BOARD, type ImageName, imageOf } from './firmware.ts';

export type RestartablePlan = {
  image: ImageName;
  /** That many are bound to the console. */
  devices: number;
  port: number;
  voicePort: number;
};

let server: JavaUpstream | null = null;

const calls = {
  start: async ({ image, devices, port, voicePort }: RestartablePlan): Promise<void> => {
    const shelf: FirmwareShelf = new Map([[BOARD, { version: image.version, bytes: imageOf(image) }]]);
    const bound = Array.from({ length: devices }, (_, index) => [macOf(index), { board: BOARD }] as const);
    const otaUrl = 'http://172.18.0.5:8002/xiaozhi/ota/';
    server = await startJavaUpstream({ firmware: shelf, otaUrl, devices: new Map(bound), port, voicePort });
  },
  isUp: (): boolean => server !== null,
};

export type RestartableCalls = typeof calls;

answerCalls(calls);
