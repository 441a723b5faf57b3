// Owns the page of the firmware store: what is kept, what is coming in, and who runs which version.
import { useEffect, useState } from 'preact/hooks';
import type { DevicePage, Firmware, NamedCount } from '../api.ts';
import { useCell, useFormat, useGate, useMayChange, useWords } from '../base/hooks.ts';
import { versionShares } from '../base/images.ts';
import { visible } from '../base/visible.ts';
import { AddFirmware } from '../parts/add-firmware.tsx';
import { Card, Empty, Facts, Loading, PageHead } from '../parts/card.tsx';
import { ImageCard } from '../parts/image-card.tsx';
import { Operations } from '../parts/operations.tsx';
import { Bar, ByteProgress } from '../parts/progress.tsx';
import { Rollouts } from '../parts/rollouts.tsx';

const MOST_VERSIONS = 6;
const NEARLY_FULL = 0.9;

export function FirmwarePage() {
  const words = useWords().firmware;
  const gate = useGate();
  const firmware = useCell(gate.firmware);
  const versions = useVersions();
  const mayChange = useMayChange();
  return (
    <>
      <PageHead title={words.title} text={words.intro} />
      {firmware === null ? (
        <Loading />
      ) : (
        <>
          <div class="halves">
            <StoreCard firmware={firmware} />
            <VersionsCard versions={versions} />
          </div>
          {firmware.fills.length > 0 && <FillsCard firmware={firmware} />}
          <Rollouts />
          {mayChange && <AddFirmware />}
          <Card
            title={words.images(firmware.images.length)}
            icon="firmware"
            side={mayChange && firmware.images.length > 0 && <Operations />}
          >
            {firmware.images.length === 0 ? (
              <Empty icon="firmware" text={words.none} />
            ) : (
              <ul class="images">
                {firmware.images.map((image) => (
                  <ImageCard key={image.sha256} image={image} versions={versions} />
                ))}
              </ul>
            )}
          </Card>
        </>
      )}
    </>
  );
}

function StoreCard({ firmware: { bytes, maxBytes, totals } }: { firmware: Firmware }) {
  const words = useWords().firmware;
  const format = useFormat();
  const share = maxBytes === 0 ? 0 : bytes / maxBytes;
  return (
    <Card title={words.store} icon="server">
      <p class="big-number">
        {format.bytes(bytes)} <span class="mute">{words.of(format.bytes(maxBytes))}</span>
      </p>
      <Bar share={share} tone={share > NEARLY_FULL ? 'warning' : 'busy'} />
      <Facts
        facts={[
          [words.hits, format.number(totals.hits + totals.joined)],
          [words.fetched, `${format.number(totals.fills)} · ${format.bytes(totals.upstreamBytes)}`],
          [words.asked, format.number(totals.revalidations)],
          [words.failedFills, format.number(totals.failedFills)],
        ]}
      />
    </Card>
  );
}

function VersionsCard({ versions }: { versions: readonly NamedCount[] | null }) {
  const words = useWords().firmware;
  const format = useFormat();
  const { shares, others } = versionShares(versions ?? [], MOST_VERSIONS);
  return (
    <Card title={words.whoRuns} icon="devices">
      {versions === null && <Loading />}
      {versions !== null && shares.length === 0 && <Empty icon="devices" text={words.nobodyRuns} />}
      <ul class="shares">
        {shares.map(({ name, count, share }) => (
          <li key={name}>
            <div class="row between">
              <a href={`/devices?version=${encodeURIComponent(name)}`}>
                <bdi>{visible(name, 40)}</bdi>
              </a>
              <span class="numbers">
                {words.devices(count, format.number(count))} <span class="mute">{format.percent(share)}</span>
              </span>
            </div>
            <Bar share={share} />
          </li>
        ))}
        {others > 0 && <li class="mute small-text">{words.otherVersions(format.number(others))}</li>}
      </ul>
    </Card>
  );
}

function FillsCard({ firmware: { fills } }: { firmware: Firmware }) {
  const words = useWords().firmware;
  return (
    <Card title={words.fills} icon="download">
      <ul class="list">
        {fills.map(({ id, fileName, have, length }) => (
          <li key={id}>
            <p class="breakable">{visible(fileName || id, 120)}</p>
            <ByteProgress label={words.fillOf(visible(fileName || id, 60))} have={have} length={length} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** How many devices run which version; asked anew when the store changes. */
function useVersions(): readonly NamedCount[] | null {
  const gate = useGate();
  const firmware = useCell(gate.firmware);
  const [versions, setVersions] = useState<readonly NamedCount[] | null>(null);
  const kept = firmware?.images.length;
  useEffect(() => {
    let gone = false;
    gate.client.get<DevicePage>('devices?limit=1').then(
      (page) => !gone && setVersions(page.versions),
      () => !gone && setVersions((now) => now ?? []),
    );
    return () => {
      gone = true;
    };
  }, [gate, kept]);
  return versions;
}
