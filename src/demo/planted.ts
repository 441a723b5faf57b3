// Owns the demo's planted faults: firmware that would brick a device, make it loop or fail, and what has to be said of each.
import type { OfferRule } from '../config/offers.ts';
import type { UpgradeOutcome } from '../device/device.ts';
import { Device } from '../device/device.ts';
import type { ShelvedFirmware } from './firmware-shelf.ts';
import type { Gate } from './fleet.ts';
import { buildImage } from './image.ts';

export type Planted = { what: string; board: string; mac: string; rule: OfferRule; firmware: ShelvedFirmware };

const RUNS = '1.8.1';
const PROMISED = '1.9.0';
const IMAGE_BYTES = 400_000;
// A device that loops would do so at every boot: this many tell.
const BOOTS = 4;
// A transfer that breaks off is known by its second fill, which a slow machine may come to a boot or two later.
const MOST_BOOTS = 8;
// Three tries for each download that breaks off, and the next goes on from there: in eight boots, it is not whole yet.
const TRANSFER_BYTES = 12_000;

/** Each on a board of its own, so that one fault hides no other. */
export function plantedFaults(): Planted[] {
  const planted = (what: string, index: number, rule: OfferRule, version: string, bytes: Buffer): Planted => ({
    what,
    board: `${what.replaceAll(' ', '-')}-board`,
    mac: `02:00:00:00:fa:0${index}`,
    rule,
    firmware: { version, bytes },
  });
  const image = (options: Partial<Parameters<typeof buildImage>[0]>): Buffer =>
    buildImage({ version: PROMISED, size: IMAGE_BYTES, ...options });
  return [
    planted('wrong chip', 1, 'other-chip', PROMISED, image({ fault: 'wrong-chip' })),
    planted('merged image', 2, 'merged', PROMISED, image({ fault: 'merged' })),
    planted('truncated file', 3, 'corrupt', PROMISED, image({ fault: 'truncated' })),
    // After the upgrade it runs 1.8.9, and is offered 1.9.0 again: so at every boot, for ever.
    planted('older inside', 4, 'version-mismatch', PROMISED, image({ version: '1.8.9' })),
    {
      ...planted('transfer cut', 6, 'unavailable', PROMISED, image({ seed: 'cut' })),
      firmware: { version: PROMISED, bytes: image({ seed: 'cut' }), truncateAt: TRANSFER_BYTES },
    },
    planted('version v2.1', 5, 'crashing-version', 'v2.1', image({ version: 'v2.1' })),
  ];
}

/** A device of this board boots several times: what came of each boot, and what it runs in the end. */
export async function bootThrough(
  { board, mac, firmware }: Planted,
  gate: Gate,
): Promise<{ outcomes: UpgradeOutcome[]; runs: string }> {
  // The oldest generation: it crashes where later ones only fail.
  const device = new Device({
    generation: 'legacy',
    version: RUNS,
    board,
    mac,
    trust: [gate.root],
    lookup: () => '127.0.0.1',
  });
  const outcomes: UpgradeOutcome[] = [];
  const isKnown = (): boolean => firmware.truncateAt === undefined || outcomes.at(-1)?.outcome === 'current';
  for (let boot = 0; boot < BOOTS || (boot < MOST_BOOTS && !isKnown()); boot += 1)
    outcomes.push(await device.upgrade(`https://${gate.domains.python}:${gate.https}/xiaozhi/ota/`));
  return { outcomes, runs: device.version };
}

/**
 * Whether the device came through all its boots unharmed: nothing was offered, and it runs what it ran. A transfer that
 * breaks off is seen only once somebody has tried: until then, it is offered.
 */
export function isUnharmed(
  { firmware }: Planted,
  { outcomes, runs }: { outcomes: readonly UpgradeOutcome[]; runs: string },
): boolean {
  const judged = firmware.truncateAt === undefined ? outcomes : outcomes.slice(-1);
  return runs === RUNS && judged.every(({ outcome }) => outcome === 'current');
}
