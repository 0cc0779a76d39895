// The first steps of a device, live: what has happened, what is awaited, why it stopped.

import { after, clock, elapsed } from '../format.ts';
import { useNow } from '../store.ts';
import type { Device } from '../types.ts';
import { Icon } from './icon.tsx';

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

interface Step {
  title: string;
  waiting: string;
  at: string | null;
}

export function stepsOf(device: Device): Step[] {
  const { timeline } = device;
  return [
    { title: 'Added', waiting: '', at: timeline.added_at },
    { title: 'Registered', waiting: 'waiting for the device to use its token', at: timeline.registered_at },
    { title: 'Session opened', waiting: 'device and server prove themselves to each other', at: timeline.session_at },
    { title: 'First reading', waiting: 'waiting for the first reading to be on disk', at: timeline.first_reading_at },
  ];
}

// The same, as a line of four for a card.
export function MiniTimeline({ device }: { device: Device }) {
  const steps = stepsOf(device);
  const done = steps.filter((step) => step.at).length;
  const stopped = done === 1 && device.registration?.state === 'expired';
  const next = steps[done];
  return (
    <div class="mini">
      <div class="mini-steps" aria-hidden="true">
        {steps.map((step, i) => (
          <i key={step.title} class={i < done ? 'mini-done' : i === done ? (stopped ? 'mini-stopped' : 'mini-now') : ''} />
        ))}
      </div>
      <p>
        Step {Math.min(done + 1, steps.length)} of {steps.length}: {stopped ? 'its token has expired' : (next?.waiting ?? 'done')}
      </p>
    </div>
  );
}

export const isAlive = (device: Device) => device.timeline.first_reading_at !== null;

export function Timeline({ device }: { device: Device }) {
  const steps = stepsOf(device);
  const next = steps.findIndex((step) => !step.at);
  const now = useNow(next >= 0);
  const stopped = next === 1 && device.registration?.state === 'expired';
  return (
    <ol class="timeline" aria-label="First steps of the device">
      {steps.map((step, i) => {
        const state = step.at ? 'done' : i === next ? (stopped ? 'stopped' : 'now') : 'later';
        const before = steps[i - 1]?.at;
        return (
          <li key={step.title} class={`step step-${state}`} data-step={step.title} data-state={state}>
            <span class="step-mark">
              {state === 'done' && <Icon name="check" />}
              {state === 'stopped' && <Icon name="close" />}
            </span>
            <span class="step-title">
              {step.title}
              <span class="unseen">{state === 'done' ? ', done' : state === 'now' ? ', now' : ''}</span>
            </span>
            <span class="step-note">
              {step.at && (
                <>
                  {clock(Date.parse(step.at))}
                  {before && ` · ${after(Date.parse(step.at) - Date.parse(before))}`}
                </>
              )}
              {state === 'now' && `${capital(step.waiting)}${before ? ` · ${elapsed(now - Date.parse(before))}` : ''}`}
              {state === 'stopped' && 'The token has expired'}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
