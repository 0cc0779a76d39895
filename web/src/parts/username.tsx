import { useStore } from '../store.ts';

// Tells password managers whose password is typed here.
export function Username() {
  const email = useStore((state) => (typeof state.session === 'object' ? state.session.email : ''));
  return <input type="text" name="username" autocomplete="username" value={email} readOnly hidden />;
}
