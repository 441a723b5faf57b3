// Owns the page for an address that is none.
import { useWords } from '../base/hooks.ts';
import { Empty, PageHead } from '../parts/card.tsx';

export function NowherePage() {
  const words = useWords().frame;
  return (
    <>
      <PageHead title={words.nowhere} />
      <Empty icon="search" text={words.nowhereText}>
        <a class="button plain" href="/">
          {words.ways.overview}
        </a>
      </Empty>
    </>
  );
}
