// Owns the words of `otagate alerts`, in both languages.
import type { AlertKind } from '../config/alerts.ts';

export const alertWords = {
  kinds: {
    'certificate-not-renewed': 'cert',
    'upstream-down': 'upstream',
    'rollout-stopped': 'rollout',
    'device-failing': 'device',
    'disk-low': 'disk',
    'backup-failed': 'backup',
    'store-gone': 'store',
  } satisfies Record<AlertKind, string>,
  none: 'nothing needs you',
  trouble: (detail: string, since: string) => `${detail} (since ${since})`,
  webhook: 'webhook',
  target: (host: string, format: string, waiting: number, dropped: number, fault: string | null) =>
    [
      `${host} (${format})`,
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
      ...(dropped > 0 ? [`${dropped} dropped`] : []),
      ...(fault === null ? [] : [`the last one was not taken: ${fault}`]),
    ].join(', '),
  nobody: 'nobody is told: alerts.webhooks in the configuration names who is',
  taken: (host: string) => `${host} took the message`,
  notTaken: (host: string, fault: string) => `${host} did not take the message: ${fault}`,
};

export const alertWordsZh: typeof alertWords = {
  kinds: {
    'certificate-not-renewed': '证书',
    'upstream-down': '上游',
    'rollout-stopped': '发布',
    'device-failing': '设备',
    'disk-low': '磁盘',
    'backup-failed': '备份',
    'store-gone': '状态存储',
  },
  none: '没有需要处理的问题',
  trouble: (detail, since) => `${detail}（自 ${since}）`,
  webhook: '通知目标',
  target: (host, format, waiting, dropped, fault) =>
    [
      `${host}（${format}）`,
      ...(waiting > 0 ? [`${waiting} 条待发`] : []),
      ...(dropped > 0 ? [`${dropped} 条已丢弃`] : []),
      ...(fault === null ? [] : [`上一条未被接收：${fault}`]),
    ].join('，'),
  nobody: '不会通知任何人：请在配置的 alerts.webhooks 中写明通知谁',
  taken: (host) => `${host} 已接收消息`,
  notTaken: (host, fault) => `${host} 没有接收消息：${fault}`,
};
