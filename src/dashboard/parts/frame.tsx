// Owns what stands around every page: the ways to the others, the state of the connection, the settings.
import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary, useRef, useState } from 'preact/hooks';
import { useCell, useGate, useSigned, useWords } from '../base/hooks.ts';
import { devicePath, PAGES, pathOf, readPlace } from '../base/place.ts';
import { address } from '../base/router.ts';
import { CertificatesPage } from '../pages/certificates.tsx';
import { DevicePage } from '../pages/device.tsx';
import { DevicesPage } from '../pages/devices.tsx';
import { DoctorPage } from '../pages/doctor.tsx';
import { FirmwarePage } from '../pages/firmware.tsx';
import { LogPage } from '../pages/log.tsx';
import { NowherePage } from '../pages/nowhere.tsx';
import { OpeningsPage } from '../pages/openings.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { Button } from './button.tsx';
import { Empty } from './card.tsx';
import { ConnectionBanner, ConnectionState } from './connection.tsx';
import { Dialog } from './dialog.tsx';
import { Icon, Mark } from './icon.tsx';
import { Settings } from './settings.tsx';

export function Frame() {
  const words = useWords().frame;
  const { session } = useSigned();
  const place = readPlace(useCell(address).split('?', 1)[0] ?? '/');
  const [settings, setSettings] = useState(false);
  const main = useRef<HTMLElement>(null);
  const key = place.page === 'device' ? devicePath(place.device) : place.page;
  const drawn = useRef(key);

  // As after a page load: the reading begins at the heading of the new page.
  useEffect(() => {
    if (drawn.current === key) return;
    drawn.current = key;
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [key]);

  return (
    <div class="frame">
      <a class="skip" href="#main">
        {words.skip}
      </a>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          <span>otagate</span>
        </a>
        <ConnectionState />
        <Button icon="settings" look="quiet" label={words.settings} onPress={() => setSettings(true)} />
      </header>
      <nav class="ways" aria-label={words.pages}>
        <ul>
          {PAGES.map((page) => (
            <li key={page}>
              <Way page={page} current={place.page === page || (place.page === 'device' && page === 'devices')} />
            </li>
          ))}
        </ul>
      </nav>
      <div class="foot">
        <Settings />
        <p class="version">
          otagate {session.version}
          {session.role === 'read' && <span class="tag">{words.readOnly}</span>}
        </p>
      </div>
      <main id="main" ref={main} tabIndex={-1}>
        <ConnectionBanner />
        <Safe key={key}>
          {place.page === 'overview' && <OverviewPage />}
          {place.page === 'openings' && <OpeningsPage />}
          {place.page === 'devices' && <DevicesPage />}
          {place.page === 'device' && <DevicePage key={place.device} device={place.device} />}
          {place.page === 'firmware' && <FirmwarePage />}
          {place.page === 'certificates' && <CertificatesPage />}
          {place.page === 'doctor' && <DoctorPage />}
          {place.page === 'log' && <LogPage />}
          {place.page === 'nowhere' && <NowherePage />}
        </Safe>
      </main>
      {settings && (
        <Dialog title={words.settings} look="sheet" onClose={() => setSettings(false)}>
          <Settings />
        </Dialog>
      )}
    </div>
  );
}

/** A page that breaks leaves the ways to the others. */
function Safe({ children }: { children: ComponentChildren }) {
  const words = useWords().frame;
  const [fault] = useErrorBoundary((error) => console.error(error));
  if (fault === undefined) return <>{children}</>;
  return (
    <Empty icon="warning" text={words.broken}>
      <Button onPress={() => location.reload()}>{words.loadAgain}</Button>
    </Empty>
  );
}

function Way({ page, current }: { page: (typeof PAGES)[number]; current: boolean }) {
  const words = useWords().frame;
  const openings = useCell(useGate().openings)?.length ?? 0;
  const shown = page === 'openings' && openings > 0;
  return (
    <a class="way" href={pathOf(page)} aria-current={current ? 'page' : undefined}>
      <Icon name={page} size={20} />
      <span>{words.ways[page]}</span>
      {shown && (
        <span class="count">
          {openings}
          <span class="unseen">{words.open}</span>
        </span>
      )}
    </a>
  );
}
