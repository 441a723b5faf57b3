// Owns the alert keys: the URL of a webhook is a secret, needed, and never shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASE, brief, configOf, faultsOf } from './checked.ts';

const hook = (rest: string): string => `${BASE}alerts: { webhooks: [{ ${rest} }] }\n`;

test('a webhook without its URL says which two keys can hold it', () => {
  const [fault] = faultsOf(hook('format: slack'));
  assert.match(
    `${fault?.path} ${fault?.problem} ${fault?.expected}`,
    /webhooks\[0\]\.webhook is missing it, or webhookFile/,
  );
});

test('a URL that would go over the line in clear text is refused, and not shown', () => {
  const faults = faultsOf(hook('webhook: "http://hooks.example.com/TOKEN"'));
  assert.match(brief(faults).join(), /alerts\.webhooks\[0\]\.webhook: is http/);
  assert.doesNotMatch(JSON.stringify(faults), /TOKEN/);
});

test('the language follows the format, unless it is said', () => {
  const languages = (['dingtalk', 'slack'] as const).map(
    (format) => configOf(hook(`webhook: "https://a.example/", format: ${format}`)).alerts.webhooks[0]?.language,
  );
  assert.deepEqual(languages, ['zh', 'en']);
});

test('a kind that nobody knows is a fault with a suggestion', () => {
  const [fault] = faultsOf(hook('webhook: "https://a.example/", kinds: [disk-lo]'));
  assert.match(`${fault?.path} ${fault?.suggestion}`, /kinds\[0\] disk-low/);
});
