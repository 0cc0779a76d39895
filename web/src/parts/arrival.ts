import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { focusPage } from '../route.ts';

// One step has taken the place of another, and of the button that had the focus: read on from its
// heading. The first step of a page is left to the browser.
export function useArrival(step: unknown = true): void {
  useEffect(() => {
    if (step) focusPage();
  }, [step]);
}

// Browsers heed autofocus while a page loads; what appears later asks for the focus itself.
export function useAutofocus(element: RefObject<HTMLElement | null>, wanted = false): void {
  useEffect(() => {
    if (wanted) element.current?.focus();
  }, []);
}

// A problem with a line puts the focus there, and is no longer shown once the line is mended.
export function useProblem(line: RefObject<HTMLInputElement | null>, problem: string): { shown: string; mend: () => void } {
  const [mended, setMended] = useState(false);
  useEffect(() => {
    setMended(false);
    if (!problem) return;
    line.current?.focus();
    line.current?.select();
  }, [problem]);
  return { shown: mended ? '' : problem, mend: () => setMended(true) };
}
