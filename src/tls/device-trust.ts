// Owns whether devices trust the end of a chain: what ESP-IDF's bundle says of the last issuer, now and in old firmware.
import type { X509Certificate } from 'node:crypto';
import type { DeviceFinding } from './device-finding.ts';
import { type BundleRoot, type EspBundle, issuerIn, sameKeyIn, shortName } from './esp-bundle.ts';
import { isSelfSigned } from './served-chain.ts';

const ENDS = 'a device looks the issuer of the last certificate up in ESP-IDF’s bundle';
const CARRIES = 'ESP-IDF 5.4 carries the list of 2024-09-24, 5.5 of 2025-02-25, 6.0 of 2025-12-02';

/** What devices find at the end of a path from the leaf up; that it is in order is another finding's matter. */
export function trustFindings(path: readonly X509Certificate[], bundle: EspBundle): DeviceFinding[] {
  const last = path.at(-1);
  if (last === undefined) return [];
  const itself = sameKeyIn(bundle, last);
  const issuer = issuerIn(bundle, last);
  if (path.length > 1 && itself !== undefined && (issuer === undefined || isSelfSigned(last))) {
    return isSelfSigned(last) ? [...rootIncluded(last), ...ageFindings(itself, bundle)] : [crossSign(last)];
  }
  if (issuer !== undefined) {
    const needless = path.length > 1 && itself?.on.every(Boolean);
    return [...(needless ? needlessCrossSign(last) : []), ...ageFindings(issuer, bundle)];
  }
  return [path.length === 1 && namesItsIssuer(last) ? missingIntermediate(last) : unknownIssuer(last)];
}

function rootIncluded(root: X509Certificate): DeviceFinding[] {
  return [
    {
      code: 'root-included',
      severity: 'note',
      what: `the root ${shortName(root.subject)} is served along`,
      why: `each handshake of a device carries ${root.raw.length} bytes that it has already`,
      remedy: 'take the last certificate out of the file',
    },
  ];
}

function crossSign(last: X509Certificate): DeviceFinding {
  return {
    code: 'cross-sign',
    severity: 'fault',
    what: `the chain ends in ${shortName(last.subject)}, cross-signed by ${shortName(last.issuer)}, a root that devices do not carry`,
    why: `${ENDS}; firmware before 2.4.2 does not see that ${shortName(last.subject)} itself is there, and ends the handshake with -0x3000`,
    remedy: 'take the last certificate out of the file, or choose the authority’s chain without the cross-sign',
  };
}

function needlessCrossSign(last: X509Certificate): DeviceFinding[] {
  return [
    {
      code: 'cross-sign-needless',
      severity: 'note',
      what: `the cross-sign of ${shortName(last.subject)} by ${shortName(last.issuer)} is served along`,
      why: `each handshake of a device carries ${last.raw.length} bytes to vouch for a root that it has already`,
      remedy: 'take the last certificate out of the file, unless old browsers need it',
    },
  ];
}

function missingIntermediate(leaf: X509Certificate): DeviceFinding {
  return {
    code: 'intermediate-missing',
    severity: 'fault',
    what: `the certificate comes without its intermediate, ${shortName(leaf.issuer)}`,
    why: `${ENDS}, and fetches nothing: the handshake ends with -0x3000, although browsers may connect`,
    remedy: 'use the file with the full chain (fullchain.pem), or append the intermediate to the leaf',
  };
}

function unknownIssuer(last: X509Certificate): DeviceFinding {
  const signedItself = isSelfSigned(last);
  return {
    code: 'issuer-unknown',
    severity: 'fault',
    what: signedItself
      ? `${shortName(last.subject)} is signed by itself, and is no root that devices carry`
      : `devices carry no root by the name of ${shortName(last.issuer)}`,
    why: `${ENDS}, and ends the handshake with -0x3000: only devices whose firmware was built with this root connect`,
    remedy: signedItself
      ? 'use a certificate of a public authority, such as Let’s Encrypt, or let devices on the LAN use plain HTTP'
      : 'append the missing issuer, where there is one; else use a public authority, or plain HTTP on the LAN',
  };
}

/** A root that came on the list, or left it, within the time that the lists span. */
function ageFindings(root: BundleRoot, bundle: EspBundle): DeviceFinding[] {
  const { lists } = bundle;
  const [first, last] = [root.on.indexOf(true), root.on.lastIndexOf(true)];
  const [came, left] = [lists[first], lists[last + 1]];
  return [
    ...(first > 0 && came !== undefined
      ? [
          {
            code: 'issuer-new',
            severity: 'warning',
            what: `the root ${shortName(root.subject)} is on Mozilla’s list of ${came.date}, but not yet on that of ${lists[first - 1]?.date}`,
            why: `firmware that was built with an older ESP-IDF does not carry it, and ends the handshake with -0x3000; ${CARRIES}`,
            remedy: 'use an authority with an older root, such as ISRG Root X1, or the authority’s chain up to one',
          } satisfies DeviceFinding,
        ]
      : []),
    ...(left !== undefined
      ? [
          {
            code: 'issuer-leaving',
            severity: 'warning',
            what: `the root ${shortName(root.subject)} is no longer on Mozilla’s list of ${left.date}`,
            why: `firmware that is built with a newer ESP-IDF does not carry it, and ends the handshake with -0x3000; ${CARRIES}`,
            remedy: 'ask the authority for a chain to a root that stays',
          } satisfies DeviceFinding,
        ]
      : []),
  ];
}

/** Public authorities write into each certificate where its issuer is to be had (RFC 5280 section 4.2.2.1). */
function namesItsIssuer(certificate: X509Certificate): boolean {
  return certificate.infoAccess?.includes('CA Issuers') === true;
}
