import { useEffect } from 'preact/hooks';
import { focusPage } from '../route.ts';

// One step has taken the place of another, and of the button that had the focus: read on from its
// heading. The first step of a page is left to the browser.
export function useArrival(step: unknown = true): void {
  useEffect(() => {
    if (step) focusPage();
  }, [step]);
}
