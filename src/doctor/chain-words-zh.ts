// Owns the Chinese words for what a device finds in a certificate chain. A code that is missing here is a type error.
import type { FindingCode } from '../tls/device-finding.ts';
import type { Sentences } from './finding.ts';
import type { Finding } from './judge/code.ts';

type Values = Finding['values'];

/** A finding of the chain check: what it found stays in its own words, behind the Chinese ones. */
function chain(what: string, why: string, remedy: string): (values: Values) => Sentences {
  return (values) => ({ what: `${what}（${values.what}）`, why, remedy });
}

const BUNDLE = '设备只在自带的证书包中查找最后一张证书的签发者';

export const chainWordsZh: Record<FindingCode, (values: Values) => Sentences> = {
  'chain-order': chain(
    '证书链顺序错误',
    '设备只向后查找签发者，握手以 -0x3000 失败',
    '请按从站点证书到根证书的顺序排列',
  ),
  'chain-size': chain('证书链较大', '设备须整块接收，小开发板的内存可能不足', '使用较短的证书链和 P-256 密钥'),
  'chain-stranger': chain('证书链中有无关的证书', '每次握手都要传输无用的字节', '请从文件中去掉它'),
  'chain-too-large': chain('证书链过大', '设备无法在一个记录中接收，握手失败', '使用较短的证书链'),
  'chain-unreadable': chain('证书链无法读取', '设备无法建立 TLS 连接', '请使用签发机构给出的 PEM 文件'),
  'cross-sign': chain(
    '证书链末端是交叉签名',
    `${BUNDLE}，2.4.2 以前的固件以 -0x3000 失败`,
    '去掉最后一张证书，或选择不带交叉签名的链',
  ),
  'cross-sign-needless': chain(
    '证书链带有多余的交叉签名',
    '每次握手都要多传字节',
    '除非旧浏览器需要，请去掉最后一张证书',
  ),
  expired: chain(
    '证书已过期',
    '智控台会拒绝该地址，浏览器会警告，检查日期的固件也会拒绝',
    '请续期；若日期无误，请检查本机时钟',
  ),
  'intermediate-missing': chain(
    '证书缺少中间证书',
    `${BUNDLE}，不会自行下载：浏览器可能正常，设备以 -0x3000 失败`,
    '请使用含完整链的文件（fullchain.pem）',
  ),
  'issuer-leaving': chain('根证书即将退出', '新的 ESP-IDF 不再带有它', '请换用会保留的根证书'),
  'issuer-new': chain(
    '根证书较新',
    '旧的 ESP-IDF 还没有它，握手以 -0x3000 失败',
    '请换用较早的根证书，例如 ISRG Root X1',
  ),
  'issuer-unknown': chain(
    '设备不认识该根证书',
    `${BUNDLE}，握手以 -0x3000 失败`,
    '请使用 Let’s Encrypt 等公共机构的证书，或在局域网使用明文 HTTP',
  ),
  'leaf-key': chain('证书的密钥不合适', '设备不支持或很慢', '请使用 P-256 或 RSA-2048'),
  'name-missing': chain(
    '证书中没有该域名',
    '设备会比较地址中的域名与证书，握手以 -0x2700 失败',
    '请为该域名申请证书，或给设备配置证书中已有的域名',
  ),
  'not-yet-valid': chain('证书尚未生效', '智控台会拒绝该地址，浏览器会警告', '请检查本机时钟'),
  'record-size': chain(
    'TLS 记录较大',
    '设备须整块接收，小开发板以 -0x7F00 失败',
    '请把 tls.deviceRecordBytes 设为 4096 或 2048',
  ),
  'root-included': chain('证书链带有根证书', '每次握手都要多传字节', '请去掉最后一张证书'),
  'signature-slow': chain('证书签名较慢', '设备用软件计算，握手要多花时间', '请使用 P-256 的签发者'),
  'signature-weak': chain('证书签名过弱', '设备拒绝它', '请换用 SHA-256 签名的证书'),
};
