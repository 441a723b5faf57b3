// Owns the Chinese words of `otagate doctor` beside those of its findings.
import type { DoctorWords } from './doctor-words.ts';

export const doctorWordsZh: DoctorWords = {
  severities: { fault: '故障', warning: '警告', note: '提示' },
  why: '影响',
  remedy: '处理',
  log: {
    unreadable: (file, reason) => `无法读取 ${file}：${reason}`,
    cut: (file, megabytes) => `${file} 超过 ${megabytes} MB：只读取了开头部分`,
    read: (lines, version) => `已读取 ${lines} 行${version === null ? '' : `；设备运行的版本为 ${version}`}`,
    where: (line, times) => `第 ${line} 行${times > 1 ? `，共 ${times} 次` : ''}`,
    unknown:
      '日志中没有可识别的内容：可能截取得太晚。请从设备启动时开始截取，并保留含 Ota、HttpClient、esp-tls 和 esp_image 的行',
  },
};
