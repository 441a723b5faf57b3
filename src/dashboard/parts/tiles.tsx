// Owns the few numbers that say how busy it is.
import type { Firmware, Totals, Traffic } from '../api.ts';
import { useFormat, useWords } from '../base/hooks.ts';
import { sumSince } from '../base/traffic.ts';
import { Icon, type IconName } from './icon.tsx';

type TilesProps = { traffic: Traffic | null; firmware: Firmware | null; totals: Totals };

export function Tiles({ traffic, firmware, totals }: TilesProps) {
  const words = useWords().overview;
  const format = useFormat();
  const points = traffic?.points ?? [];
  const active = points.at(-1)?.activeDownloads ?? 0;
  const hits = (firmware?.totals.hits ?? 0) + (firmware?.totals.joined ?? 0);
  const asked = hits + (firmware?.totals.fills ?? 0);
  return (
    <dl class="tiles">
      <Tile
        icon="devices"
        name={words.checks}
        value={format.number(sumSince(points, 'checks', 0))}
        text={words.lastHourOf(format.number(totals.checks))}
      />
      <Tile
        icon="offered"
        name={words.offers}
        value={format.number(sumSince(points, 'offers', 0))}
        text={words.lastHourOf(format.number(totals.offers))}
      />
      <Tile
        icon="download"
        name={words.downloads}
        value={format.number(active)}
        text={words.downloadsEnded(format.number(totals.downloads.complete), format.number(totals.downloads.broken))}
      />
      <Tile
        icon="firmware"
        name={words.sent}
        value={format.bytes(totals.downloads.bytes)}
        text={asked === 0 ? words.fromStoreNone : words.fromStore(format.percent(hits / asked))}
      />
    </dl>
  );
}

function Tile({ icon, name, value, text }: { icon: IconName; name: string; value: string; text: string }) {
  return (
    <div class="tile">
      <dt>
        <Icon name={icon} size={16} />
        {name}
      </dt>
      <dd class="tile-value">{value}</dd>
      <dd class="mute small-text">{text}</dd>
    </div>
  );
}
