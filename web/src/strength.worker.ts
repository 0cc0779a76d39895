// Judges passwords by the patterns and words that guessing programs try first (zxcvbn).

import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import adjacencyGraphs from '@zxcvbn-ts/language-common/dist/adjacencyGraphs.json.mjs';
import passwords from '@zxcvbn-ts/language-common/dist/passwords.json.mjs';
import firstNames from '@zxcvbn-ts/language-en/dist/firstnames.json.mjs';
import translations from '@zxcvbn-ts/language-en/dist/translations.mjs';
import wikipedia from '@zxcvbn-ts/language-en/dist/wikipedia.json.mjs';
import type { Answer, Question } from './strength.ts';

const LONGEST = 100; // beyond, it costs time and changes nothing

const zxcvbn = new ZxcvbnFactory({
  dictionary: { passwords, firstNames, wikipedia },
  graphs: adjacencyGraphs,
  translations: {
    ...translations,
    warnings: {
      ...translations.warnings,
      userInputs: 'It contains your address or the name of this service, which is what is tried first.',
    },
    suggestions: { ...translations.suggestions, anotherWord: 'Add another word or two that do not belong together.' },
  },
  maxLength: LONGEST,
});

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  const { score, feedback } = zxcvbn.check(data.password.slice(0, LONGEST), data.about);
  const answer: Answer = { id: data.id, score, warning: feedback.warning ?? '', suggestions: feedback.suggestions };
  postMessage(answer);
});
