// The calm page in front of the house: one panel, one thing to do.

import type { ComponentChildren } from 'preact';
import { Sea } from './sea.tsx';
import { usePageTitle } from './title.ts';

export function Entrance({ title, children }: { title: string; children: ComponentChildren }) {
  usePageTitle(title);
  return (
    <div class="sign-in">
      <div class="panel sign-in-form">
        <h1 tabIndex={-1}>{title}</h1>
        {children}
      </div>
      <Sea />
    </div>
  );
}

