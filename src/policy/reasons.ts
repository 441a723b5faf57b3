// Owns the reasons of decisions: a closed union for logs and scripts, and for each a sentence for people.

const SENTENCES = {
  'address-too-often': 'too many requests came from this address within ten seconds (limits.addressRequests)',
  challenge: 'an ACME challenge that the gate itself asked for',
  'challenge-unknown': 'no certificate order of this gate is waiting for this challenge token',
  'client-not-allowed': 'this route is closed to the client’s address (allow, deny)',
  'device-too-often': 'this device asked too often within ten seconds (limits.deviceRequests)',
  'host-ambiguous': 'the request names more than one host, or something that is not a host name',
  'host-misdirected': 'the certificate of this connection is for other names: the client has to connect for this one',
  'host-missing': 'the request names no host',
  'host-unknown':
    'the Host is none of the configured domains; a bare address counts only for clients on the LAN (see domains, defaultSite)',
  https: 'the request came by https',
  'login-missing': 'this route asks for a name and a password (basicAuth)',
  'login-too-often': 'too many wrong passwords came from this client a moment ago',
  'login-wrong': 'the name or the password is wrong (basicAuth)',
  'method-not-allowed': 'this method has no meaning here',
  'method-unknown': 'this is no method: methods are written in capital letters',
  'no-route': 'no route covers this path',
  'path-ambiguous': 'the path can be read as two different routes, so it is not forwarded',
  'path-invalid': 'the path is not a valid one',
  'plain-admin': 'nobody reaches the admin interface by plain HTTP',
  'plain-always': 'plain HTTP is always permitted on this route (plainHttp: always)',
  'plain-lan': 'plain HTTP is permitted from the LAN on this route (plainHttp: lan)',
  'plain-never': 'plain HTTP is never permitted on this route (plainHttp: never)',
  'plain-opening': 'an opening permits plain HTTP on this route for a time',
  'plain-outside': 'plain HTTP from outside the LAN, and no opening covers this client',
  'plain-sealed': 'the firmware link was handed out under an opening that still lasts',
  'plain-sealed-ended': 'the firmware link was handed out under an opening that has ended',
  'route-redirect': 'this route sends its clients elsewhere (redirect)',
  'route-refused': 'this route is refused to everyone',
  'seal-damaged': 'the firmware link was not made by this gate, or was changed on its way',
  'seal-expired': 'the firmware link is older than links may be (limits.link)',
  'seal-other-route': 'the firmware link belongs to another route',
  'upgrade-not-here': 'there is no WebSocket on a route of this role',
  'websockets-too-many': 'this device has as many WebSockets as one may have (limits.deviceWebSockets)',
} as const;

export type Because = keyof typeof SENTENCES;

/** The reason as a sentence, without a full stop. */
export function explain(because: Because): string {
  return SENTENCES[because];
}

export const REASONS = Object.keys(SENTENCES) as Because[];
