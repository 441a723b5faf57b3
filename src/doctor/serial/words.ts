// Owns the English words for what a serial log says: the cause, what it means to the device, and the remedy.
import type { Sentences } from '../finding.ts';
import type { SerialCode } from './code.ts';

/** `status` is the HTTP status of the codes that have one. */
export type SerialWords = Record<SerialCode, (status: number) => Sentences>;

function said(what: string, why: string, remedy: string): () => Sentences {
  return () => ({ what, why, remedy });
}

export const serialWords: SerialWords = {
  'certificate-name': said(
    'the certificate was refused (-0x2700): as a rule it is not for the name in the device’s address',
    'a device compares the name in its address with the certificate, and ends the handshake',
    'order a certificate for exactly that name, and give devices a name, not an IP address; `otagate doctor` says which names it has',
  ),
  'certificate-root': said(
    'the chain ends in a root that the device does not carry (-0x3000)',
    'a device looks the issuer of the last certificate up in its own bundle, fetches nothing, and does not try another chain',
    'serve the full chain (fullchain.pem) without a cross-sign at its end, from a public authority such as Let’s Encrypt',
  ),
  'check-failed': said(
    'the OTA check failed, and the log does not say why',
    'the device tries ten times, with pauses that double from 10 s, and then goes on without',
    'take the log from a line with `Ota` or `HttpClient` that comes before it, and run `otagate doctor`',
  ),
  'chip-mismatch': said(
    'the image is for another chip',
    'the bootloader refuses it after the whole download; the device goes on with what it runs',
    'upload the image that was built for this board: chip and board are in its name and in `otagate firmware list`',
  ),
  'client-crash': said(
    'the device crashes; the HTTP client of firmware 1.8.0 and 1.8.1 is known to crash by itself in a download',
    'it restarts, asks again, and crashes again: no server can mend that',
    'flash 1.8.2 or later by cable once; until then withhold upgrades from this version',
  ),
  'connect-failed': said(
    'nobody took the connection (32772)',
    'the name led to an address on which no server answers, or a firewall turned the device away',
    'check the port in the address, the port forwarding and the firewall; a container’s or another LAN’s address cannot be reached from here',
  ),
  'connect-timeout': said(
    'the connection timed out (32774)',
    'packets are dropped on the way: a firewall, a closed port forwarding, or a router without hairpin NAT',
    'open the port towards the gate; where the device is on the same LAN, let the name lead to the inner address',
  ),
  'crash-loop': said(
    'the device crashes and restarts again and again',
    'what it is given at its start, the reply to the check for one, crashes it anew each time',
    'read the line named here, and the one after it: an `assert`, an address of 0 or a stack that is full are the firmware’s; flash a newer one by cable',
  ),
  'dns-failed': said(
    'the name in the address has no IP address (32769)',
    'the device cannot look the name up: it is misspelt, not in the DNS, or the network’s DNS server does not know it',
    'check the address in the device, and that the name has an A record: IPv6 alone is not enough',
  ),
  'download-broken': said(
    'the download stopped in the middle',
    'a device cannot go on where it stopped: it begins at byte 0 at its next start',
    'look for a weak signal, and for a proxy in front that times out; `otagate devices` shows where it stopped',
  ),
  'http-error': said(
    'the HTTP request failed, and the log does not say why',
    'the device got no reply that it could use',
    'take the log with the lines of `esp-tls`, `HttpClient` or `AtUart` before it, and run `otagate doctor`',
  ),
  'image-corrupt': said(
    'the image that was downloaded is not valid',
    'the device refuses to boot it, and goes on with what it runs',
    'upload the file again: the app alone, not a merged image; `otagate firmware verify` reads what the gate has',
  ),
  'image-hash': said(
    'the image’s own SHA-256 does not fit its bytes (Image hash failed)',
    'all bytes came and some of them are wrong: the file was damaged before or on its way, or its header was changed after the build',
    '`otagate firmware verify` tells a bad file from a bad line; build or upload the file anew',
  ),
  'image-magic': said(
    'what was downloaded is no app image (its first byte is not 0xE9)',
    'it is a merged image for flashing by cable, an archive, or the page of an error',
    'upload the app (build/xiaozhi.bin); `otagate firmware extract` cuts it out of a merged image',
  ),
  'image-too-large': said(
    'the image is larger than the slot for it',
    'the partition table of the device was flashed by cable, and an upgrade cannot change it',
    'build for the partition table that the device has (v1 or v2), or flash the device by cable',
  ),
  'key-too-long': said(
    'the reply to the check has a key of more than 15 characters in `mqtt` or `websocket`',
    'the device stores each of them in its flash, and a longer key aborts it: it restarts for ever',
    'take that key out of what the server sends',
  ),
  memory: said(
    'the device ran out of memory',
    'TLS, the display and the audio share some hundred KB; a burst of data takes the rest',
    'pace downloads (`firmware.pace.device`), keep `tls.deviceRecordBytes` at 4096 or below, and let the LAN use plain HTTP',
  ),
  'mqtt-failed': said(
    'the device cannot reach the MQTT server',
    'it uses TLS only where the port is 8883, and keeps the endpoint of its last check in its flash',
    'put TLS on port 8883 in front of the broker (`streams`), and check the endpoint that the server hands out',
  ),
  'no-length': said(
    'the reply to the download has no Content-Length',
    'a device has to know the length before it begins, and gives up',
    'let the gate serve the firmware; in another proxy, turn off compression and chunked replies on this path',
  ),
  'no-reply': said(
    'the server sent no reply that the device could read (-1)',
    'it waited for the head of the reply, or could not parse it: a slow server, a 1xx reply, or a proxy that closed the connection',
    'look in the gate’s log for this device at that time; `otagate doctor` shows what comes back',
  ),
  'receive-overflow': said(
    'the 4G module sent faster than the device can take (FIFO overflow)',
    'what did not fit is lost, and the download fails',
    'set `firmware.pace.device` to 40KiB/s or less for such devices',
  ),
  'reply-not-json': said(
    'the reply to the check is no JSON (264)',
    'it is a web page, a page of an error, or a reply that was cut short, as by chunked encoding',
    'check that the address ends in `/xiaozhi/ota/`, and that it leads to the OTA interface, not to the console',
  ),
  'same-version': said(
    'the image carries the version that runs already',
    'firmware up to 1.9 leaves it alone, newer one installs it again at every start',
    'make the version that the console shows and the one that was built into the image the same',
  ),
  'status-client': (status) => ({
    what: `the server answered ${status}`,
    why: 'only 200 counts for a device',
    remedy: 'look in the gate’s log for this request: it says what refused it',
  }),
  'status-not-found': said(
    'the server answered 404',
    'the path is wrong, or a link that works once or three times was used up',
    'the OTA address ends in `/xiaozhi/ota/`, with the slash; for a download, let the device check again for a new link',
  ),
  'status-plain-closed': said(
    'the gate answered 426: this device came by plain HTTP from outside, which is closed',
    'it cannot be moved to https, since no device follows a redirect',
    'open plain HTTP for a while with `otagate open ota --for 30m`, or give the device an https address',
  ),
  'status-redirect': (status) => ({
    what: `the server answered ${status}, a redirect`,
    why: 'no device follows one: the address in the device, or the firmware link, is not the final one',
    remedy: 'turn off the redirect to https on the device paths, or let the gate answer them',
  }),
  'status-server': (status) => ({
    what: `the server answered ${status}`,
    why: 'only 200 counts for a device; it tries again later',
    remedy: 'the server behind the gate is down or failed: see `otagate status` and the log of the server',
  }),
  'tls-closed': said(
    'the server ended the TLS connection',
    'it does not speak TLS 1.2 with ECDHE and AES-GCM, does not know the name, or something in between cut it',
    'allow TLS 1.2; check that the name in the address is one of the gate’s `domains`',
  ),
  'tls-failed': said(
    'the TLS handshake failed (32794, 0x801a)',
    'mostly the certificate: a wrong name, or a chain that ends outside the device’s bundle; else memory or a silence of 10 s',
    'run `otagate doctor`: it makes the same handshake and says what is wrong',
  ),
  'tls-memory': said(
    'no memory was left for TLS (-0x7F00)',
    'each record is taken whole: one of 16 KB needs 16.5 KB in one piece, which a small board may not have',
    'set `tls.deviceRecordBytes` to 4096 or 2048, use a short chain with a P-256 key, or plain HTTP on the LAN',
  ),
  truncated: said(
    'the connection ended before all bytes came',
    'firmware before 1.8 crashes on this, and begins again for ever; later one gives up until its next start',
    'look for a proxy that cuts long replies, and for a disk or server that failed; `otagate devices` shows the byte',
  ),
  'up-to-date': said('the check went well: there is nothing newer', 'nothing is wrong', 'nothing to do'),
  'upgrade-failed': said(
    'the upgrade failed (升级失败), and the log does not say why',
    'the reason stands in the lines before: of `Ota`, `esp-tls`, `HttpClient` or `esp_image`',
    'take the log from the start of the download on, and look at `otagate devices DEVICE`',
  ),
  upgraded: said(
    'the upgrade went well',
    'nothing is wrong: the device restarts into the new version',
    'nothing to do',
  ),
  'url-missing': said(
    'no OTA address is set in the device',
    'it has nothing to ask',
    'enter the address in the device’s Wi-Fi set-up page (advanced), or build the firmware with it',
  ),
  'version-crash': said(
    'the version that the server offers crashes the device (stoi)',
    'its number parser catches nothing: `v2.1`, an empty part, or a number that is too large restarts it for ever',
    'write the version with digits and dots alone, such as 2.1.0; the gate withholds all others',
  ),
  'voice-failed': said(
    'the conversation’s WebSocket did not open',
    'the device needs a literal `HTTP/1.1 101`, and the server’s hello, within 10 s',
    'check `server.websocket` in the console: `otagate doctor` opens it as a device does',
  ),
};
