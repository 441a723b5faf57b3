// Owns the rules of versions: what a device parses, and what it compares.
import type { Rule } from '../offer-case.ts';
import { isSafeVersion } from '../version.ts';

/** The device hands each part of a version to an uncaught number parser: of the reply, and of itself after the upgrade. */
export const crashingVersion: Rule = ({ version, image }) => {
  if (version !== null && !isSafeVersion(version)) return 'no device can parse this version: it would restart for ever';
  if (image.kind !== 'app' || isSafeVersion(image.facts.version)) return null;
  return `the image calls itself ${image.facts.version || 'nothing'}, which no device can parse: with it, it would restart for ever`;
};

/** What the image says of itself is what the device compares at its next boot (xiaozhi-esp32-server issue 2688). */
export const versionMismatch: Rule = ({ version, image }) => {
  if (version === null || image.kind !== 'app' || image.facts.version === version) return null;
  return `the image is version ${image.facts.version}, not ${version}: a device would take it again and again. Upload the right file, or name it by its version`;
};
