// The process of a herd: devices that all begin within a moment, each with its check and then its download.
import { answerCalls } from '../rig/child.ts';
import { downloadOf, type Ending, exchangeOnce, type Patience, type Way } from '../rig/device-client.ts';
import { checkOf, offerIn } from '../rig/device-words.ts';
import { type ImageName, imageOf, isPartOf } from '../rig/firmware.ts';

export type HerdPlan = {
  way: Way;
  devices: number;
  /** All checks begin within it. */
  withinMs: number;
  image: ImageName;
  /** What a device waits for the next byte. */
  silenceMs: number;
  /** The measurement ends here; who is not done is counted as such. */
  limitMs: number;
};

/** Times of one device. */
export type Member = {
  outcome: Ending | 'no-offer' | 'refused' | 'other-bytes' | 'identical';
  /** Of what was under way at its end. */
  stage: 'check' | 'download';
  because: string;
  status: number;
  bytes: number;
  /** From the moment in which the connection for its GET stood, its handshake with it; null where no byte of an image came. */
  firstByteMs: number | null;
  /** Until that moment, from the beginning of the connection. */
  connectMs: number;
  /** From the beginning of the first check of all. */
  doneMs: number;
  longestGapMs: number;
};

const calls = {
  run: async (plan: HerdPlan): Promise<Member[]> => {
    const image = imageOf(plan.image);
    const startedMs = performance.now();
    const patience: Patience = { silenceMs: plan.silenceMs, signal: AbortSignal.timeout(plan.limitMs) };
    return Promise.all(
      Array.from({ length: plan.devices }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index * plan.withinMs) / plan.devices));
        const member = await upgrade(plan.way, index, image, patience);
        return { ...member, doneMs: performance.now() - startedMs };
      }),
    );
  },
};

async function upgrade(way: Way, index: number, image: Buffer, patience: Patience): Promise<Omit<Member, 'doneMs'>> {
  const parts: Buffer[] = [];
  const checked = await exchangeOnce(way, checkOf(index), patience, (part) => void parts.push(part));
  const { because } = checked;
  const failed = {
    stage: 'check' as const,
    because,
    status: checked.status,
    bytes: 0,
    firstByteMs: null,
    connectMs: 0,
    longestGapMs: 0,
  };
  if (checked.end !== 'complete') return { outcome: checked.end, ...failed };
  const offer = offerIn(Buffer.concat(parts));
  if (offer === null) return { outcome: 'no-offer', ...failed };
  let identical = true;
  const got = await exchangeOnce(way, downloadOf(offer.path), patience, (part, offset) => {
    identical &&= isPartOf(image, part, offset);
  });
  const { end, status, bytes, longestGapMs } = got;
  const firstByteMs = status === 200 ? got.firstByteMs : null;
  const whole = end === 'complete' && identical && bytes === image.length;
  const outcome =
    end !== 'complete' ? end : status !== 200 ? ('refused' as const) : whole ? ('identical' as const) : 'other-bytes';
  return {
    outcome,
    stage: 'download',
    because: got.because,
    status,
    bytes,
    firstByteMs,
    connectMs: got.connectMs,
    longestGapMs,
  };
}

export type HerdCalls = typeof calls;

answerCalls(calls);
