// Owns the bound on devices that nobody knows yet: anyone can send any Device-Id, and one somebody must not take all the
// places of a wave with names that were made up.
import { clientNetwork } from '../ota/client-network.ts';

/** Of one rollout: each network, and the devices that were let in from there before they had proved themselves. */
type ByNetwork = Map<string, Set<string>>;

export class Newcomers {
  readonly #rollouts = new Map<string, ByNetwork>();

  /**
   * Lets a newcomer have a place by `admit`, where those from its network have less than their share of `limit` places:
   * one part of as many as there are networks needed to stop a rollout. So it holds no more than were let in.
   */
  async admit(
    rollout: string,
    { device, client }: { device: string; client: string },
    { limit, networks }: { limit: number; networks: number },
    admit: (limit: number) => Promise<boolean>,
  ): Promise<boolean> {
    const devices = this.#from(rollout, clientNetwork(client));
    if (devices.has(device)) return admit(limit);
    // Who is in already stays in, whatever the others from there have taken.
    if (devices.size >= Math.ceil(limit / networks)) return admit(0);
    // Before the answer: those that ask at the same time count, too.
    devices.add(device);
    const admitted = await admit(limit);
    if (!admitted) devices.delete(device);
    if (devices.size === 0) this.#rollouts.get(rollout)?.delete(clientNetwork(client));
    return admitted;
  }

  /** Forgets the rollouts that stand no longer. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#rollouts.keys()) if (!names.has(name)) this.#rollouts.delete(name);
  }

  #from(rollout: string, network: string): Set<string> {
    const networks: ByNetwork = this.#rollouts.get(rollout) ?? new Map();
    this.#rollouts.set(rollout, networks);
    const devices = networks.get(network) ?? new Set();
    networks.set(network, devices);
    return devices;
  }
}
