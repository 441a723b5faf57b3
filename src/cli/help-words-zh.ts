// Owns the Chinese words of the help.
import type { HelpWords } from './help-words.ts';

export const helpWordsZh: HelpWords = {
  about: '放在 xiaozhi-esp32-server 前面的网关，让 OTA 升级真正可用。',
  exitCodes: '退出码：0 正常；1 否定的答案；2 用法错误；3 没有网关在运行。',
  headings: {
    usage: '用法：',
    arguments: '参数：',
    options: '选项：',
    commands: '命令：',
    examples: '示例：',
    command: '命令',
    anyOptions: '[选项]',
  },
  note: (text) => `（${text}）`,
  standard: (value) => `默认：${value}`,
  oneOf: (values) => `可选：${values}`,

  config: '配置文件',
  json: '在标准输出上打印一个 JSON 文档',
  version: '打印版本号',
  showHelp: '打印本帮助',
  help: { summary: '打印某个命令的帮助。', command: '命令' },

  serve: {
    summary: '运行网关。',
    about: '运行网关。SIGHUP 重新加载，SIGTERM 处理完当前请求后停止，再次收到则立即结束，SIGUSR1 重新打开日志。',
  },
  reload: { summary: '重新读取配置，并说明改了什么，或列出所有错误。' },
  check: {
    summary: '读取配置并列出所有错误，带文件、行号和列号。',
    print: '打印完整配置',
    explain: '说明对这个 URL 的请求会作什么决定及原因',
    from: '与 --explain 一起使用：请求的来源地址',
    method: '与 --explain 一起使用：请求方法',
  },
  status: { summary: '显示网关的状态：监听、证书、上游、临时放行、固件、工作进程。' },

  import: {
    summary: '根据 nginx 的配置文件生成网关配置。',
    about:
      '根据 nginx 的配置文件（包括其 include 的文件）生成网关配置。未能转换的每一行都会以注释形式保留，并注明位置和原因。',
    file: 'nginx.conf，或某个站点的配置文件',
    output: '写入的文件；不指定则打印到标准输出。已存在的文件不会被覆盖',
  },
  open: {
    summary: '在限定时间内对某个设备路由放行明文 HTTP。',
    about:
      '在限定时间内对某个设备路由放行明文 HTTP，可不限来源，也可只对部分网段。到时自动关闭，对所有工作进程同时生效。放行 OTA 检查时，由它给出的固件链接也一并放行。',
    route: 'OTA 检查路由或固件路由',
    for: '时长，例如 30m（最长 24 小时，可用 limits.opening 调整）',
    from: '只对这些网段或地址放行（默认：不限来源）',
    reason: '随放行一起保存，并写入日志',
    at: '从此时开始，而不是立即开始：带时区的 RFC 3339 时间，例如 2026-12-01T08:00:00+08:00',
    afterDevices: '经此升级的设备达到此数目后提前关闭',
    whenIdle: '在此时长内无人使用则提前关闭',
  },
  close: { summary: '立即关闭一次放行，或某个路由的全部放行。', which: '路由，或放行的 ID' },
  openings: {
    summary: '列出当前的临时放行：对谁、到何时。',
    history: '显示操作记录：何时、何人、做了什么；最新的在最后',
    limit: '与 --history 一起使用：显示的条数',
  },

  certs: {
    summary: '证书：正在使用的证书、续期、本地 CA。',
    list: { summary: '正在使用的证书：名称、签发者、剩余天数、证书链，以及设备会如何看待。' },
    renew: { summary: '不论到期日，立即续期：全部，或某个域名。', name: '某个域名' },
    root: { summary: '打印本地 CA 的根证书，供导入。' },
  },

  alerts: {
    summary: '需要处理的问题：仍在持续的问题，以及会收到通知的目标。',
    list: { summary: '仍在持续的问题，以及各通知目标的状况。' },
    test: { summary: '立即向每个通知目标发送一条消息。' },
  },

  backup: {
    summary: '将配置、证书、状态和固件写入一个文件。',
    about: '将配置、证书、状态和固件写入一个文件：gzip 压缩的 tar，内含全部校验和，权限 600。网关可以同时运行。',
    file: '要写入的文件',
    passphraseFile: '用该文件中的口令加密（age 格式）',
    recipient: '为该 age 公钥（age1…）加密',
    noFirmware: '不含固件：固件可以重新获取',
  },
  restore: {
    summary: '恢复备份：要么全部，要么什么都不动。',
    about: '恢复备份：配置放到 -c 所指之处，状态放到配置所写之处。损坏的备份会被整体拒绝。网关必须先停止。',
    file: '备份文件',
    passphraseFile: '加密时所用的口令',
    identityFile: '加密时所对应的 age 私钥',
    replace: '把原有内容移到一旁',
  },

  rollout: {
    summary: '谁得到哪个版本：暂停、指定版本、回退，并说明原因。',
    name: '发布计划的名称',
    version: '固件库中该板型已有的版本',
    share: '占符合条件设备的比例',
    boards: '仅限这些板型',
    devices: '仅限这些设备',
    networks: '仅限来自这些网段或地址',
    runs: '仅限运行此版本的设备',
    percentOf: '仅限符合条件设备中的这一比例，总是同一批',
    as: '名称（默认：自动生成）',
    asBoard: '假设是此板型',
    asVersion: '假设运行此版本',
    asClient: '假设来自此地址',
    asOffered: '假设上游下发此版本',
    list: { summary: '按判断顺序列出发布计划及其状态。' },
    hold: { summary: '暂停一个发布计划，或不再向符合条件的设备下发。' },
    offer: { summary: '继续一个发布计划，包括已自动停止的；由命令创建的则结束。' },
    pin: { summary: '向符合条件的设备下发固件库中的某个版本，也可以是旧版本。' },
    rollback: { summary: '让一个发布计划的设备回到之前的版本。' },
    percent: { summary: '更改一个发布计划覆盖的设备比例。' },
    explain: { summary: '说明设备下一次请求会得到什么，以及原因。不做任何更改。' },
  },

  devices: {
    summary: '列出设备，或显示某台设备的经过。',
    about: '列出请求过的设备，或显示某台设备的经过，最新的记录在最后。',
    device: '设备的 Device-Id，即 MAC 地址',
    search: '只列出 ID、板型或版本中含有此文字的设备',
    board: '只列出此板型的设备',
    version: '只列出运行此版本的设备',
    state: '只列出处于此状态的设备',
    limit: '显示的设备数，或记录条数',
  },

  firmware: {
    summary: '供设备下载的固件库。',
    id: '固件的 SHA-256，或其开头部分（至少 4 位）',
    list: { summary: '列出库中的固件，以及正在获取的固件。' },
    add: { summary: '向库中添加固件，先校验。', file: '固件文件' },
    fetch: { summary: '从上游或 firmware.allow 所列的地址获取固件。', url: '固件的地址' },
    warm: { summary: '逐一确认所有已知链接，并获取已被替换的固件。' },
    verify: { summary: '重新读取并校验一个或全部固件的内容。' },
    extract: { summary: '从合并固件中提取应用，并加入固件库。', output: '同时把应用写入此文件' },
    purge: { summary: '移除固件。若有设备再请求，网关会重新获取。' },
    pin: { summary: '固定固件：无论多久无人请求都保留。' },
    unpin: { summary: '取消固定：需要空间时可以移除。' },
  },

  doctor: {
    summary: '模拟设备访问网关，用通俗的话说明哪里会失败。',
    about:
      '模拟三代设备，以域名和局域网地址、https 和 http 访问正在运行的网关，用通俗的话说明哪里会失败、为什么、怎么办。它使用自己的 MAC，不会记入设备历史；限次数的链接不会被用掉。--url 可检查其他前端（如 nginx），--serial-log 读取设备打印的日志。',
    host: '只检查网关的这些域名和地址',
    url: '任何前端的 OTA 地址，代替网关的；可重复',
    download: '像设备一样完整下载所提供的固件：会用掉一次性链接',
    board: '模拟的板型：固件按板型提供',
    resolve: '域名指向的地址，代替 DNS；可重复',
    ca: '您的固件自带的根证书（PEM），代替 ESP-IDF 的',
    serialLog: '串口监视器的日志文件；- 表示标准输入',
  },

  token: {
    summary: '管理页面和程序所用的令牌。',
    rotate: {
      summary: '更换两个令牌，并说明它们所在的文件。',
      about:
        '更换两个令牌：一个可执行所有操作，一个只能查看。旧令牌和管理页面的所有会话立即失效。只打印令牌文件的位置，不打印其内容。',
    },
  },

  completion: {
    summary: '打印 shell 的自动补全脚本：命令、选项和路由。',
    shell: 'shell',
    about:
      '打印 shell 的自动补全脚本：命令、选项和路由。按示例写入 ~/.bashrc、~/.zshrc（在 compinit 之后）或 ~/.config/fish/completions/otagate.fish。',
  },
};
