// Makes the signed values that the servers hand to a device in a check: the WebSocket token and the MQTT login.
import { createHmac } from 'node:crypto';

export interface MqttLogin {
  endpoint: string;
  client_id: string;
  username: string;
  password: string;
  publish_topic: string;
  subscribe_topic: string;
}

/** `<HMAC-SHA256 of client|device|seconds, base64url>.<seconds>`, as both servers sign it. */
export function websocketToken(key: string, clientId: string, deviceId: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  const signature = createHmac('sha256', key).update(`${clientId}|${deviceId}|${seconds}`).digest('base64url');
  return `${signature}.${seconds}`;
}

/**
 * The `mqtt` part of a reply. The password signs client id and user name together, so that whoever changes one of
 * the two breaks the login; the endpoint stands outside.
 */
export function mqttLogin(
  key: string,
  login: { endpoint: string; groupId: string; deviceId: string; userData: string },
): MqttLogin {
  const device = login.deviceId.replaceAll(':', '_');
  const clientId = `${login.groupId.replaceAll(/[: ]/g, '_')}@@@${device}@@@${device}`;
  const username = Buffer.from(login.userData).toString('base64');
  return {
    endpoint: login.endpoint,
    client_id: clientId,
    username,
    password: createHmac('sha256', key).update(`${clientId}|${username}`).digest('base64'),
    publish_topic: 'device-server',
    subscribe_topic: `devices/p2p/${device}`,
  };
}
