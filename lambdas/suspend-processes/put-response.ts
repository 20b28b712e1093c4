/** Five tries over half a minute: nobody repeats the answer to CloudFormation for us. */
const PAUSES_MS = [0, 500, 2_000, 8_000, 16_000];

/** Puts the answer where CloudFormation waits for it. @throws the last failure */
export async function putResponse(
  url: string,
  body: string,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<void> {
  let failure: unknown;
  for (const pauseMs of pausesMs) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    try {
      // The address is signed for a request without a content type.
      const response = await fetch(url, {
        method: 'PUT',
        body: Buffer.from(body),
        headers: { 'content-type': '' },
        signal: AbortSignal.timeout(5_000),
      });
      await response.arrayBuffer();
      if (response.ok) return;
      failure = new Error(`CloudFormation's address answered ${response.status}`);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
