// Owns one image of the store: what it is, who runs it, and what can be done with it.
import { useState } from 'preact/hooks';
import type { Image, NamedCount } from '../api.ts';
import { ApiError } from '../base/client.ts';
import { useFormat, useGate, useMayChange, useWords } from '../base/hooks.ts';
import { factsOf } from '../base/images.ts';
import { visible } from '../base/visible.ts';
import { Badge } from './badge.tsx';
import { Button } from './button.tsx';
import { Facts } from './card.tsx';
import { Hash } from './copy.tsx';
import { Confirm } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { attempt } from './words-of-error.ts';

type ImageProps = { image: Image; versions: readonly NamedCount[] | null };

export function ImageCard({ image, versions }: ImageProps) {
  const words = useWords().firmware;
  const format = useFormat();
  const facts = factsOf(image);
  const name = visible(image.fileName, 120);
  const version = facts.version === null ? null : visible(facts.version, 40);
  const runs = facts.version === null ? 0 : (versions?.find((one) => one.name === facts.version)?.count ?? 0);
  const merged = image.kind === 'merged';
  return (
    <li class="image">
      <div class="image-head">
        <div class="image-name">
          <h3 class="breakable">{facts.board === null ? name : visible(facts.board, 80)}</h3>
          {version !== null && <span class="version-tag numbers">{version}</span>}
        </div>
        <div class="row gap-s badges">
          {image.current && <Badge tone="good" icon="upgraded" text={words.current} />}
          {image.pinned && <Badge tone="busy" icon="pin" text={words.pinned} />}
          {image.checked ? (
            <Badge tone="good" icon="well" text={words.verified} />
          ) : (
            <Badge tone="mute" icon="clock" text={words.notVerified} />
          )}
          {merged && <Badge tone="warning" icon="warning" text={words.kinds.merged} />}
        </div>
      </div>
      {merged && <p class="small-text">{words.mergedText}</p>}
      <Facts
        facts={[
          [words.kind, (words.kinds as Record<string, string>)[image.kind] ?? visible(image.kind, 20)],
          [words.chip, facts.chip ?? '–'],
          [words.size, format.bytes(image.length)],
          [words.built, visible([facts.builtAt, facts.idfVersion].filter(Boolean).join(' · ') || '–', 120)],
          [words.fileName, <span class="breakable">{name}</span>],
          ['SHA-256', <Hash value={image.sha256} label={name} />],
          [words.offered, format.moment(image.offeredMs)],
          [
            words.runsIt,
            runs === 0 ? (
              '–'
            ) : (
              <a href={`/devices?version=${encodeURIComponent(facts.version ?? '')}`}>
                {words.devices(runs, format.number(runs))}
              </a>
            ),
          ],
        ]}
      />
      <ImageActs image={image} name={name} />
    </li>
  );
}

function ImageActs({ image, name }: { image: Image; name: string }) {
  const { firmware: words, frame } = useWords();
  const gate = useGate();
  const mayChange = useMayChange();
  const [purging, setPurging] = useState(false);
  const { sha256, pinned, kind } = image;
  const path = `firmware/${sha256}`;
  const act = async (work: () => Promise<unknown>, well: string): Promise<void> => {
    await attempt(frame, work, well);
    await gate.refreshFirmware();
  };
  return (
    <div class="row gap-s acts">
      <a
        class="button plain small"
        href={`/api/v1/${path}/content`}
        download={image.fileName}
        aria-label={`${words.download}: ${name}`}
      >
        <Icon name="download" size={15} />
        {words.download}
      </a>
      {mayChange && (
        <>
          <Button
            small
            icon="pin"
            label={`${pinned ? words.unpin : words.pin}: ${name}`}
            onPress={() =>
              act(
                () => gate.client.post(`${path}/pin`, { pinned: !pinned }),
                pinned ? words.unpinned(name) : words.isPinned(name),
              )
            }
          >
            {pinned ? words.unpin : words.pin}
          </Button>
          <Button
            small
            icon="well"
            label={`${words.verify}: ${name}`}
            onPress={() => act(() => verifyOne(gate, sha256), words.isVerified(name))}
          >
            {words.verify}
          </Button>
          {kind === 'merged' && (
            <Button
              small
              look="main"
              icon="cut"
              label={`${words.extract}: ${name}`}
              onPress={() => act(() => gate.client.post(`${path}/extract`), words.isExtracted(name))}
            >
              {words.extract}
            </Button>
          )}
          <Button small look="grave" icon="trash" label={`${words.purge}: ${name}`} onPress={() => setPurging(true)}>
            {words.purge}
          </Button>
        </>
      )}
      {purging && (
        <Confirm
          title={words.purgeTitle}
          text={words.purgeText(name)}
          act={words.purge}
          onAct={() => act(() => gate.client.delete(path), words.isPurged(name))}
          onClose={() => setPurging(false)}
        />
      )}
    </div>
  );
}

/** @throws {ApiError} with the gate's words where the bytes are not what they were */
async function verifyOne({ client }: ReturnType<typeof useGate>, id: string): Promise<void> {
  let failed: string | null = null;
  await client.steps('firmware/verify', { id }, (step) => {
    if (step.step === 'failed') failed = step.detail;
  });
  if (failed !== null) throw new ApiError('FIRMWARE_CORRUPT', 200, failed);
}
