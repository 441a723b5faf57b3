// Owns the words for what needs the operator: a title, and what it means or what to do.
import type { TroubleKind } from '../api.ts';

type Pair = readonly [title: string, text: string];

const en = {
  title: 'What needs you',
  look: 'Look',
  noGate: ['No gate process serves', 'Devices and browsers get no answer. The log says why.'] as Pair,
  gateReplaced: (name: string, times: number): Pair => [
    `${name} was replaced ${times === 1 ? 'once' : `${times} times`}`,
    'A gate process ended and another took its place. The log says why.',
  ],
  certificateEnded: (name: string): Pair => [
    `The certificate of ${name} has ended`,
    'Browsers refuse it. Devices look at the root, not at the date.',
  ],
  certificateEnds: (name: string, days: number): Pair => [
    `The certificate of ${name} ends in ${days === 1 ? '1 day' : `${days} days`}`,
    'It is not renewed by itself: bring a new one before that.',
  ],
  certificateFailing: (name: string, times: number, error: string): Pair => [
    `The certificate of ${name} could not be obtained (${times} ×)`,
    error,
  ],
  certificateFinding: (name: string, what: string, detail: string): Pair => [`${name}: ${what}`, detail],
  uncovered: (names: string): Pair => [`No certificate for ${names}`, 'A device would meet a wrong name and give up.'],
  upstreamErrors: (times: number): Pair => [
    `${times} ${times === 1 ? 'request' : 'requests'} failed in the last 5 minutes`,
    'An upstream does not answer, or answers with errors. The log names it.',
  ],
  serverDown: (upstream: string, origin: string): Pair => [
    `${origin} is left out of ${upstream}`,
    'It does not answer our looks. Is it running, and is the address right?',
  ],
  /** The detail behind it names the subject, and what to do. */
  troubles: {
    'certificate-not-renewed': 'Certificate not renewed',
    'upstream-down': 'Upstream down',
    'rollout-stopped': 'Rollout stopped',
    'device-failing': 'Device fails to update',
    'disk-low': 'Disk almost full',
    'backup-failed': 'Backup failed',
    'store-gone': 'Redis cannot be reached',
  } satisfies Record<TroubleKind, string>,
  openingLasts: (route: string, until: string, everyone: boolean): Pair => [
    `${route} is open to plain HTTP until ${until}`,
    everyone ? 'From everywhere: whoever sits on the line can hand out firmware meanwhile.' : '',
  ],
  devicesFailed: (count: number): Pair => [
    count === 1 ? 'One device fails to update' : `${count} devices fail to update`,
    'Each device’s page says what happened.',
  ],
  devicesWithheld: (count: number): Pair => [
    count === 1 ? 'An update is withheld from one device' : `Updates are withheld from ${count} devices`,
    'The offered firmware would not run there, or would harm. Each device’s page says why.',
  ],
  imageMerged: (fileName: string): Pair => [
    `${fileName} is a merged image`,
    'No device can take it over the air. The app can be cut out of it.',
  ],
  fillsFailed: (times: number): Pair => [
    times === 1 ? 'One firmware could not be fetched' : `Firmware could not be fetched ${times} times`,
    'It was corrupt, of a wrong kind, or the upstream broke off. The log says which.',
  ],
  storeFull: (share: string): Pair => [
    `The firmware store is ${share} full`,
    'The oldest images go when room is needed; pinned and current ones stay.',
  ],
  handshakes: (times: number, reason: string): Pair => [
    `${times} TLS ${times === 1 ? 'handshake' : 'handshakes'} failed since the start`,
    `Mostly: ${reason}`,
  ],
  eventsDropped: (count: number): Pair => [
    `${count} events were lost`,
    'More happened than could be told; counts and histories have gaps.',
  ],
  gatewaysUnknown: [
    'This system does not tell its gateways',
    'If clients from outside arrive from one, they count as LAN.',
  ] as Pair,
};

const zh: typeof en = {
  title: '需要处理的事项',
  look: '查看',
  noGate: ['没有网关进程在服务', '设备和浏览器都得不到响应，原因见日志。'],
  gateReplaced: (name, times) => [`${name} 被替换了 ${times} 次`, '网关进程退出后已由新进程接替，原因见日志。'],
  certificateEnded: (name) => [`${name} 的证书已过期`, '浏览器会拒绝；设备只验证根证书，不看日期。'],
  certificateEnds: (name, days) => [`${name} 的证书将在 ${days} 天后到期`, '它不会自动续期，请在此之前更换。'],
  certificateFailing: (name, times, error) => [`${name} 的证书申请失败（${times} 次）`, error],
  certificateFinding: (name, what, detail) => [`${name}：${what}`, detail],
  uncovered: (names) => [`${names} 没有证书`, '设备会遇到域名不符而放弃连接。'],
  upstreamErrors: (times) => [`最近 5 分钟有 ${times} 个请求失败`, '某个上游没有响应或返回错误，日志中有其名称。'],
  serverDown: (upstream, origin) => [
    `${origin} 已从 ${upstream} 中跳过`,
    '它没有回应健康检查：请确认它在运行、地址正确。',
  ],
  troubles: {
    'certificate-not-renewed': '证书未能续期',
    'upstream-down': '上游没有响应',
    'rollout-stopped': '分批推送已停止',
    'device-failing': '设备升级失败',
    'disk-low': '磁盘空间不足',
    'backup-failed': '备份失败',
    'store-gone': '无法连接 Redis',
  },
  openingLasts: (route, until, everyone) => [
    `${route} 对明文 HTTP 放行至 ${until}`,
    everyone ? '对所有来源放行：期间链路上的任何人都可能下发固件。' : '',
  ],
  devicesFailed: (count) => [`${count} 台设备升级失败`, '各设备页面说明了原因。'],
  devicesWithheld: (count) => [`有 ${count} 台设备的更新被扣留`, '所下发的固件在其上无法运行或有害，原因见设备页面。'],
  imageMerged: (fileName) => [`${fileName} 是合并固件`, '任何设备都无法通过 OTA 使用它，可以从中提取应用。'],
  fillsFailed: (times) => [`固件获取失败 ${times} 次`, '文件损坏、类型不符，或上游中断，详见日志。'],
  storeFull: (share) => [`固件仓库已用 ${share}`, '需要空间时最旧的会被移除；固定的和当前的会保留。'],
  handshakes: (times, reason) => [`启动以来有 ${times} 次 TLS 握手失败`, `主要原因：${reason}`],
  eventsDropped: (count) => [`丢失了 ${count} 个事件`, '事件过多，统计与历史会有缺口。'],
  gatewaysUnknown: ['系统未告知网关地址', '如果外部客户端经由网关到达，会被视为局域网。'],
};

export const concerns = { en, zh };
