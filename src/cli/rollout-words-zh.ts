// Owns the Chinese words of rollouts.
import type { RolloutWords } from './rollout-words.ts';

export const rolloutWordsZh: RolloutWords = {
  titles: ['名称', '动作', '对象', '比例', '批次', '状态'],
  none: '没有发布计划：设备得到上游下发的版本',
  actions: { offer: '放行', hold: '暂停', pin: '指定版本', via: '过渡版本' },
  everyone: '所有设备',
  boards: (names) => `板型 ${names}`,
  versions: (names) => `运行 ${names}`,
  networks: (names) => `来自 ${names}`,
  devices: (count) => `${count} 台设备`,
  percent: (percent) => `占 ${percent} %`,
  wave: (wave, size, next) => `第 ${wave} 批，每批 ${size}，下一批 ${next}`,
  members: (members) => `已纳入 ${members} 台`,
  held: '已暂停',
  back: (targets) => `已回退：${targets}`,
  stopped: (board, version, why) => `已对 ${board} 的 ${version} 停止：${why}`,
  runs: '进行中',
  declared: '来自配置',
  made: '由命令创建',
  ended: (name) => `已结束：${name}`,
  nobody: (device) => `${device} 从未出现过：可用 --board、--version 和 --offered 说明它的情况`,
  asks: (device, board, version, offered) => `${device}：板型 ${board}，运行 ${version}，上游下发 ${offered}`,
  nothing: '无',
  unknown: '未知',
  outcome: {
    pass: '得到上游下发的版本',
    hold: '不下发任何版本',
    send: '下发固件库中的固件',
    admit: '本批次有名额时下发',
  },
};
