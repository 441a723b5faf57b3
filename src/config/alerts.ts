// Owns the alert keys of the file: who is told of trouble, in which form, and when the disk counts as low.
import { z } from 'zod';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { readInteger } from './reading.ts';
import { secret, secretFile } from './secret-keys.ts';
import { type AsWritten, type SecretSource, type Secrets, secretAt, writeSecret } from './secrets.ts';
import { between, readDuration, readSize, writeDuration, writeSize } from './units.ts';

export const ALERT_FORMATS = ['json', 'wecom', 'dingtalk', 'feishu', 'slack'] as const;
export type AlertFormat = (typeof ALERT_FORMATS)[number];

/** The troubles by which a webhook can be narrowed. Stable: people filter by them. */
export const ALERT_KINDS = [
  'certificate-not-renewed',
  'upstream-down',
  'rollout-stopped',
  'device-failing',
  'disk-low',
  'backup-failed',
  'store-gone',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export type WebhookConfig = {
  /** Holds the target's token where that is how it knows its callers. */
  webhook: string;
  format: AlertFormat;
  /** Signs what is sent, where the format knows signatures. */
  signingKey: string | null;
  kinds: AlertKind[];
  language: 'en' | 'zh';
};

export type AlertsConfig = {
  webhooks: WebhookConfig[];
  /** Less than this free on the disk of `stateDir` is told. */
  diskFreeBytes: number;
  /** How long an upstream must have failed without a break before it is told. */
  upstreamDownMs: number;
  /** The failures in a row of one device that are told. */
  deviceFailures: number;
};

const PLACE = ['alerts', 'webhooks'];
const SECOND = 1000;
const [MIB, TIB] = [1024 ** 2, 1024 ** 4];

const webhookSchema = z
  .strictObject({
    webhook: secret('webhook', 'The https URL that is posted to. It is a secret: whoever has it can post.'),
    webhookFile: secretFile('webhook'),
    format: z.enum(ALERT_FORMATS).prefault('json').meta({
      description: 'json: otagate’s own. wecom: 企业微信. dingtalk: 钉钉. feishu: 飞书. slack: Slack.',
    }),
    signingKey: secret('signingKey', 'Signs what is sent: with json, dingtalk and feishu.'),
    signingKeyFile: secretFile('signingKey'),
    kinds: z
      .array(z.enum(ALERT_KINDS))
      .min(1)
      .max(ALERT_KINDS.length)
      .optional()
      .meta({ description: 'Only these troubles. Left out: all.' }),
    language: z.enum(['en', 'zh']).optional().meta({
      description: 'The language of the text. Left out: Chinese for 企业微信, 钉钉 and 飞书, else English.',
    }),
  })
  .meta({ description: 'Somebody to tell.' });

export const alertsSchema = z
  .strictObject({
    webhooks: z.array(webhookSchema).max(10).prefault([]).meta({ description: 'Who is told.' }),
    diskFree: leaf(between(readSize, MIB, TIB, writeSize), {
      description: 'Less room than this on the disk of stateDir is told. From 1MiB to 1TiB.',
      ...NUMBER_OR_TEXT,
    }).prefault('512MiB'),
    upstreamDown: leaf(between(readDuration, SECOND, 86_400 * SECOND, writeDuration), {
      description: 'An upstream that failed for that long without a break is told. From 1s to 24h.',
      type: 'string',
    }).prefault('1m'),
    deviceFailures: leaf(readInteger('a number', 1, 100), {
      description: 'A device that failed so often in a row to upgrade to one version is told. From 1 to 100.',
      ...NUMBER_OR_TEXT,
    }).prefault(3),
  })
  .prefault({})
  .meta({ description: 'Tells somebody of trouble that does not go away by itself.' });

/** The alert keys of the file under their names inside, with their secrets in place. */
export function alertsFrom(input: z.output<typeof alertsSchema>, secrets: Secrets): AlertsConfig {
  return {
    webhooks: input.webhooks.map((each, index) => {
      const signingKey = secretAt(secrets, [...PLACE, index, 'signingKey'], each.signingKey);
      const chinese = ['wecom', 'dingtalk', 'feishu'].includes(each.format);
      return {
        webhook: secretAt(secrets, [...PLACE, index, 'webhook'], each.webhook),
        format: each.format,
        signingKey: signingKey === '' ? null : signingKey,
        kinds: each.kinds ?? [...ALERT_KINDS],
        language: each.language ?? (chinese ? 'zh' : 'en'),
      };
    }),
    diskFreeBytes: input.diskFree,
    upstreamDownMs: input.upstreamDown,
    deviceFailures: input.deviceFailures,
  };
}

/** The alert keys as the file writes them. */
export function writeAlerts(alerts: AlertsConfig, sources: Record<string, SecretSource>) {
  return {
    webhooks: alerts.webhooks.map(({ webhook, signingKey, ...plain }, index): Record<string, unknown> => {
      const place = [...PLACE, index];
      const written: Record<string, string | AsWritten> = {
        ...writeSecret(place, 'webhook', webhook, sources),
        ...writeSecret(place, 'signingKey', signingKey ?? undefined, sources),
      };
      return { ...written, ...plain };
    }),
    diskFree: writeSize(alerts.diskFreeBytes),
    upstreamDown: writeDuration(alerts.upstreamDownMs),
    deviceFailures: alerts.deviceFailures,
  };
}
