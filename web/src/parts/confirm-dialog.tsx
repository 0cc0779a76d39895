// "Are you sure?", with what happens then in words.

import type { ComponentChildren } from 'preact';
import { useAction } from './action.ts';
import { Dialog } from './dialog.tsx';
import { ProblemText } from './problem.tsx';

interface Props {
  title: string;
  act: string; // on the button
  keep?: string;
  action: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}

export function ConfirmDialog({ title, act, keep = 'Cancel', action, onClose, children }: Props) {
  const { busy, error, submit } = useAction(async () => void (await action()), onClose);
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div>{children}</div>
        <div role="alert">
          <ProblemText error={error} />
        </div>
        <div class="actions">
          <button class="danger" type="submit" aria-disabled={busy}>
            {act}
          </button>
          <button type="button" class="quiet" onClick={onClose}>
            {keep}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
