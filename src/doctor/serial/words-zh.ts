// Owns the Chinese words for what a serial log says. A code that is missing here is a type error.
import type { Sentences } from '../finding.ts';
import type { SerialWords } from './words.ts';

function said(what: string, why: string, remedy: string): () => Sentences {
  return () => ({ what, why, remedy });
}

export const serialWordsZh: SerialWords = {
  'certificate-name': said(
    '证书被拒绝（-0x2700）：通常是证书中没有设备地址里的域名',
    '设备会比较地址中的域名与证书，不符则中止握手',
    '为该域名申请证书，并给设备配置域名而不是 IP 地址；`otagate doctor` 会列出证书中的域名',
  ),
  'certificate-root': said(
    '证书链末端的根证书不在设备中（-0x3000）',
    '设备只在自带的证书包中查找最后一张证书的签发者，不会自行下载，也不会尝试其他链',
    '提供完整证书链（fullchain.pem），末尾不要带交叉签名，使用 Let’s Encrypt 等公共机构的证书',
  ),
  'check-failed': said(
    'OTA 检查失败，日志中没有说明原因',
    '设备最多重试十次，间隔从 10 秒起逐次加倍，之后不再检查',
    '请保留此前含 `Ota` 或 `HttpClient` 的日志行，并运行 `otagate doctor`',
  ),
  'chip-mismatch': said(
    '固件是为另一种芯片编译的',
    '下载完成后引导程序会拒绝它，设备继续运行原有固件',
    '请上传为该开发板编译的固件；`otagate firmware list` 会显示固件的芯片',
  ),
  'client-crash': said(
    '设备崩溃；1.8.0 和 1.8.1 固件的 HTTP 客户端在下载时会自行崩溃',
    '设备重启后再次检查又再次崩溃，服务器端无法修复',
    '请用数据线烧录一次 1.8.2 或更新的固件，在此之前不要向该版本推送升级',
  ),
  'connect-failed': said(
    '连接被拒绝或主机不可达（32772）',
    '域名指向的地址上没有服务器应答，或被防火墙拒绝',
    '检查地址中的端口、端口转发和防火墙；容器地址或其他局域网的地址从设备处无法访问',
  ),
  'connect-timeout': said(
    '连接超时（32774）',
    '数据包在途中被丢弃：防火墙、未生效的端口转发，或路由器不支持 NAT 回流',
    '放行通往网关的端口；若设备与网关在同一局域网，请让域名解析到内网地址',
  ),
  'crash-loop': said(
    '设备反复崩溃重启',
    '启动时收到的内容（例如检查的应答）每次都使它崩溃',
    '查看此处所示的行及其下一行：`assert`、空指针或栈溢出属于固件问题，请用数据线烧录更新的固件',
  ),
  'dns-failed': said(
    '地址中的域名无法解析（32769）',
    '域名拼写错误、没有 DNS 记录，或当地 DNS 服务器不认识它',
    '检查设备中的地址，并确认域名有 A 记录：仅有 IPv6 不够',
  ),
  'download-broken': said(
    '下载中途停止',
    '设备不能续传：下次启动时从第 0 字节重新开始',
    '检查信号强度，以及前面是否有会超时的代理；`otagate devices` 会显示停在哪里',
  ),
  'http-error': said(
    'HTTP 请求失败，日志中没有说明原因',
    '设备没有得到可用的应答',
    '请保留此前含 `esp-tls`、`HttpClient` 或 `AtUart` 的日志行，并运行 `otagate doctor`',
  ),
  'image-corrupt': said(
    '下载的固件无效',
    '设备拒绝从它启动，继续运行原有固件',
    '请重新上传：只传应用固件，不要传合并固件；`otagate firmware verify` 会检查网关中的固件',
  ),
  'image-hash': said(
    '固件自带的 SHA-256 与内容不符（Image hash failed）',
    '字节都已到齐但有错误：文件事先已损坏、在途中损坏，或编译后改过文件头',
    '`otagate firmware verify` 可区分文件损坏与线路问题；请重新编译或上传',
  ),
  'image-magic': said(
    '下载的不是应用固件（首字节不是 0xE9）',
    '它可能是供数据线烧录的合并固件、压缩包，或错误页面',
    '请上传应用固件（build/xiaozhi.bin）；`otagate firmware extract` 可从合并固件中取出它',
  ),
  'image-too-large': said(
    '固件大于设备的 OTA 分区',
    '分区表是用数据线烧录的，OTA 升级无法改变',
    '请按设备已有的分区表（v1 或 v2）编译，或用数据线烧录设备',
  ),
  'key-too-long': said(
    '检查的应答中 `mqtt` 或 `websocket` 有超过 15 个字符的键',
    '设备会把每一项写入闪存，过长的键使它中止并不断重启',
    '请从服务器下发的内容中去掉该键',
  ),
  memory: said(
    '设备内存不足',
    'TLS、屏幕和音频共用几百 KB 内存，突发的数据会把剩余部分用完',
    '限制下载速度（`firmware.pace.device`），`tls.deviceRecordBytes` 不超过 4096，局域网内使用明文 HTTP',
  ),
  'mqtt-failed': said(
    '设备无法连接 MQTT 服务器',
    '只有端口为 8883 时设备才使用 TLS，并且它会把上次检查得到的地址保存在闪存中',
    '在 8883 端口上为 broker 提供 TLS（`streams`），并检查服务器下发的 endpoint',
  ),
  'no-length': said(
    '下载的应答没有 Content-Length',
    '设备必须先知道长度，否则放弃升级',
    '请由网关提供固件；若用其他代理，请在该路径上关闭压缩和分块传输',
  ),
  'no-reply': said(
    '服务器没有给出设备能读懂的应答（-1）',
    '等待应答头超时，或无法解析：服务器太慢、发送了 1xx 应答，或代理关闭了连接',
    '在网关日志中查找该设备当时的请求；`otagate doctor` 会显示返回的内容',
  ),
  'receive-overflow': said(
    '4G 模块发送的速度超过设备的接收能力（FIFO overflow）',
    '放不下的数据丢失，下载失败',
    '请把这类设备的 `firmware.pace.device` 设为 40KiB/s 或更低',
  ),
  'reply-not-json': said(
    '检查的应答不是 JSON（264）',
    '它是网页、错误页面，或被截断的应答（例如分块传输）',
    '确认地址以 `/xiaozhi/ota/` 结尾，并且指向 OTA 接口而不是智控台页面',
  ),
  'same-version': said(
    '固件的版本与正在运行的相同',
    '1.9 及以前的固件会跳过，更新的固件每次启动都会重装',
    '请让智控台中的版本号与固件编译时的版本号一致',
  ),
  'status-client': (status) => ({
    what: `服务器应答 ${status}`,
    why: '设备只认 200',
    remedy: '请在网关日志中查找该请求，其中写明被拒绝的原因',
  }),
  'status-not-found': said(
    '服务器应答 404',
    '路径错误，或限次数的下载链接已用完',
    'OTA 地址以 `/xiaozhi/ota/` 结尾，包括最后的斜杠；若是下载，请让设备重新检查以取得新链接',
  ),
  'status-plain-closed': said(
    '网关应答 426：该设备从外网以明文 HTTP 访问，而明文已关闭',
    '无法把它转到 https，因为设备不跟随重定向',
    '用 `otagate open ota --for 30m` 临时放行明文 HTTP，或给设备配置 https 地址',
  ),
  'status-redirect': (status) => ({
    what: `服务器应答 ${status}（重定向）`,
    why: '设备不跟随重定向：设备中的地址或固件链接不是最终地址',
    remedy: '请在设备路径上关闭到 https 的跳转，或由网关应答这些路径',
  }),
  'status-server': (status) => ({
    what: `服务器应答 ${status}`,
    why: '设备只认 200，稍后会重试',
    remedy: '网关后面的服务器停止或出错：请查看 `otagate status` 和服务器日志',
  }),
  'tls-closed': said(
    '服务器中断了 TLS 连接',
    '它不支持 TLS 1.2 的 ECDHE 与 AES-GCM、不认识该域名，或被中间设备切断',
    '请允许 TLS 1.2，并确认地址中的域名在网关的 `domains` 中',
  ),
  'tls-failed': said(
    'TLS 握手失败（32794，0x801a）',
    '多为证书问题：域名不符，或证书链不在设备的证书包中；也可能是内存不足或 10 秒无数据',
    '请运行 `otagate doctor`：它做同样的握手并指出问题',
  ),
  'tls-memory': said(
    '没有足够的内存用于 TLS（-0x7F00）',
    '每个记录须整块接收：16 KB 的记录需要 16.5 KB 连续内存，小开发板可能没有',
    '把 `tls.deviceRecordBytes` 设为 4096 或 2048，使用较短的证书链和 P-256 密钥，或在局域网使用明文 HTTP',
  ),
  truncated: said(
    '数据未收完连接就已断开',
    '1.8 以前的固件会因此崩溃并不断重来，之后的固件则放弃到下次启动',
    '检查是否有截断长应答的代理，以及磁盘或服务器故障；`otagate devices` 会显示停在第几字节',
  ),
  'up-to-date': said('检查正常：没有更新的版本', '没有问题', '无需处理'),
  'upgrade-failed': said(
    '升级失败，日志中没有说明原因',
    '原因在此前含 `Ota`、`esp-tls`、`HttpClient` 或 `esp_image` 的日志行中',
    '请从下载开始处截取日志，并查看 `otagate devices 设备`',
  ),
  upgraded: said('升级成功', '没有问题：设备将重启进入新版本', '无需处理'),
  'url-missing': said('设备中没有设置 OTA 地址', '设备无处可查', '请在设备配网页面的高级选项中填写地址，或编译进固件'),
  'version-crash': said(
    '服务器提供的版本号使设备崩溃（stoi）',
    '设备解析版本号时不捕获异常：`v2.1`、空的段或过大的数字会使它不断重启',
    '版本号只用数字和点，例如 2.1.0；网关会拦下其他写法',
  ),
  'voice-failed': said(
    '对话的 WebSocket 没有建立',
    '设备须在 10 秒内收到 `HTTP/1.1 101` 和服务器的 hello',
    '检查智控台中的 `server.websocket`：`otagate doctor` 会像设备一样打开它',
  ),
};
