// Owns the rules of the fit between image and device: chip, slot, partitions.
import type { Rule } from '../offer-case.ts';
import { isSafeVersion } from '../version.ts';

/** The bootloader refuses it, after a whole download (ESP_ERR_OTA_VALIDATE_FAILED). */
export const otherChip: Rule = ({ image, device }) => {
  if (image.kind !== 'app' || device.chip === null || image.facts.chip === device.chip) return null;
  // An id that is not in our list may be a chip that is newer than this gate.
  if (image.facts.chip.startsWith('chip-')) return null;
  return `the image is for ${image.facts.chip}, the device has ${device.chip}`;
};

export const slotSize: Rule = ({ image, device }) => {
  if (image.kind !== 'app') return null;
  if (device.slotBytes === 0) return 'the partition table of the device has no slot for an update: it takes a cable';
  if (image.lengthBytes === null) return null;
  if (device.slotBytes !== null) {
    if (image.lengthBytes <= device.slotBytes) return null;
    return `the image has ${image.lengthBytes} bytes, the slot of the device ${device.slotBytes}`;
  }
  // Two slots, so that there is one to fall back to.
  if (device.flashBytes === null || image.lengthBytes <= device.flashBytes / 2) return null;
  return `the image has ${image.lengthBytes} bytes, more than half of the ${device.flashBytes} bytes of flash`;
};

/**
 * Firmware 2 looks for its fonts, sounds and wake words in a partition that 1 does not have, and no upgrade over the air
 * changes partitions. Makers who count their versions in their own way are told by the device itself: where what runs does
 * not go with its partitions, the version says nothing.
 */
export const layout: Rule = ({ image, device }) => {
  if (image.kind !== 'app' || image.facts.project !== 'xiaozhi' || device.layout === null) return null;
  const wanted = layoutOf(image.facts.version);
  const running = device.version === null ? null : layoutOf(device.version);
  if (wanted === null || wanted === device.layout || (running !== null && running !== device.layout)) return null;
  return `version ${image.facts.version} wants the partitions of ${wanted}, the device has those of ${device.layout}: they are changed by cable only`;
};

function layoutOf(version: string): 'v1' | 'v2' | null {
  if (!isSafeVersion(version)) return null;
  const [major = 0] = version.split('.').map(Number);
  return major >= 2 ? 'v2' : 'v1';
}
