// Owns dialogs: the browser's own, which keeps the focus inside and gives it back at the end.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useWords } from '../base/hooks.ts';
import { Button } from './button.tsx';

type DialogProps = { title: string; onClose: () => void; children: ComponentChildren; look?: 'middle' | 'sheet' };

/** Open while it is there. */
export function Dialog({ title, onClose, children, look = 'middle' }: DialogProps) {
  const frame = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const words = useWords().frame;
  useEffect(() => {
    const dialog = frame.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // By now the dialog may have left the document, and then the browser gives nothing back.
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  const onClick = (event: MouseEvent): void => {
    if (event.target === frame.current) onClose();
  };
  const onCancel = (event: Event): void => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={frame} class={`dialog ${look}`} aria-labelledby={titleId} onCancel={onCancel} onMouseDown={onClick}>
      <div class="dialog-inside">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <Button icon="close" look="quiet" label={words.close} onPress={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

type ConfirmProps = { title: string; text: string; act: string; onAct: () => Promise<void>; onClose: () => void };

/** Asks before something that cannot be taken back. */
export function Confirm({ title, text, act, onAct, onClose }: ConfirmProps) {
  const words = useWords().frame;
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="breakable">{text}</p>
      <div class="row end">
        <Button onPress={onClose}>{words.cancel}</Button>
        <Button look="grave" onPress={() => onAct().then(onClose)}>
          {act}
        </Button>
      </div>
    </Dialog>
  );
}
