// Owns the English words for the doctor's findings.

import { chainWords } from './chain-words.ts';
import type { Sentences } from './finding.ts';
import type { DoctorCode, Finding } from './judge/code.ts';

type Values = Finding['values'];

/** The sentences of each code. What stands in them is printable already. */
export type DoctorWords = Record<DoctorCode, (values: Values) => Sentences>;

function said(what: string, why: string, remedy: string): () => Sentences {
  return () => ({ what, why, remedy });
}

const REDIRECT = 'no device follows a redirect';
const LENGTH = 'let otagate answer this path; in another proxy, turn off compression and chunked replies for it';
const ADDRESS =
  'what the console’s server.ota and server.websocket say goes into devices: set them to the addresses below';

export const doctorWords: DoctorWords = {
  ...chainWords,

  'address-bad': ({ field, because }) => ({
    what: `${field} cannot be read by a device: ${because}`,
    why: 'it takes addresses apart by plain text search: no user and password, no IPv6, 512 bytes at most in old firmware',
    remedy: ADDRESS,
  }),
  'address-closed': ({ field, because }) => ({
    what: `nobody answers at ${field} (${because})`,
    why: 'the reply sends devices there',
    remedy:
      'check host and port; where it is an address of the server itself, put otagate in front of it, which rewrites it',
  }),
  'address-inner': ({ field, host }) => ({
    what: `${field} leads to ${host}, which is an address inside of a machine or a container network`,
    why: 'devices are outside of it, and never reach it',
    remedy: ADDRESS,
  }),
  'address-not-named': ({ address }) => ({
    what: `the certificate is not for the bare address ${address}`,
    why: 'a device that is told to use https with this address ends the handshake (-0x2700); 4G modules do not look',
    remedy: 'give devices the name for https, or plain HTTP with the address on the LAN',
  }),
  'address-unknown': ({ field, host }) => ({
    what: `${field} names ${host}, which has no address`,
    why: 'the reply sends devices there',
    remedy: ADDRESS,
  }),
  'console-ota': ({ because }) => ({
    what: `the console’s check of this address as server.ota fails: ${because}`,
    why: 'the console takes an address only where a GET gives 200 and a text with OTA within 5 s, with a certificate that Java trusts',
    remedy:
      'mend what is told above; the server itself has to reach this name (hairpin NAT, or an entry in its hosts file)',
  }),
  'console-websocket': ({ because }) => ({
    what: `the console’s check of this address as server.websocket fails: ${because}`,
    why: 'the console takes an address only where a WebSocket opens within 5 s',
    remedy: 'check that the path leads to the voice server, and that nothing on the way drops the Upgrade header',
  }),
  'device-failed': ({ generation, version, code, because }) => ({
    what: `a device (${generation}, ${version}) fails here with ${code}: ${because}`,
    why: 'other clients may be content, but this one is not',
    remedy: 'run it once more; if it stays, this reply is one that the device cannot read',
  }),
  'dns-ipv6-only': ({ host }) => ({
    what: `${host} has an IPv6 address alone`,
    why: 'devices look for IPv4',
    remedy: 'add an A record',
  }),
  'dns-unknown': ({ host, because }) => ({
    what: `${host} has no address (${because})`,
    why: 'devices end with 32769',
    remedy: 'add an A record for it, or correct the name; --resolve NAME=ADDRESS looks before the DNS knows it',
  }),
  'firmware-broken': ({ because }) => ({
    what: `the download fails: ${because}`,
    why: 'a device begins at byte 0 again, and fails again',
    remedy: 'see the gate’s log for this download; `otagate firmware verify` reads the image',
  }),
  'firmware-chunked': said(
    'the firmware comes chunked, without Content-Length',
    'a device does not begin without a length',
    LENGTH,
  ),
  'firmware-header-case': ({ name }) => ({
    what: `the firmware’s length comes as ${name}`,
    why: 'firmware 1.8.0 to 1.8.3 and 4G modules look for Content-Length in this case alone',
    remedy: LENGTH,
  }),
  'firmware-left-alone': said(
    'the firmware link works a few times only, and was not used up',
    'whether the download works was not seen',
    '--download fetches it whole, as a device does',
  ),
  'firmware-merged': said(
    'the firmware is a merged image, for flashing by cable',
    'a device writes it into its slot, and the bootloader refuses it',
    'upload the app alone; `otagate firmware extract` cuts it out',
  ),
  'firmware-no-image': ({ because }) => ({
    what: `the firmware is no app image: ${because}`,
    why: 'a device refuses it',
    remedy: 'upload build/xiaozhi.bin',
  }),
  'firmware-no-length': said('the firmware has no Content-Length', 'a device does not begin without one', LENGTH),
  'firmware-no-reply': ({ because }) => ({
    what: `the firmware link gives no reply: ${because}`,
    why: 'the upgrade fails',
    remedy: 'see the log of whoever serves it',
  }),
  'firmware-none': said(
    'no firmware was offered to the device that was played, so no link could be looked at',
    'the console offers firmware to devices that are bound, and only for their board',
    'choose a board that has firmware with --board NAME',
  ),
  'firmware-redirect': ({ status, location }) => ({
    what: `the firmware link is redirected (${status})${location === '' ? '' : ` to ${location}`}`,
    why: REDIRECT,
    remedy: 'turn off the redirect on this path, or let otagate fetch and serve it',
  }),
  'firmware-status': ({ status }) => ({
    what: `the firmware link answers ${status}`,
    why: 'only 200 counts for a device',
    remedy: 'see the log of whoever serves it; a link of the console works three times',
  }),
  'firmware-version': ({ promised, image }) => ({
    what: `version ${promised} is offered, and the image says ${image}`,
    why: 'after the upgrade the device is offered the same again: it upgrades at every start',
    remedy: 'make both the same: the version in the console, and PROJECT_VER of the build',
  }),
  'firmware-whole': ({ bytes, seconds, version }) => ({
    what: `the firmware ${version} came whole: ${bytes} bytes in ${seconds} s`,
    why: 'a device would boot it',
    remedy: 'nothing to do',
  }),
  hairpin: ({ host, address, because }) => ({
    what: `from here, ${host} (${address}) does not lead to the gate (${because}), although it listens`,
    why: 'devices on this LAN, and the console’s own checks, fail with that name; where the port is not forwarded, all do',
    remedy:
      'forward the port on the router, and turn on hairpin NAT (NAT loopback), or let the LAN’s DNS answer with the inner address',
  }),
  'link-scheme': ({ field }) => ({
    what: `${field} is http, although the device came by https`,
    why: 'outside, plain HTTP is closed or redirected as a rule: the upgrade fails (升级失败)',
    remedy: 'let otagate answer the OTA check: it rewrites the link; or set server.ota to the https address',
  }),
  'local-ca': said(
    'the certificate is one of the gate’s local CA',
    'only devices whose firmware carries its root, and 4G modules, can use https; the console trusts it only once it is imported',
    'set `email` for a certificate that all trust, or let the LAN use plain HTTP',
  ),
  'modem-port': ({ port }) => ({
    what: `https is on port ${port}`,
    why: 'many 4G modules insist on 443',
    remedy: 'use 443 where there are such devices',
  }),
  'mqtt-no-tls': ({ because }) => ({
    what: `the MQTT server on port 8883 does not speak TLS (${because})`,
    why: 'on this port, devices speak nothing else',
    remedy: 'put TLS in front of it (`streams` in the configuration), or hand out port 1883',
  }),
  'mqtt-plain': said(
    'MQTT goes without TLS',
    'devices use TLS only where the port is 8883: whoever sits on the line reads along',
    'listen on 8883 with `streams`, and hand that port out',
  ),
  'no-target': said(
    'nothing was looked at: this gate has no name and no LAN address of its own',
    'whether devices reach it was not seen',
    'name an address: otagate doctor ota.example.com',
  ),
  'outside-unseen': ({ port }) => ({
    what: `whether port ${port} is open from outside cannot be seen from here`,
    why: 'a firewall, a router or a provider in front may close it to devices',
    remedy: 'open this address in the browser of a mobile phone, with its Wi-Fi turned off: it shows a line with OTA',
  }),
  'path-wrong': ({ because }) => ({
    what: `there is no OTA check at this path (${because})`,
    why: 'devices end with 404, or with 264 where a web page comes',
    remedy: 'the path ends in /xiaozhi/ota/, with the slash; the console’s port is 8002, the Python server’s 8003',
  }),
  'plain-closed': said(
    'plain HTTP is closed to this client (426)',
    'devices that come by http from outside are turned away, as configured; those on the LAN are not',
    '`otagate open ota --for 30m` lets them in for a while; `otagate status` shows who counts as LAN',
  ),
  'port-closed': ({ address, because }) => ({
    what: `nobody listens at ${address} (${because})`,
    why: 'devices end with 32772',
    remedy: 'start the front, or correct the port and the port forwarding',
  }),
  'port-silent': ({ address, because }) => ({
    what: `${address} does not answer (${because})`,
    why: 'devices end with 32774',
    remedy: 'open the port in the firewall, and forward it on the router',
  }),
  'reply-chunked': said(
    'the reply to the check is chunked',
    'a chunk whose end comes in a later segment silently ends the body: the device ends with 264',
    LENGTH,
  ),
  'reply-crash': ({ because }) => ({
    what: `this reply crashes a device: ${because}`,
    why: 'it restarts, asks again, and crashes again',
    remedy: 'correct the version (digits and dots alone) or the key in what the server sends',
  }),
  'reply-header-case': ({ name }) => ({
    what: `the reply’s length comes as ${name}`,
    why: 'firmware 1.8.0 to 1.8.3 and 4G modules look for Content-Length in this case alone',
    remedy: LENGTH,
  }),
  'reply-no-length': said(
    'the reply to the check has no Content-Length',
    'old firmware and 4G modules give up',
    LENGTH,
  ),
  'reply-none': ({ because }) => ({
    what: `the check gets no reply: ${because}`,
    why: 'devices end with -1',
    remedy: 'see the log of the front, and whether the server behind it runs',
  }),
  'reply-not-json': ({ begins }) => ({
    what: `the reply to the check is no JSON; it begins with: ${begins}`,
    why: 'devices end with 264',
    remedy: 'let this path lead to the OTA interface',
  }),
  'reply-redirect': ({ status, location }) => ({
    what: `the check is redirected (${status}) to ${location}`,
    why: `${REDIRECT}: it shows ${status}`,
    remedy:
      'turn off the redirect on the device paths, or give devices the final address; otagate answers both schemes',
  }),
  'reply-refused': ({ said: words }) => ({
    what: `the server refuses the check, with status 200: ${words}`,
    why: 'a device takes this for an answer without anything in it',
    remedy: 'see the log of the server behind the front',
  }),
  'reply-status': ({ status }) => ({
    what: `the check is answered ${status}`,
    why: 'only 200 counts for a device',
    remedy: 'see the log of the front, and whether the server behind it runs',
  }),
  'server-old': ({ version }) => ({
    what: `the server is ${version}`,
    why: 'until 0.3.10 its console cannot store an https address as server.ota',
    remedy: 'upgrade the server first',
  }),
  'tls-failed': ({ because }) => ({
    what: `no TLS handshake comes about: ${because}`,
    why: 'devices speak TLS 1.2 with ECDHE and AES-GCM, and nothing else: they end with 32794',
    remedy: 'allow TLS 1.2 with ECDHE-ECDSA or ECDHE-RSA and AES-GCM, and check that this port speaks TLS',
  }),
  'voice-no-hello': ({ because }) => ({
    what: `the WebSocket opens, and the server says no hello: ${because}`,
    why: 'a device waits 10 s for it, and gives up',
    remedy: 'see the log of the voice server: it may want a device that is bound, or a token',
  }),
  'voice-no-upgrade': ({ because }) => ({
    what: `the WebSocket does not open: ${because}`,
    why: 'a device needs a literal HTTP/1.1 101 within 10 s',
    remedy: 'let this path lead to port 8000 of the server, with Connection: upgrade; otagate does',
  }),
  'voice-none': said(
    'the reply has neither a WebSocket nor an MQTT address',
    'devices upgrade, and cannot talk',
    'set server.websocket in the console',
  ),
  'voice-plain': said(
    'the conversation goes by ws, although the device came by https',
    'it works where plain HTTP is open, and whoever sits on the line hears along',
    'set server.websocket to the wss address',
  ),
};
