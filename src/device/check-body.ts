// Owns the body of the check: JSON put together by hand, as Board::GetSystemInfoJson does, with nothing escaped.

import type { Generation } from './generation.ts';
import type { Chip } from './image-check.ts';

export type BodyFacts = {
  generation: Generation;
  version: string;
  board: string;
  chip: Chip;
  mac: string;
  clientId: string;
  language: string;
  /** As text, or as the bytes that the access point announces: they need not be UTF-8. */
  ssid: string | Uint8Array;
  /** Size of each app slot. */
  slotBytes: number;
  /** 64 hex digits. */
  elfSha256: string;
  project: string;
  /** The slot that runs now. */
  slot: 'ota_0' | 'ota_1';
};

/** `esp_chip_info()`: the model number, the cores, and the feature bits of each chip. */
const CHIP_INFO: Record<Chip, { model: number; cores: number; revision: number; features: number }> = {
  esp32: { model: 1, cores: 2, revision: 301, features: 50 },
  esp32s3: { model: 9, cores: 2, revision: 2, features: 18 },
  esp32c3: { model: 5, cores: 1, revision: 4, features: 18 },
};

/**
 * The bytes of the body. The SSID goes in as it is: a quote in it makes broken JSON, bytes that are not UTF-8 make
 * broken text, and the server has to live with both.
 */
export function checkBody(facts: BodyFacts): Buffer {
  const chip = CHIP_INFO[facts.chip];
  const parts: (string | Uint8Array)[] = [
    '{"version":2,',
    `"language":"${facts.language}",`,
    '"flash_size":16777216,',
    '"minimum_free_heap_size":"8318916",',
    `"mac_address":"${facts.mac}",`,
    `"uuid":"${facts.clientId}",`,
    `"chip_model_name":"${facts.chip}",`,
    `"chip_info":{"model":${chip.model},"cores":${chip.cores},"revision":${chip.revision},"features":${chip.features}},`,
    `"application":{"name":"${facts.project}","version":"${facts.version}",`,
    `"compile_time":"Jul 12 2025T10:20:30Z","idf_version":"v5.4.1","elf_sha256":"${facts.elfSha256}"},`,
    `"partition_table": [${partitionTable(facts.slotBytes)}],`,
    `"ota":{"label":"${facts.slot}"},`,
    '"board":',
    ...board(facts),
    '}',
  ];
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
}

function board(facts: BodyFacts): (string | Uint8Array)[] {
  if (facts.generation === 'modem') {
    return [
      `{"type":"${facts.board}","name":"${facts.board}","revision":"ML307R-DL-MBRH0S01","carrier":"CHINA MOBILE",`,
      '"csq":"24","imei":"866000000000000","iccid":"89860000000000000000","cereg":{"stat":1}}',
    ];
  }
  return [
    `{"type":"${facts.board}","name":"${facts.board}","ssid":"`,
    facts.ssid,
    `","rssi":-52,"channel":6,"ip":"192.168.1.77","mac":"${facts.mac}"}`,
  ];
}

function partitionTable(slotBytes: number): string {
  const entry = (label: string, type: number, subtype: number, address: number, size: number) =>
    `{"label":"${label}","type":${type},"subtype":${subtype},"address":${address},"size":${size}}`;
  return [
    entry('nvs', 1, 2, 0x9000, 0x4000),
    entry('otadata', 1, 0, 0xd000, 0x2000),
    entry('phy_init', 1, 1, 0xf000, 0x1000),
    entry('ota_0', 0, 16, 0x20000, slotBytes),
    entry('ota_1', 0, 17, 0x20000 + slotBytes, slotBytes),
  ].join(',');
}
