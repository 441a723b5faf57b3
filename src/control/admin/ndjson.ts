// Owns answers that tell how a long operation goes: one JSON object a line, as it happens, no faster than they are read.
import { Readable } from 'node:stream';
import { errorText } from '../../base/errors.ts';

/** What breaks an operation off, as its last line. */
export type FailedStep = { step: 'failed'; what: string; detail: string };

/**
 * The lines of an operation, as a stream. What fails before the first one is thrown here, so that it can still be
 * answered with a status; what fails later is a line. A reader that leaves ends the operation at its next step.
 * @throws whatever the operation throws before its first step
 */
export async function progressLines<Step extends { step: string }>(
  steps: AsyncGenerator<Step>,
  onStep: (step: Step) => void = () => {},
): Promise<Readable> {
  const first = await steps.next();
  return Readable.from(linesOf(first, steps, onStep), { objectMode: false });
}

async function* linesOf<Step extends { step: string }>(
  first: IteratorResult<Step>,
  steps: AsyncGenerator<Step>,
  onStep: (step: Step) => void,
): AsyncGenerator<string> {
  try {
    for (let step = first; step.done !== true; step = await steps.next()) {
      onStep(step.value);
      yield `${JSON.stringify(step.value)}\n`;
    }
  } catch (error) {
    const failed: FailedStep = { step: 'failed', what: 'the operation', detail: errorText(error) };
    yield `${JSON.stringify(failed)}\n`;
  } finally {
    await steps.return(undefined);
  }
}
