/**
 * Asks for what is wanted now: one request at a time, and of what is wanted meanwhile only the newest is asked next.
 *
 * Answers come in the order of their questions, so an older one never replaces a newer one. A request whose answer
 * nobody wants any more is ended by `restart` and `stop`; while a pen moves it is let through, or a slow server
 * would never be heard.
 */
export class Live<Wish, Answer> {
  #next: { wish: Wish } | null = null;
  #failed: { wish: Wish } | null = null; // what was wanted last, where that failed
  #running: AbortController | null = null;

  constructor(
    private readonly ask: (wish: Wish, signal: AbortSignal) => Promise<Answer>,
    private readonly take: (answer: Answer, wish: Wish) => void,
    private readonly fail: (error: unknown, wish: Wish) => void,
    private readonly tell: (busy: boolean) => void = () => {},
  ) {}

  /** Wants this instead of whatever was wanted before. */
  want(wish: Wish): void {
    this.#next = { wish };
    this.#failed = null;
    if (!this.#running) void this.#run();
  }

  /** The same, without waiting for a request that is under way. */
  restart(wish: Wish): void {
    this.stop();
    this.want(wish);
  }

  /** Wants what failed once more. */
  again(): void {
    if (this.#failed) this.want(this.#failed.wish);
  }

  /** Wants nothing more. */
  stop(): void {
    this.#next = this.#failed = null;
    this.#running?.abort();
    if (this.#running) this.tell(false);
    this.#running = null;
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.tell(true);
    while (this.#next && this.#running === running) {
      const { wish } = this.#next;
      this.#next = null;
      try {
        const answer = await this.ask(wish, running.signal);
        if (this.#running === running) this.take(answer, wish);
      } catch (error) {
        if (this.#running !== running) return;
        if (!this.#next) this.#failed = { wish };
        this.fail(error, wish);
      }
    }
    if (this.#running !== running) return;
    this.#running = null;
    this.tell(false);
  }
}
