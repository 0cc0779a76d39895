// Our own line icons on a 20 × 20 grid. Always beside words, or inside a button that has a name.

const PATHS = {
  add: 'M10 4v12M4 10h12',
  back: 'M12 4.5 6.5 10l5.5 5.5',
  check: 'm4.5 10.5 3.7 3.7 7.3-8',
  close: 'm5.5 5.5 9 9m0-9-9 9',
  copy: 'M7.5 7.5h8v8h-8zM4.5 12.5v-8h8',
  download: 'M10 3.5v8.5m-3.5-3.5L10 12l3.5-3.5M4 16.5h12',
  edit: 'm4 16 .7-3.3L13 4.4a1.5 1.5 0 0 1 2.1 0l.5.5a1.5 1.5 0 0 1 0 2.1l-8.3 8.3z',
  eye: 'M2.5 10S5.3 5 10 5s7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z',
  'eye-off': 'M3.5 3.5l13 13M8 5.3A7 7 0 0 1 10 5c4.7 0 7.5 5 7.5 5a13 13 0 0 1-2.2 2.7M12.6 14.5A7 7 0 0 1 10 15c-4.7 0-7.5-5-7.5-5a13 13 0 0 1 3.2-3.6',
  key: 'M9.2 10.8a3.6 3.6 0 1 1 2.1-2.1l5.2 5.2v2.6h-2.6v-2h-2v-2z',
  machine: 'M3.5 4.5h13v8.5h-13zM7 16.5h6M10 13v3.5',
  person: 'M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.8 16.5c.6-3.2 3-4.5 6.2-4.5s5.6 1.3 6.2 4.5',
  print: 'M6 7.5v-4h8v4M6 14H3.5V7.5h13V14H14M6 11.5h8v5H6z',
  shield: 'M10 3l6 2.2v4.3c0 3.6-2.4 6.1-6 7.5-3.6-1.4-6-3.9-6-7.5V5.2z',
  'sign-out': 'M8 4H4.5v12H8M12 6.5l3.5 3.5-3.5 3.5M15.5 10H8',
  trash: 'M4.5 6h11M8 6V4h4v2M6 6l.7 10.5h6.6L14 6',
  warning: 'M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.2v.1',
  waiting: 'M10 3.5a6.5 6.5 0 1 0 6.5 6.5',
  zoom: 'M9 14a5 5 0 1 0 0-10 5 5 0 0 0 0 10zm3.6-1.4 4 4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
