// Owns the Chinese words for the doctor's findings. A code that is missing here is a type error.
import { chainWordsZh } from './chain-words-zh.ts';
import type { Sentences } from './finding.ts';
import type { DoctorWords } from './words.ts';

function said(what: string, why: string, remedy: string): () => Sentences {
  return () => ({ what, why, remedy });
}

const REDIRECT = '设备不跟随重定向';
const LENGTH = '请由 otagate 应答该路径；若用其他代理，请在该路径上关闭压缩和分块传输';
const ADDRESS = '智控台的 server.ota 和 server.websocket 会下发给设备：请改为下方的地址';

export const doctorWordsZh: DoctorWords = {
  ...chainWordsZh,

  'address-bad': ({ field, because }) => ({
    what: `设备无法读取 ${field}：${because}`,
    why: '设备以查找文本的方式拆解地址：不支持用户名密码和 IPv6，旧固件最多 512 字节',
    remedy: ADDRESS,
  }),
  'address-closed': ({ field, because }) => ({
    what: `${field} 处没有应答（${because}）`,
    why: '应答会让设备去访问它',
    remedy: '检查主机和端口；若是服务器自身的地址，请让 otagate 放在前面，它会改写',
  }),
  'address-inner': ({ field, host }) => ({
    what: `${field} 指向 ${host}，这是机器内部或容器网络中的地址`,
    why: '设备在外面，无法访问',
    remedy: ADDRESS,
  }),
  'address-not-named': ({ address }) => ({
    what: `证书中没有 IP 地址 ${address}`,
    why: '用该地址访问 https 的设备会中止握手（-0x2700）；4G 模块不检查',
    remedy: 'https 请用域名；局域网内可用该地址的明文 HTTP',
  }),
  'address-unknown': ({ field, host }) => ({
    what: `${field} 中的 ${host} 没有地址`,
    why: '应答会让设备去访问它',
    remedy: ADDRESS,
  }),
  'console-ota': ({ because }) => ({
    what: `智控台把该地址作为 server.ota 检查时失败：${because}`,
    why: '智控台要求 5 秒内 GET 得到 200 和含 OTA 的文本，且证书被 Java 信任',
    remedy: '先处理上面的问题；服务器自身必须能访问该域名（NAT 回流，或在其 hosts 文件中添加）',
  }),
  'console-websocket': ({ because }) => ({
    what: `智控台把该地址作为 server.websocket 检查时失败：${because}`,
    why: '智控台要求 5 秒内建立 WebSocket',
    remedy: '检查该路径是否通往语音服务，以及途中是否丢失了 Upgrade 头',
  }),
  'device-failed': ({ generation, version, code, because }) => ({
    what: `设备（${generation}，${version}）在此失败，代码 ${code}：${because}`,
    why: '其他客户端可能正常，但设备不行',
    remedy: '请再运行一次；若仍如此，则是设备无法读取的应答',
  }),
  'dns-ipv6-only': ({ host }) => ({ what: `${host} 只有 IPv6 地址`, why: '设备只查找 IPv4', remedy: '请添加 A 记录' }),
  'dns-unknown': ({ host, because }) => ({
    what: `${host} 没有地址（${because}）`,
    why: '设备以 32769 失败',
    remedy: '请添加 A 记录，或更正域名；DNS 生效之前可用 --resolve 域名=地址 检查',
  }),
  'firmware-broken': ({ because }) => ({
    what: `下载失败：${because}`,
    why: '设备从第 0 字节重来，并再次失败',
    remedy: '请在网关日志中查看这次下载；`otagate firmware verify` 会检查固件',
  }),
  'firmware-chunked': said('固件以分块方式传输，没有 Content-Length', '没有长度，设备不会开始下载', LENGTH),
  'firmware-header-case': ({ name }) => ({
    what: `固件的长度头写作 ${name}`,
    why: '1.8.0 至 1.8.3 固件和 4G 模块只认 Content-Length 这种大小写',
    remedy: LENGTH,
  }),
  'firmware-left-alone': said(
    '固件链接有次数限制，未使用',
    '因此没有检查下载是否正常',
    '--download 会像设备一样完整下载',
  ),
  'firmware-merged': said(
    '固件是供数据线烧录的合并固件',
    '设备会写入分区，随后被引导程序拒绝',
    '请只上传应用固件；`otagate firmware extract` 可以取出',
  ),
  'firmware-no-image': ({ because }) => ({
    what: `固件不是应用固件：${because}`,
    why: '设备会拒绝',
    remedy: '请上传 build/xiaozhi.bin',
  }),
  'firmware-no-length': said('固件没有 Content-Length', '没有长度，设备不会开始下载', LENGTH),
  'firmware-no-reply': ({ because }) => ({
    what: `固件链接没有应答：${because}`,
    why: '升级失败',
    remedy: '请查看提供固件的服务器日志',
  }),
  'firmware-none': said(
    '没有向模拟的设备提供固件，因此没有可检查的链接',
    '智控台只向已绑定的设备、且只按其板型提供固件',
    '用 --board 板型 选择有固件的板型',
  ),
  'firmware-redirect': ({ status, location }) => ({
    what: `固件链接被重定向（${status}）${location === '' ? '' : `到 ${location}`}`,
    why: REDIRECT,
    remedy: '请关闭该路径的跳转，或由 otagate 获取并提供固件',
  }),
  'firmware-status': ({ status }) => ({
    what: `固件链接应答 ${status}`,
    why: '设备只认 200',
    remedy: '请查看提供固件的服务器日志；智控台的链接只能用三次',
  }),
  'firmware-version': ({ promised, image }) => ({
    what: `提供的版本是 ${promised}，固件自身却是 ${image}`,
    why: '升级后设备又得到同样的升级：每次启动都会升级',
    remedy: '请让智控台中的版本与编译时的 PROJECT_VER 一致',
  }),
  'firmware-whole': ({ bytes, seconds, version }) => ({
    what: `固件 ${version} 已完整下载：${bytes} 字节，用时 ${seconds} 秒`,
    why: '设备可以从它启动',
    remedy: '无需处理',
  }),
  hairpin: ({ host, address, because }) => ({
    what: `网关在监听，但从本机访问 ${host}（${address}）到不了网关（${because}）`,
    why: '局域网内的设备和智控台自身的检查用该域名会失败；若端口未转发，则所有设备都会失败',
    remedy: '请在路由器上转发端口并开启 NAT 回流，或让局域网的 DNS 返回内网地址',
  }),
  'link-scheme': ({ field }) => ({
    what: `设备以 https 访问，${field} 却是 http`,
    why: '在外网，明文 HTTP 通常已关闭或被跳转：升级失败',
    remedy: '请由 otagate 应答 OTA 检查，它会改写链接；或把 server.ota 设为 https 地址',
  }),
  'local-ca': said(
    '证书由网关的本地 CA 签发',
    '只有固件中带有其根证书的设备和 4G 模块能用 https；智控台须先导入该根证书',
    '设置 `email` 以取得公认的证书，或让局域网使用明文 HTTP',
  ),
  'modem-port': ({ port }) => ({
    what: `https 使用端口 ${port}`,
    why: '许多 4G 模块只接受 443',
    remedy: '若有这类设备，请使用 443',
  }),
  'mqtt-no-tls': ({ because }) => ({
    what: `端口 8883 上的 MQTT 服务器不支持 TLS（${because}）`,
    why: '在该端口上设备只使用 TLS',
    remedy: '请在前面加上 TLS（配置中的 `streams`），或下发端口 1883',
  }),
  'mqtt-plain': said(
    'MQTT 未使用 TLS',
    '只有端口为 8883 时设备才使用 TLS：途中的人可以窃听',
    '用 `streams` 监听 8883，并下发该端口',
  ),
  'no-target': said(
    '没有可检查的地址：网关没有域名，也没有局域网地址',
    '因此不知道设备能否访问',
    '请指定地址：otagate doctor ota.example.com',
  ),
  'outside-unseen': ({ port }) => ({
    what: `从本机无法看到端口 ${port} 对外网是否开放`,
    why: '前面的防火墙、路由器或运营商可能对设备关闭它',
    remedy: '请关闭手机的 Wi-Fi，用浏览器打开该地址：应显示含 OTA 的一行文字',
  }),
  'path-wrong': ({ because }) => ({
    what: `该路径上没有 OTA 检查接口（${because}）`,
    why: '设备以 404 失败；若返回网页，则以 264 失败',
    remedy: '路径以 /xiaozhi/ota/ 结尾，包括最后的斜杠；智控台端口为 8002，Python 服务为 8003',
  }),
  'plain-closed': said(
    '明文 HTTP 对该客户端关闭（426）',
    '按配置，外网的 http 设备被拒绝，局域网内的不受影响',
    '`otagate open ota --for 30m` 可临时放行；`otagate status` 显示谁算局域网',
  ),
  'port-closed': ({ address, because }) => ({
    what: `${address} 上没有服务（${because}）`,
    why: '设备以 32772 失败',
    remedy: '请启动前端服务，或更正端口和端口转发',
  }),
  'port-silent': ({ address, because }) => ({
    what: `${address} 没有应答（${because}）`,
    why: '设备以 32774 失败',
    remedy: '请在防火墙放行该端口，并在路由器上转发',
  }),
  'reply-chunked': said(
    '检查的应答使用分块传输',
    '若某块的结尾在后一个报文中，内容会被悄悄截断：设备以 264 失败',
    LENGTH,
  ),
  'reply-crash': ({ because }) => ({
    what: `该应答会使设备崩溃：${because}`,
    why: '设备重启后再次检查，又再次崩溃',
    remedy: '请更正服务器下发的版本号（只用数字和点）或键名',
  }),
  'reply-header-case': ({ name }) => ({
    what: `应答的长度头写作 ${name}`,
    why: '1.8.0 至 1.8.3 固件和 4G 模块只认 Content-Length 这种大小写',
    remedy: LENGTH,
  }),
  'reply-no-length': said('检查的应答没有 Content-Length', '旧固件和 4G 模块会放弃', LENGTH),
  'reply-none': ({ because }) => ({
    what: `检查没有得到应答：${because}`,
    why: '设备以 -1 失败',
    remedy: '请查看前端日志，以及后面的服务器是否在运行',
  }),
  'reply-not-json': ({ begins }) => ({
    what: `检查的应答不是 JSON，开头为：${begins}`,
    why: '设备以 264 失败',
    remedy: '请让该路径通往 OTA 接口',
  }),
  'reply-redirect': ({ status, location }) => ({
    what: `检查被重定向（${status}）到 ${location}`,
    why: `${REDIRECT}：屏幕显示 ${status}`,
    remedy: '请在设备路径上关闭跳转，或给设备配置最终地址；otagate 两种协议都应答',
  }),
  'reply-refused': ({ said: words }) => ({
    what: `服务器以状态 200 拒绝了检查：${words}`,
    why: '设备会当作没有内容的正常应答',
    remedy: '请查看后面服务器的日志',
  }),
  'reply-status': ({ status }) => ({
    what: `检查得到应答 ${status}`,
    why: '设备只认 200',
    remedy: '请查看前端日志，以及后面的服务器是否在运行',
  }),
  'server-old': ({ version }) => ({
    what: `服务器版本为 ${version}`,
    why: '0.3.10 及以前的智控台无法把 https 地址存为 server.ota',
    remedy: '请先升级服务器',
  }),
  'tls-failed': ({ because }) => ({
    what: `无法完成 TLS 握手：${because}`,
    why: '设备只支持 TLS 1.2 的 ECDHE 与 AES-GCM：以 32794 失败',
    remedy: '请允许 TLS 1.2 的 ECDHE-ECDSA 或 ECDHE-RSA 与 AES-GCM，并确认该端口是 TLS',
  }),
  'voice-no-hello': ({ because }) => ({
    what: `WebSocket 已建立，但服务器没有发送 hello：${because}`,
    why: '设备等待 10 秒后放弃',
    remedy: '请查看语音服务日志：它可能要求已绑定的设备或令牌',
  }),
  'voice-no-upgrade': ({ because }) => ({
    what: `WebSocket 没有建立：${because}`,
    why: '设备须在 10 秒内收到 HTTP/1.1 101',
    remedy: '请让该路径通往服务器的 8000 端口，并带上 Connection: upgrade；otagate 会这样做',
  }),
  'voice-none': said(
    '应答中既没有 WebSocket 地址也没有 MQTT 地址',
    '设备可以升级，但无法对话',
    '请在智控台设置 server.websocket',
  ),
  'voice-plain': said(
    '设备以 https 访问，对话却使用 ws',
    '仅在明文 HTTP 开放时可用，且途中的人可以窃听',
    '请把 server.websocket 设为 wss 地址',
  ),
};
