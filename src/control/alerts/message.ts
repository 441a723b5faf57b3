// Owns what a webhook is sent: a notice as the request that its target understands, signed where the target does it. Pure.
import { createHmac } from 'node:crypto';
import type { AlertFormat, AlertKind, WebhookConfig } from '../../config/alerts.ts';
import type { Notice } from '../notices.ts';

/** A notice, or the trial of a target that `otagate alerts test` sends. */
export type Alert = Omit<Notice, 'kind'> & { kind: AlertKind | 'test' };

export type AlertRequest = { url: URL; headers: Record<string, string>; body: string };

// What the strictest target takes (企业微信: 2048 bytes of text).
const MAX_TEXT_BYTES = 2_000;

const KINDS: Record<WebhookConfig['language'], Record<Alert['kind'], string>> = {
  en: {
    'certificate-not-renewed': 'Certificate not renewed',
    'upstream-down': 'Upstream down',
    'rollout-stopped': 'Rollout stopped',
    'device-failing': 'Device fails to upgrade',
    'disk-low': 'Disk almost full',
    'backup-failed': 'Backup failed',
    'store-gone': 'Redis is gone',
    test: 'Test',
  },
  zh: {
    'certificate-not-renewed': '证书未能续期',
    'upstream-down': '上游服务器无响应',
    'rollout-stopped': '发布已自动停止',
    'device-failing': '设备反复升级失败',
    'disk-low': '磁盘空间不足',
    'backup-failed': '备份失败',
    'store-gone': '无法连接 Redis',
    test: '测试消息',
  },
};

/**
 * The request that tells `alert` to a webhook. `gate` is the main domain, `nowMs` milliseconds since the epoch.
 * Sources: 企业微信 群机器人, 钉钉 自定义机器人 (加签), 飞书 自定义机器人 (签名校验), Slack incoming webhooks.
 */
export function alertRequest(alert: Alert, webhook: WebhookConfig, gate: string, nowMs: number): AlertRequest {
  const url = new URL(webhook.webhook);
  const text = alertText(alert, webhook.language, gate);
  const { signingKey: key } = webhook;
  switch (webhook.format) {
    case 'json': {
      const body = JSON.stringify({ ...withoutMs(alert), gate, text });
      const at = String(Math.floor(nowMs / 1000));
      const signed = key === null ? {} : { 'x-otagate-signature': `sha256=${hmac(key, `${at}.${body}`, 'hex')}` };
      return { url, headers: { ...JSON_HEADERS, 'x-otagate-timestamp': at, ...signed }, body };
    }
    case 'wecom':
      return plain(url, { msgtype: 'text', text: { content: text } });
    case 'dingtalk': {
      if (key !== null) {
        url.searchParams.set('timestamp', String(nowMs));
        url.searchParams.set('sign', hmac(key, `${nowMs}\n${key}`, 'base64'));
      }
      return plain(url, { msgtype: 'text', text: { content: text } });
    }
    case 'feishu': {
      const at = String(Math.floor(nowMs / 1000));
      const signed = key === null ? {} : { timestamp: at, sign: hmac(`${at}\n${key}`, '', 'base64') };
      // Its text knows tags, such as one that calls everybody.
      const harmless = text.replaceAll('<', '＜').replaceAll('>', '＞');
      return plain(url, { ...signed, msg_type: 'text', content: { text: harmless } });
    }
    case 'slack':
      return plain(url, { text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') });
  }
}

/** Why a target did not take the message, or null where it did. These services say no with status 200. */
export function refusalOf(format: AlertFormat, status: number, body: string): string | null {
  if (status < 200 || status > 299) return `status ${status}`;
  if (format === 'json' || format === 'slack') return null;
  let answer: Record<string, unknown>;
  try {
    answer = Object(JSON.parse(body)) as Record<string, unknown>;
  } catch {
    return 'an answer that is not JSON: is this the URL of such a robot?';
  }
  const code = answer.errcode ?? answer.code ?? answer.StatusCode;
  if (code === 0) return null;
  return `code ${String(code)}: ${String(answer.errmsg ?? answer.msg ?? '')}`;
}

function alertText(alert: Alert, language: WebhookConfig['language'], gate: string): string {
  const over = { en: 'Over: ', zh: '已恢复：' }[language];
  const title = `[otagate ${gate}] ${alert.state === 'over' ? over : ''}${KINDS[language][alert.kind]}: ${alert.subject}`;
  return cut(`${title}\n${alert.detail}\n${new Date(alert.atMs).toISOString()}`);
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_TEXT_BYTES) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, MAX_TEXT_BYTES)).replace(/�+$/, '')}…`;
}

function withoutMs({ atMs, ...alert }: Alert): Omit<Alert, 'atMs'> & { at: string } {
  return { ...alert, at: new Date(atMs).toISOString() };
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

function plain(url: URL, body: unknown): AlertRequest {
  return { url, headers: JSON_HEADERS, body: JSON.stringify(body) };
}

function hmac(key: string, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', key).update(text).digest(encoding);
}
