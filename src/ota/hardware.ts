// Owns what a device is, as far as an image must fit it: its chip, its slot for an image, the layout of its partitions.

export type Hardware = {
  /** `esp32s3`; null where the device did not tell. */
  chip: string | null;
  /** Of the smallest slot that takes an update; 0 where the partition table has none, null where there was no table. */
  slotBytes: number | null;
  /**
   * Firmware 2 keeps fonts, sounds and wake words in a partition `assets`, where 1 has `model`; null where the table
   * has neither mark.
   */
  layout: 'v1' | 'v2' | null;
};

const SLOT_UNIT_BYTES = 4096; // partitions begin and end at sectors
const CHIP = /^esp32[a-z0-9]{0,8}$/;
const SHAPE = /^(-|[a-z0-9]{0,8}),([0-9a-z]{0,6}),([12]?)$/;

/** As short as it can be: it goes into firmware links, which old devices hold in little memory. */
export function writeHardware({ chip, slotBytes, layout }: Hardware): string {
  const slot = slotBytes === null ? '' : Math.floor(slotBytes / SLOT_UNIT_BYTES).toString(36);
  return `${chip !== null && CHIP.test(chip) ? chip.slice(5) : '-'},${slot},${layout?.slice(1) ?? ''}`;
}

/** What `writeHardware` wrote, or null. */
export function readHardware(text: string): Hardware | null {
  const match = SHAPE.exec(text);
  if (match === null) return null;
  const [, chip = '', slot = '', layout = ''] = match;
  return {
    chip: chip === '-' ? null : `esp32${chip}`,
    slotBytes: slot === '' ? null : Number.parseInt(slot, 36) * SLOT_UNIT_BYTES,
    layout: layout === '1' ? 'v1' : layout === '2' ? 'v2' : null,
  };
}
