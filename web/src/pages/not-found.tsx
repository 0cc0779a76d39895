import { usePageTitle } from '../parts/title.ts';

export function NotFound({ what = 'page' }: { what?: 'page' | 'device' }) {
  usePageTitle('Not found');
  return (
    <div class="plain-page">
      <h1 tabIndex={-1}>{what === 'device' ? 'There is no such device' : 'There is no such page'}</h1>
      <p>{what === 'device' ? 'It may have been deleted, or it belongs to another account.' : 'The address may have been mistyped.'}</p>
      <p>
        <a class="button" href="/">
          All devices
        </a>
      </p>
    </div>
  );
}
