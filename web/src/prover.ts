// Keeps a proof of work at hand for a form: fetched and solved while its owner types, used once.

import { registrationForm, type FormPurpose } from './account-api.ts';
import { Problem } from './client.ts';
import { startWorker } from './scripts.ts';
import type { Proof, RegistrationForm } from './types.ts';
import { solve, type Task } from './work.ts';

const YOUNGEST_MS = 3200; // the server takes a form from 3 s to an hour after it was made
const OLDEST_MS = 55 * 60_000;

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

// Where no worker starts, the page does it, and stays usable.
async function solveHere(task: Task, signal: AbortSignal): Promise<string> {
  const steps = solve(task);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await pause(0);
    signal.throwIfAborted();
  }
}

function solveAside(task: Task, signal: AbortSignal): Promise<string> {
  return new Promise((done, fail) => {
    const worker = startWorker('work');
    const end = () => worker.terminate();
    signal.addEventListener('abort', () => {
      end();
      fail(signal.reason as Error);
    });
    worker.onmessage = ({ data }: MessageEvent<string>) => {
      end();
      done(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end();
      fail(new Error('the worker has failed'));
    };
    worker.postMessage(task);
  });
}

async function work(task: Task, signal: AbortSignal): Promise<string> {
  try {
    return await solveAside(task, signal);
  } catch {
    signal.throwIfAborted();
    return solveHere(task, signal);
  }
}

interface Attempt {
  asked: Promise<RegistrationForm>;
  proof: Promise<Proof> | null; // null: nobody has begun to type yet
  atMs: number; // when the form was here
}

export class Prover {
  #attempt: Attempt | null = null;
  readonly #stopped = new AbortController();
  readonly #purpose: FormPurpose;

  constructor(purpose: FormPurpose) {
    this.#purpose = purpose;
  }

  // The form as the server gives it; nothing is solved yet.
  form(): Promise<RegistrationForm> {
    if (this.#attempt && Date.now() - this.#attempt.atMs < OLDEST_MS) return this.#attempt.asked;
    const attempt: Attempt = { asked: registrationForm(this.#purpose), proof: null, atMs: Date.now() };
    this.#attempt = attempt;
    attempt.asked.then(
      () => (attempt.atMs = Date.now()),
      () => this.#drop(attempt), // the next one who asks tries again
    );
    return attempt.asked;
  }

  // Begins to solve, once.
  begin(): void {
    void this.#proof().catch(() => {}); // whoever takes it sees what went wrong
  }

  // A proof that nobody has used, as soon as the server would take it.
  async take(): Promise<Proof> {
    const proof = this.#proof();
    const attempt = this.#attempt!;
    try {
      const made = await proof;
      await pause(Math.max(0, attempt.atMs + YOUNGEST_MS - Date.now()));
      return made;
    } finally {
      this.#drop(attempt);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  #proof(): Promise<Proof> {
    const asked = this.form();
    const attempt = this.#attempt!;
    attempt.proof ??= asked.then(async ({ form, bits }) => ({ form, work: await work({ form, bits }, this.#stopped.signal) }));
    return attempt.proof;
  }

  #drop(attempt: Attempt): void {
    if (this.#attempt === attempt) this.#attempt = null;
  }

  // Sends with a proof; a form that has gone stale meanwhile is replaced unseen, once. After any
  // other refusal the next proof is already being made while the form is mended.
  async send<T>(request: (proof: Proof) => Promise<T>): Promise<T> {
    try {
      return await request(await this.take());
    } catch (error) {
      if (!(error instanceof Problem && error.status === 422 && error.field === 'form')) {
        if (error instanceof Problem && error.status === 422) this.begin();
        throw error;
      }
    }
    return request(await this.take());
  }
}
