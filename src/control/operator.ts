// Owns what an operator can ask of the gate and do to it: each action of the admin interface, with who did it.
import type { AdminActions } from './admin/actions.ts';
import type { Alerts } from './alerts/alerts.ts';
import type { Audit } from './audit.ts';
import type { Certificates } from './certificates.ts';
import type { Notices } from './notices.ts';
import type { OpeningDesk } from './opening-desk.ts';
import type { ReloadOutcome } from './reload-outcome.ts';

type Given = Pick<AdminActions, 'status' | 'ready' | 'devices' | 'firmware' | 'doctor' | 'rollouts'>;

export type OperatorParts = Given & {
  reload: () => Promise<ReloadOutcome>;
  openings: OpeningDesk;
  audit: Audit;
  certificates: Certificates;
  notices: Notices;
  alerts: Alerts;
};

export function adminActions(parts: OperatorParts): AdminActions {
  const { reload, openings, audit, certificates, notices, alerts, ...given } = parts;
  return {
    ...given,
    reload: async (who) => {
      const outcome = await reload();
      if (outcome.ok) audit.note('reload', who, outcome.changed.join(', ') || 'nothing changed');
      else audit.note('reload-refused', who, outcome.faults[0] ?? '');
      return outcome;
    },
    openings: () => openings.list(),
    open: (request, who) => openings.open(request, who),
    close: (routeOrId, who) => openings.close(routeOrId, who),
    audit: (limit, before) => audit.list(limit, before),
    note: (what, who, detail) => audit.note(what, who, detail),
    renew: (name, who) => {
      audit.note('certificates-renewed', who, name ?? 'all');
      return certificates.keeper.renew(name);
    },
    root: () => certificates.localRootPem,
    alerts: {
      list: () => ({ lasting: notices.lasting(), targets: alerts.status() }),
      test: () => alerts.test(),
    },
  };
}
