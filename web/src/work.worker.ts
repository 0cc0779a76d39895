// Works off the main thread: a task comes in, its solution goes out.

import { solve, type Task } from './work.ts';

addEventListener('message', ({ data }: MessageEvent<Task>) => {
  const steps = solve(data);
  for (;;) {
    const step = steps.next();
    if (step.done) return postMessage(step.value);
  }
});
