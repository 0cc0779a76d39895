// A story: steps that stand on one another, each with a browser that must not have complained.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

// story: { house, eyes }, both there when the first step begins. After a failure the other steps are only noise.
export function tell(story) {
  let failed = false;
  return {
    get failed() {
      return failed;
    },
    step(name, action) {
      test(name, async (t) => {
        if (failed) return t.skip('an earlier step failed');
        const { house, eyes } = story;
        try {
          await action(t);
          assert.deepEqual(eyes.take(), []);
        } catch (error) {
          failed = true;
          const { page } = eyes;
          await page.screenshot({ path: join(house.directory, 'failed.png') }).catch(() => {});
          console.log(`on ${page.url()}:\n${await page.locator('body').innerText().catch(() => '')}`);
          console.log(eyes.take().join('\n'));
          throw error;
        }
      });
    },
  };
}
