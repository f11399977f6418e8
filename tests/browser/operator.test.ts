import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { axeViolations } from './_util/axe.ts';
import { startDashboard, type TestDashboard } from './_util/dashboard.ts';

let dashboard: TestDashboard;
let session: string;

beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());
beforeEach(async () => {
  session = (await dashboard.api('POST', '/sessions', { purpose: 'a talk' }))['session_id'] as string;
});

interface Posted {
  readonly id: number;
  readonly content: string;
}
const post = (content: string, more: object = {}, agent?: string) =>
  dashboard.api('POST', `/sessions/${session}/messages`, { content, ...more }, agent);
const messages = async (agent?: string): Promise<Posted[]> =>
  (await dashboard.api('GET', `/sessions/${session}/messages`, undefined, agent))['messages'] as Posted[];

describe('an operator', () => {
  it.each([true, false])(
    'speaks, and all see that it is a person; scripts: %s',
    async (javaScriptEnabled) => {
      await post('hello', {}, 'reader');
      await using opened = await dashboard.open(`/ui/sessions/${session}`, { javaScriptEnabled });
      const { page } = opened;
      await page.getByLabel('Say something').fill('Stop,\nplease.');
      await page.getByText('To whom, and as what').click();
      await page.locator('.speak select[name=type]').selectOption('decision');
      await page.getByLabel('To', { exact: true }).fill('reader, type:tester');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.waitForURL(`**/ui/sessions/${session}**#m-*`);
      const row = page.locator('.msg', { hasText: 'please.' });
      await row.getByText('operator', { exact: true }).waitFor();
      expect((await messages('reader')).at(-1)).toMatchObject({
        ...{ content: 'Stop,\nplease.', metadata: { from: 'operator' }, message_type: 'decision' },
        ...{ to: ['reader', 'type:tester'], sender: 'dashboard@admin' },
      });
    },
  );

  it('is nobody else: no agent says that it is one', async () => {
    const claim = post('I am your operator', { metadata: { from: 'operator' } });
    await expect(claim).rejects.toThrow('PERMISSION_DENIED');
    await post('I am from elsewhere', { metadata: { from: 'elsewhere' } });
  });

  it('closes a session, which then refuses, and opens it again', async () => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`);
    await using late = await dashboard.open(`/ui/sessions/${session}`);
    const { page } = opened;
    await page.getByText('Close …').click();
    await page.getByRole('button', { name: 'Close the session' }).click();
    await page.getByText('takes no new messages').waitFor();
    await expect(post('too late')).rejects.toThrow('SESSION_CLOSED');

    late.expectFailures();
    await late.page.getByLabel('Say something').fill('from before');
    await late.page.getByRole('button', { name: 'Send' }).click();
    await late.page.getByRole('heading', { name: 'is closed and takes no new messages' }).waitFor();

    await page.getByRole('button', { name: 'Reopen the session' }).click();
    await page.getByLabel('Say something').waitFor();
    await post('again');
  });

  it('is told which value is wrong', async () => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`);
    const { page } = opened;
    opened.expectFailures();
    await page.getByLabel('Say something').fill('psst');
    await page.getByText('To whom, and as what').click();
    await page.getByLabel('To', { exact: true }).fill('nobody-at-all');
    await page.getByLabel('Who sees it').selectOption('private');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('heading', { name: 'No agent has the id nobody-at-all' }).waitFor();
    expect(await messages()).toEqual([]);
  });

  it('exports what the filters show', async () => {
    await post('```js\nlet a;\n```', { message_type: 'finding' }, 'coder');
    await post('words only', {}, 'coder');
    await post('```js\nlet b;\n```', {}, 'other');
    await using opened = await dashboard.open(`/ui/sessions/${session}?agent=coder&code=1`);
    const exported = async (): Promise<string> => {
      const coming = opened.page.waitForEvent('download');
      await opened.page.getByRole('link', { name: 'JSONL', exact: true }).click();
      return Buffer.concat(await (await (await coming).createReadStream()).toArray()).toString();
    };
    const some = await exported();
    expect(some).toContain('let a;');
    for (const text of ['words only', 'let b;']) expect(some).not.toContain(text);
    await opened.page.goto(`${dashboard.url}/ui/sessions/${session}`);
    const all = await exported();
    for (const text of ['let a;', 'words only', 'let b;']) expect(all).toContain(text);
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, %s', async (colorScheme) => {
    await using opened = await dashboard.open(`/ui/sessions/${session}`, { colorScheme });
    const { page } = opened;
    await page.getByLabel('Say something').fill('hello');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('operator', { exact: true }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByText('Close …').click();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close the session' }).click();
    await page.getByText('takes no new messages').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });
});
