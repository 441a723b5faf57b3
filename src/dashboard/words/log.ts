// Owns the words of the log.

const en = {
  title: 'Log',
  intro: (most: string) => `What the gate says, as it says it. The page keeps the last ${most} lines.`,
  search: 'Text',
  searchHint: 'Words that a line must hold',
  level: 'From level',
  levels: { trace: 'Trace', debug: 'Debug', info: 'Info', warn: 'Warning', error: 'Error', fatal: 'Fatal' },
  pause: 'Pause',
  resume: 'Go on',
  toEnd: 'To the newest',
  none: 'No line fits.',
  shown: (count: string) => `${count} lines`,
  isPaused: 'paused: new lines wait',
};

const zh: typeof en = {
  title: '日志',
  intro: (most) => `网关的实时日志。页面保留最近 ${most} 行。`,
  search: '文本',
  searchHint: '行中须包含的词',
  level: '最低级别',
  levels: { trace: '跟踪', debug: '调试', info: '信息', warn: '警告', error: '错误', fatal: '致命' },
  pause: '暂停',
  resume: '继续',
  toEnd: '到最新',
  none: '没有符合的行。',
  shown: (count) => `${count} 行`,
  isPaused: '已暂停：新日志等待中',
};

export const log = { en, zh };
