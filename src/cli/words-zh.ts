// Owns the Chinese words of what commands print. A key that is missing here is a type error.
import { alertWordsZh } from './alert-words.ts';
import { deviceWordsZh } from './device-words-zh.ts';
import { doctorWordsZh } from './doctor-words-zh.ts';
import { helpWordsZh } from './help-words-zh.ts';
import { rolloutWordsZh } from './rollout-words-zh.ts';
import type { Words } from './words.ts';

const list = (items: readonly string[]): string => items.join('、');
const whom = (from: readonly string[]): string => list(from) || '所有来源';

export const chinese: Words = {
  help: helpWordsZh,
  devices: deviceWordsZh,
  rollouts: rolloutWordsZh,
  doctor: doctorWordsZh,
  language: 'zh',
  list,
  clauses: (clauses) => clauses.join('；'),
  about: (what, said) => `${what}：${said}`,
  inBrackets: (more) => `（${more}）`,
  units: { day: '天', hour: '小时', minute: '分', second: '秒', between: ' ' },
  who: { 'command line': '命令行', page: '管理页面', configuration: '配置文件', gate: '网关' },

  usage: {
    error: '错误：',
    seeHelp: (command) => `用法见 \`${command} --help\``,
    listHelp: (command) => `所有命令见 \`${command} --help\``,
    meant: (word) => `；您要找的是 ${word} 吗？`,
    unknownCommand: (name) => `没有 ${name} 这个命令`,
    unknownOption: (flag) => `没有 ${flag} 这个选项`,
    missingArgument: (term) => `缺少参数 ${term}`,
    missingOption: (flags) => `缺少选项 ${flags}`,
    missingValue: (flags) => `选项缺少值：${flags}`,
    tooMany: (rest, expected) => `多余的参数：${rest}（${expected === 0 ? '此处不接受参数' : `最多 ${expected} 个`}）`,
    notOneOf: (flag, found, known) => `${flag} ${found}：只能是 ${known} 之一`,
    notCount: (flag, found, least, most) => `${flag} ${found}：请写 ${least} 到 ${most} 之间的整数`,
    notDuration: (flag, found) => `${flag} ${found} 不是可用的时长：请写成 30m、90s 或 2h`,
    notMoment: (flag, found, example) => `${flag} ${found}：请写明日期、时间和时区，例如 ${example}`,
    pastMoment: (flag, found) => `${flag} ${found} 已经过去：省略该选项则立即开始`,
    goesWith: (flag, other) => `${flag} 须与 ${other} 一起使用`,
    notBoth: (flag, other) => `${flag} 与 ${other} 只能用其一`,
    notWithDevice: (flag) => `${flag} 用于筛选设备：请去掉该选项，或去掉设备名`,
    explainUrl: (found, example) => `--explain 需要一个 URL，例如 ${example}，而不是 ${found}`,
    explainFrom: '--explain 须与 --from 地址一起使用，说明请求来自哪里，例如 192.168.1.77 或 203.0.113.9',
  },

  gate: {
    notRunning: (file, socket) =>
      `没有网关在按 ${file} 运行（${socket} 无应答）：请用 \`otagate serve -c ${file}\` 启动`,
    notFound: (file) => `无法从 ${file} 得知其网关所在：请修正该文件，或用 -c 指定一个只含其 stateDir 的文件`,
    notPermitted: (socket) => `当前用户无权访问网关（${socket} 仅限其所有者）：请以运行网关的用户或 root 身份执行`,
    notAsked: (socket, reason) => `无法访问 ${socket} 上的网关：${reason}`,
    noAnswerYet: (wait) => `控制进程尚未应答：正在等待，最多 ${wait}`,
    silent: (socket, reason) =>
      `控制进程在 ${socket} 上没有应答（${reason}）。待其恢复后，所请求的操作仍可能被执行。请检查该进程是否被暂停，或是否在等待 stateDir 所在的磁盘；若一直如此，请重新启动网关`,
    cannotStart: (reason) => `otagate 无法启动：${reason}`,
    reloadRefused: '新配置未被采用，继续使用旧配置：',
    reloaded: (changed) => (changed === '' ? '已重新加载，没有变化' : `已重新加载；有变化的项：${changed}`),
  },

  import: {
    nothing: (file) => `${file} 中没有可以转换的内容`,
    isThere: (file) => `${file} 已存在：请换一个文件名，或先将其移走`,
    notWritten: (file, reason) => `无法写入 ${file}（${reason}）`,
    written: (file) => `已写入 ${file}：请检查内容，然后运行 \`otagate check -c ${file}\``,
  },

  check: {
    warning: '警告',
    well: (file, domains, routes) => `${file} 没有问题：${domains}；${routes} 条路由`,
    lan: (networks, not) => `局域网为 ${networks}，不包括 ${not}，除非在 networks.lan 中单独列出`,
    loopback: '回环地址',
    ownGateway: (address) => `${address}（本机网关）`,
    gatewaysUnknown: '本系统未提供默认网关信息：若客户端经由网关到达，请手动列出局域网网段。',
    explained: (request, from, lan, action) => `${request}，来自 ${from}（${lan ? '局域网' : '非局域网'}）：${action}`,
    because: (why, code) => `原因：${why}（${code}）`,
    refused: (status, code) => `以 ${status} ${code} 拒绝`,
    redirected: (status, location) => `重定向（${status}）到 ${location}`,
    files: (route, path) => `由路由 ${route} 的文件夹提供，路径 ${path}`,
    login: '先要求输入用户名和密码（basicAuth）',
    challenge: '作为 ACME 质询应答',
    admin: (route, path) => `由路由 ${route} 交给管理接口，路径 ${path}`,
    forwarded: (action, route, upstream, path) => `${action}，由路由 ${route} 转到上游 ${upstream}，路径 ${path}`,
  },

  status: {
    labels: {
      gate: '网关',
      listen: '监听',
      stream: '转发流',
      domains: '域名',
      lan: '局域网',
      certificate: '证书',
      acme: 'ACME',
      fault: '故障',
      upstream: '上游',
      openings: '放行',
      opening: '放行',
      worker: '工作进程',
      keeping: '状态存储',
      firmware: '固件',
      checks: 'OTA 检查',
      tls: 'TLS',
    },
    gate: (pid, since, config, snapshot) => `进程 ${pid}，启动于 ${since}，配置 ${config}（快照 ${snapshot}）`,
    serverDown: (origin) => `${origin}（不可用，已跳过）`,
    serverFailed: (origin, failures) => `${origin}（失败 ${failures} 次）`,
    stream: (address, upstream, open) => `${address} 上的 TLS，转发到 ${upstream.join('、')}；当前 ${open} 个连接`,
    listen: (scheme, address, port) => `${scheme}，${address}，外部端口 ${port}`,
    lan: (networks, not) => `${networks}；不算局域网：${not}`,
    gatewaysUnknown: '本系统未提供网关信息：若客户端经由网关到达，将被视为局域网',
    noOpenings: '没有临时放行：明文 HTTP 按路由规则处理',
    opening: (id, route, from, until, left) => `${id}：${route}，${whom(from)}，至 ${until}（剩余 ${left}）`,
    worker: (name, pid, restarts) => `${name}：进程 ${pid}${restarts > 0 ? `，已替换 ${restarts} 次` : ''}`,
    keeping: (server, machine, others, records) =>
      `${server}，本机名 ${machine}${others.length === 0 ? '，暂无其他机器' : `，其他机器：${others.join('、')}`}；${records} 条记录`,
    machineGone: (name, since) => `${name}（已 ${since} 无消息）`,
    storeGone: (server, since, why, records, observations) =>
      `${server} 已 ${since} 无法连接（${why}）：本机以自己的副本继续工作；${records} 项更改和 ${observations} 条观察在等待`,
    storeLosses: (dropped, lost, rebuilt) =>
      `丢弃观察 ${dropped} 条，未读到其他机器的批次 ${lost} 个，丢失后补回 ${rebuilt} 次`,
    store: (images, used, most, filling, downloads) =>
      `${images} 个固件，已用 ${used} MB，上限 ${most} MB；正在获取 ${filling} 个，正在下载 ${downloads} 个`,
    stored: (fetched, saved) => `已获取 ${fetched} 次，免于获取 ${saved} 次`,
    merged: (images) => `${images} 个合并固件，设备无法使用：见 \`otagate firmware list\``,
    checks: (checks, offers, complete, broken) =>
      `${checks} 次，下发 ${offers} 次；下载完成 ${complete} 次，中断 ${broken} 次`,
    handshakes: (reasons) => `握手失败：${reasons}`,
    turnedAway: (reasons) => `未读即关闭的连接：${reasons}`,
  },

  openings: {
    titles: ['ID', '路由', '来源', '开始', '结束', '操作者', '设备', '已升级', '原因'],
    none: '没有临时放行：明文 HTTP 按路由规则处理',
    noneSo: (name) => `没有名为 ${name} 的放行：用 \`otagate openings\` 查看`,
    whom,
    opened: (id, route, from) => `已放行：${id}，路由 ${route}，${whom(from)}`,
    planned: (id, route, from) => `已预定放行：${id}，路由 ${route}，${whom(from)}`,
    lasts: (until, left) => `至 ${until}（剩余 ${left}）`,
    since: (start, until, left) => `${start} 至 ${until}（剩余 ${left}）`,
    begins: (start, until, lasts) => `${start} 至 ${until}（${lasts}）`,
    openedBy: (who) => `操作者：${who}`,
    devices: (came, upgraded) => `${came} 台设备使用，${upgraded} 台已升级`,
    early: (devices, idle) =>
      [devices === null ? '' : `${devices} 台设备升级后`, idle === null ? '' : `连续 ${idle} 无设备使用时`]
        .filter((rule) => rule !== '')
        .join('，或'),
    closesEarly: (rules) => `提前关闭：${rules}`,
    reason: (reason) => `原因：${reason}`,
    closeHint: (id) => `提前关闭：otagate close ${id}`,
    closed: (id, route) => `已关闭：${id}，路由 ${route}`,
    notWritten: (ids) =>
      `${ids} 现已关闭，但 stateDir 所在磁盘无法写入，未能保存：在腾出空间之前，网关重启后可能再次放行。请腾出空间，或使其可写`,
    openSince: '已开始',
    left: (until, left) => `${until}（剩余 ${left}）`,
  },

  audit: {
    titles: ['时间', '操作', '操作者', '详情'],
    none: '还没有操作记录',
    more: (limit) => `最近 ${limit} 条：用 --limit 显示更多`,
    what: {
      opened: '放行',
      closed: '关闭',
      ended: '到时结束',
      used: '首次使用',
      reload: '重新加载',
      'reload-refused': '重新加载被拒绝',
      'certificates-renewed': '证书续期',
      'token-rotated': '更换令牌',
      'logged-in': '登录',
      'firmware-added': '添加固件',
      'firmware-purged': '移除固件',
      'firmware-pinned': '固定固件',
      'firmware-unpinned': '取消固定固件',
      'rollout-made': '新建发布',
      'rollout-held': '暂停发布',
      'rollout-offered': '继续发布',
      'rollout-ended': '结束发布',
      'rollout-rolled-back': '回退',
      'rollout-percent': '更改发布比例',
    },
  },

  certs: {
    none: '没有提供证书：网关只监听明文 HTTP',
    facts: (key, issuer, days, due, length, bytes) =>
      `${key}，签发者 ${issuer}；剩余 ${days} 天${due === null ? '' : `；${due} 起续期`}；证书链 ${length} 张，${bytes} 字节`,
    severity: { fault: '故障', warning: '警告', note: '提示' },
    finding: (severity, what, why, remedy) => `${severity}：${what}。影响：${why}。建议：${remedy}。`,
    failing: (name, keyType, failures, seconds, error) =>
      `${name}（${keyType}）：失败 ${failures} 次，${seconds ?? '?'} 秒后重试：${error}`,
    uncovered: (domain) => `${domain} 没有证书：以此名称访问的设备会中止握手（-0x2700）`,
    renewed: (name) => `已续期：${name}`,
    failed: (fault) => `失败：${fault}`,
    nothingKept: '无需续期：本网关没有自行申请的证书（需设置 email 或 tls.acme）',
    brokenOff: '网关中断了回答；续期可能仍在进行，请用 otagate certs list 查看',
    otherKept: (names) => `无需续期：本网关自行申请的证书是 ${names}`,
    noRoot: '本地 CA 没有签发任何证书：tls.localCa 已关闭，或没有监听 https',
  },

  alerts: alertWordsZh,
  otherVersion: (fault) =>
    `无法显示网关的回答（${fault}）：如果正在运行的网关与本命令版本不同，请重启网关；--json 可原样输出`,

  backup: {
    made: (file, entries, bytes, images) =>
      `${file}：${entries} 个文件，${(bytes / 1e6).toFixed(1)} MB，其中固件 ${images} 个。内含私钥，请勿外传`,
    leftOut: (file) => `未包含（位于别处、不存在、过大，或不是可读的普通文件）：${file}`,
    notMade: (why) => `未能备份：${why}`,
    restored: (config, stateDir, made, version) =>
      `已将 ${config} 与 ${stateDir} 恢复到 ${made} 的状态（otagate ${version}）`,
    movedAside: (place) => `原有内容已移至 ${place}`,
    missing: (file) => `配置引用了备份中没有的文件，请手工放回：${file}`,
    notRestored: (why) => `没有恢复任何内容：${why}`,
    mayRun: (stateDir, socket, reason) =>
      `无法确定 ${stateDir} 上是否有网关在运行：${socket} 既无应答也未拒绝（${reason}）。请先停止网关，或检查其进程是否挂起并将其结束，然后再次恢复`,
    noIdentity: (file) => `--identity-file ${file} 中没有 AGE-SECRET-KEY-1…：应为 age-keygen 生成的文件`,
    noPassphrase: (file, why) => `无法读取口令文件 --passphrase-file ${file}：${why}`,
  },

  firmware: {
    titles: ['SHA-256', '类型', '文件', 'MB', '固件', '标记'],
    kinds: { app: '应用', merged: '合并固件', assets: '资源', other: '其他' },
    fetching: '正在获取',
    says: (project, version, chip) => `${project} ${version}，${chip}`,
    pinned: '已固定',
    current: '当前',
    unchecked: '尚未校验',
    empty: '固件库是空的：第一次下发时会自动获取，也可用 `otagate firmware add 文件` 添加',
    totals: (used, most, fetched, saved) =>
      `已用 ${used} MB，上限 ${most} MB；启动以来获取 ${fetched} 次，免于获取 ${saved} 次`,
    unreadable: (file, reason) => `无法读取 ${file}：${reason}`,
    noFile: '不是文件',
    unwritable: (file, reason) => `无法写入 ${file}：${reason}`,
    added: (image) => `已添加：${image}`,
    purged: (image) => `已移除：${image}`,
    extracted: (image) => `已提取：${image}`,
    written: (file) => `已写入 ${file}`,
    well: (what, detail) => `正常  ${what}：${detail}`,
    failed: (what, detail) => `失败  ${what}：${detail}`,
    nothing: '无事可做：固件库中没有这样的链接或固件',
    mergedHint: (id) => `设备无法通过 OTA 使用合并固件：用 \`otagate firmware extract ${id}\` 提取其中的应用`,
  },

  token: {
    rotated: '两个令牌都已更换；旧令牌和管理页面的所有会话均已失效',
    admin: '可执行所有操作',
    read: '只能查看，并可读取 /metrics',
  },
};
