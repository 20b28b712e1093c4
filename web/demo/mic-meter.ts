/** Measures how loud an audio track is, for the bar that shows a microphone works before anybody listens. */
export class MicMeter {
  readonly #context: AudioContext;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;
  readonly #samples: Uint8Array<ArrayBuffer>;
  #frame = 0;
  #closed = false;

  /** `onLevel` gets 0 (silent) to 1 with each painted frame, until `close()`. */
  constructor(track: MediaStreamTrack, onLevel: (level: number) => void) {
    this.#context = new AudioContext();
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 512;
    this.#samples = new Uint8Array(this.#analyser.fftSize);
    this.#source.connect(this.#analyser);
    const measure = () => {
      if (this.#closed) return;
      onLevel(this.#level());
      this.#frame = requestAnimationFrame(measure);
    };
    measure();
  }

  /** Browsers hold audio back until the person touched the page. */
  wake(): void {
    if (!this.#closed && this.#context.state === 'suspended') void this.#context.resume();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    this.#source.disconnect();
    void this.#context.close();
  }

  /** Root mean square, stretched so that ordinary speech fills most of the bar. */
  #level(): number {
    this.#analyser.getByteTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += ((sample - 128) / 128) ** 2;
    return Math.min(1, Math.sqrt(sum / this.#samples.length) * 4);
  }
}
