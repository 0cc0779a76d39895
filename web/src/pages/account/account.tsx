// The account: a page for each thing that is looked for there.

import type { FunctionComponent } from 'preact';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { usePageTitle } from '../../parts/title.ts';
import { NotFound } from '../not-found.tsx';
import { Activity } from './activity.tsx';
import { Data } from './data.tsx';
import { Keys } from './keys.tsx';
import { Profile } from './profile.tsx';
import { Sessions } from './sessions.tsx';
import { TwoStep } from './two-step.tsx';

interface Part {
  path: string;
  title: string;
  icon: IconName;
  Page: FunctionComponent;
}

const PARTS: Part[] = [
  { path: '/account', title: 'Profile', icon: 'person', Page: Profile },
  { path: '/account/two-step', title: 'Two-step sign-in', icon: 'shield', Page: TwoStep },
  { path: '/account/sessions', title: 'Where you are signed in', icon: 'machine', Page: Sessions },
  { path: '/account/activity', title: 'Recent activity', icon: 'waiting', Page: Activity },
  { path: '/account/keys', title: 'API keys', icon: 'key', Page: Keys },
  { path: '/account/data', title: 'Your data', icon: 'download', Page: Data },
];

export function Account({ path }: { path: string }) {
  const part = PARTS.find((one) => one.path === path);
  usePageTitle(part ? part.title : 'Not found');
  if (!part) return <NotFound />;
  return (
    <div class="account">
      <nav class="account-nav" aria-label="Account">
        {PARTS.map(({ path: to, title, icon }) => (
          <a key={to} href={to} aria-current={to === path ? 'page' : undefined}>
            <Icon name={icon} /> {title}
          </a>
        ))}
      </nav>
      <div class="account-page">
        <h1 tabIndex={-1}>{part.title}</h1>
        <part.Page />
      </div>
    </div>
  );
}

// Where a second factor is wanted before anything else.
export function Enforced() {
  usePageTitle('Two-step sign-in');
  return (
    <div class="account-page account-alone">
      <h1 tabIndex={-1}>Set up two-step sign-in</h1>
      <p class="hint">
        This server asks everybody like you for a second step besides the password. Set one up, and go on to your devices.
      </p>
      <TwoStep />
    </div>
  );
}

export { ProveIt } from '../../parts/prove-it.tsx';
