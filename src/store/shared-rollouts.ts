// Owns rollouts that several machines share: what they are goes the way of records, who is in them is agreed on in one
// step, and every machine has a copy of that, too.
import type { Agreement } from './agreement.ts';
import type { KeptFleet, KeptRollout, RolloutStore } from './rollout-store.ts';
import type { Shared } from './shared-state.ts';

/** Tells the other machines who was let in. */
export type TellMember = (rollout: string, device: string) => void;

// The limit was held where it was agreed on.
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export function shareRollouts(
  local: RolloutStore,
  shared: Pick<Shared, 'put'>,
  agreement: Agreement,
  tell: TellMember,
): RolloutStore {
  const setOf = (name: string): string => `rollout/${name}`;
  return {
    ...local,
    put: async (kept) => {
      await local.put(kept);
      shared.put(`rollout/${kept.name}`, kept);
    },
    remove: async (name) => {
      await local.remove(name);
      shared.put(`rollout/${name}`, null);
      await agreement.forget(setOf(name));
    },
    admit: async (name, device, limit) => {
      // One that is in it stays, whether anybody can be asked or not.
      if (await local.admit(name, device, 0)) return true;
      const answer = await agreement.admit(setOf(name), device, limit, () => local.memberNames(name));
      if (answer !== 'in') return false;
      await local.admit(name, device, NO_LIMIT);
      tell(name, device);
      return true;
    },
    putFleet: async (fleet) => {
      await local.putFleet(fleet);
      shared.put(`fleet/${fleet.board}`, fleet);
    },
  };
}

/** Takes what another machine changed; what comes from there was sealed by one of ours. */
export async function takeRollout(local: RolloutStore, name: string, value: unknown): Promise<void> {
  const [kind, ...rest] = name.split('/');
  const id = rest.join('/');
  if (kind === 'rollout' && value === null) await local.remove(id);
  else if (kind === 'rollout') await local.put(value as KeptRollout);
  else if (kind === 'fleet' && value !== null) await local.putFleet(value as KeptFleet);
}

/** Takes one that another machine let in. */
export async function takeMember(local: RolloutStore, rollout: string, device: string): Promise<void> {
  await local.admit(rollout, device, NO_LIMIT);
}

/** Tells what stands in the state and not in the copy. */
export async function tellRollouts(local: RolloutStore, shared: Pick<Shared, 'put' | 'read'>): Promise<void> {
  for (const kept of await local.all())
    if (shared.read(`rollout/${kept.name}`) === null) shared.put(`rollout/${kept.name}`, kept);
  for (const fleet of await local.fleets())
    if (shared.read(`fleet/${fleet.board}`) === null) shared.put(`fleet/${fleet.board}`, fleet);
}
