// Owns the checks of rollouts between keys: names once, and what each action needs.
import type { Report } from './finding.ts';
import { listOf, memberOf, textOf } from './loose.ts';
import { ROLLOUT_ACTIONS } from './rollouts.ts';

/** Reports every fault between the keys of rollouts. */
export function rolloutFaults(raw: unknown, report: Report): void {
  const seen = new Map<string, number>();
  for (const [index, rollout] of listOf(memberOf(raw, 'rollouts')).entries()) {
    const place = ['rollouts', index];
    const name = textOf(memberOf(rollout, 'name'));
    const first = name === undefined ? undefined : seen.get(name);
    if (name !== undefined && first === undefined) seen.set(name, index);
    if (first !== undefined)
      report([...place, 'name'], { problem: `is the name of rollouts[${first}]`, expected: 'each name once' });
    const action = ROLLOUT_ACTIONS.find((known) => known === textOf(memberOf(rollout, 'action')));
    if (action === undefined) continue;
    const has = (key: string): boolean => memberOf(rollout, key) !== undefined;
    if ((action === 'pin' || action === 'via') && !has('version'))
      report([...place, 'version'], { problem: 'is missing', expected: `the version that ${action} offers` });
    if (action === 'via' && !has('below'))
      report([...place, 'below'], { problem: 'is missing', expected: 'the version that devices must have to skip it' });
    for (const key of ['below', 'waves', 'version'] as const) {
      const useless = (key === 'below' && action !== 'via') || (key !== 'below' && action === 'hold');
      if (useless && has(key))
        report([...place, key], { problem: `has no effect with action: ${action}`, expected: 'to be left out' });
    }
  }
}
