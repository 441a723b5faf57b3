// Reads the recorded replies of the Python server, and holds those of the Java server as its source makes them.
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../fixtures/python-server/', import.meta.url);

/** The names of all recorded replies. */
export function recordedNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.http'))
    .map((file) => file.slice(0, -'.http'.length))
    .toSorted();
}

/** The body of a recorded reply: what comes after the first blank line. */
export function recordedBody(name: string): Buffer {
  const raw = readFileSync(new URL(`${name}.http`, FOLDER));
  const end = raw.indexOf('\r\n\r\n');
  if (end < 0) throw new TypeError(`${name}: no blank line`);
  return raw.subarray(end + 4);
}

const TIME = '"server_time":{"timestamp":1757567894012,"timeZone":"Asia/Shanghai","timezone_offset":480}';
const VOICE = '"websocket":{"url":"ws://192.168.4.23:8000/xiaozhi/v1/","token":""}';
const MQTT =
  '"mqtt":{"endpoint":"192.168.0.7:1883","client_id":"GID_default@@@11_22_33_44_55_66@@@11_22_33_44_55_66","username":"eyJpcCI6IjEuMi4zLjQifQ==","password":"6MqA0MYhXhJhSgmk+fkbNjz/0pA=","publish_topic":"device-server","subscribe_topic":"devices/p2p/11_22_33_44_55_66"}';
const SENTINEL = 'http://xiaozhi.server.com:8002/xiaozhi/otaMag/download/NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';

/** The one-time link of `JAVA.update`. */
export const JAVA_LINK = 'http://xiaozhi.server.com:8002/xiaozhi/otaMag/download/3f2b8c1e-9a47-4d55-8b1e-0c7d2f6a9e10';

export const JAVA = {
  unbound: `{${TIME},"activation":{"code":"460609","message":"http://xiaozhi.server.com\\n460609","challenge":"11:22:33:44:55:66"},"firmware":{"version":"1.0.1","url":"${SENTINEL}"},${VOICE},${MQTT}}`,
  upToDate: `{${TIME},"firmware":{"version":"2.0.0","url":"${SENTINEL}"},${VOICE}}`,
  update: `{${TIME},"firmware":{"version":"2.0.0","url":"${JAVA_LINK}"},${VOICE},${MQTT}}`,
  withoutAutoUpdate: `{${TIME},${VOICE},${MQTT}}`,
  badDevice: '{"error":"Invalid device ID"}',
  failure: '{"code":500,"msg":"Server internal exception","data":null}',
} as const;
