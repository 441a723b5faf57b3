// Owns the Chinese words of `otagate doctor` beside those of its findings.
import type { DoctorWords } from './doctor-words.ts';

export const doctorWordsZh: DoctorWords = {
  severities: { fault: '故障', warning: '警告', note: '提示' },
  why: '影响',
  remedy: '处理',
  notUrl: (found) => `--url ${found} 不是设备可用的地址：请写成 https://ota.example.com/xiaozhi/ota/`,
  notResolve: (found) => `--resolve ${found}：请写成 域名=地址，例如 ota.example.com=192.168.1.10`,
  badRoots: (file, reason) => `无法使用根证书 --ca ${file}：${reason}`,
  noPem: '其中没有 PEM 证书',
  notHost: (found) => `${found} 既不是域名也不是 IPv4 地址：请写成 ota.example.com 或 192.168.1.10`,
  nameOrUrl: '域名与 --url 只能用一种：域名是网关自己的，URL 可以是任何前端的',
  target: (address, status, bytes) =>
    [
      address === '' ? '无地址' : address,
      status === null ? '无应答' : `状态 ${status}`,
      ...(bytes === null ? [] : [`握手 ${bytes} 字节`]),
    ].join('，'),
  outcome: (outcome) => {
    const offered = /^update (.+)$/.exec(outcome)?.[1];
    if (offered !== undefined) return `正常，提供 ${offered}`;
    return outcome === 'current' ? '正常' : outcome;
  },
  generation: (generation, version, outcome) => `${generation} ${version}：${outcome}`,
  well: '没有发现问题',
  found: (faults, warnings) => `${faults} 个故障，${warnings} 个警告`,
  paste: (proved) => (proved ? '填入智控台参数管理的值（已从本机验证）：' : '处理故障后填入智控台参数管理的值：'),
  server: (version) => `服务器版本：${version}`,
  log: {
    unreadable: (file, reason) => `无法读取 ${file}：${reason}`,
    cut: (file, megabytes) => `${file} 超过 ${megabytes} MB：只读取了开头部分`,
    read: (lines, version) => `已读取 ${lines} 行${version === null ? '' : `；设备运行的版本为 ${version}`}`,
    where: (line, times) => `第 ${line} 行${times > 1 ? `，共 ${times} 次` : ''}`,
    unknown:
      '日志中没有可识别的内容：可能截取得太晚。请从设备启动时开始截取，并保留含 Ota、HttpClient、esp-tls 和 esp_image 的行',
  },
};
