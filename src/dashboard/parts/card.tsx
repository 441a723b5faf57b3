// Owns the pieces that pages are made of: the head of a page, cards, what stands where there is nothing yet.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useTitle, useWords } from '../base/hooks.ts';
import { Icon, type IconName } from './icon.tsx';

/** The heading takes the focus when the page opens, so that reading begins there. */
export function PageHead({ title, text, children }: { title: string; text?: string; children?: ComponentChildren }) {
  useTitle(title);
  return (
    <div class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {text !== undefined && <p class="mute">{text}</p>}
      </div>
      {children}
    </div>
  );
}

type CardProps = {
  title: string;
  icon?: IconName;
  side?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
};

export function Card({ title, icon, side, children, class: more = '' }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${more}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>
          {icon !== undefined && <Icon name={icon} />}
          {title}
        </h2>
        {side}
      </div>
      {children}
    </section>
  );
}

export function Empty({ icon, text, children }: { icon: IconName; text: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={28} />
      <p>{text}</p>
      {children}
    </div>
  );
}

export function Loading() {
  return <p class="waiting">{useWords().frame.loading}</p>;
}

/** Names and values, side by side. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
