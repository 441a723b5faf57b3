// Owns a reload: the configuration read again, kept out with every fault, or applied without closing anything.
import { errorText } from '../base/errors.ts';
import type { Log, OpenedLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import type { Admin } from './admin/admin.ts';
import { warn } from './announce.ts';
import { changedForGood, changedKeys } from './config-change.ts';
import type { Publisher } from './publisher.ts';
import type { ReloadOutcome } from './reload-outcome.ts';

export type Reloading = { opened: OpenedLog; publisher: Publisher; admin: Pick<Admin, 'listen'> | null };

export async function reloadConfiguration({ opened, publisher, admin }: Reloading): Promise<ReloadOutcome> {
  const { log } = opened;
  const { config } = publisher;
  const loaded = loadConfig(config.file);
  if (!loaded.ok) return keptOut(log, loaded.faults.map(formatFinding));
  const fixed = changedForGood(config, loaded.config);
  if (fixed.length > 0)
    return keptOut(
      log,
      fixed.map((key) => `${key} changes only with a restart`),
    );
  const changed = changedKeys(config, loaded.config);
  const faults = await applyAll(loaded.config, publisher, admin).catch((error: unknown) => [errorText(error)]);
  if (faults.length > 0) return keptOut(log, faults);
  const warnings = warn(opened, loaded.warnings);
  log.info(
    { event: 'reload', changed },
    changed.length > 0 ? `reloaded: ${changed.join(', ')} changed` : 'reloaded: nothing changed',
  );
  return { ok: true, changed, warnings };
}

/** The admin interface and the gates, or neither. */
async function applyAll(config: Config, publisher: Publisher, admin: Reloading['admin']): Promise<string[]> {
  const before = publisher.config.listen.admin;
  await admin?.listen(config.listen.admin);
  try {
    const faults = await publisher.apply(config);
    if (faults.length > 0) await admin?.listen(before);
    return faults;
  } catch (error) {
    await admin?.listen(before);
    throw error;
  }
}

function keptOut(log: Log, faults: string[]): ReloadOutcome {
  log.error(
    { event: 'reload-refused', faults },
    `the new configuration is kept out: ${faults.length} fault${faults.length === 1 ? '' : 's'}`,
  );
  return { ok: false, faults };
}
