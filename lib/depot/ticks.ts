/** Looks at what may take too long, again and again while it lasts: one timer each costs more. */
export class Ticks {
  #looks = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `ms`: between two looks; the first one comes sooner where there are others. */
  constructor(private readonly ms: number) {}

  /**
   * What `work` resolves to, unless `judge` gives a reason before to wait for it no longer, which is
   * thrown; what becomes of the work then is nobody's concern.
   */
  async watch<T>(work: Promise<T>, judge: () => Error | null): Promise<T> {
    const judged = Promise.withResolvers<never>();
    const look = () => {
      const why = judge();
      if (why) judged.reject(why);
    };
    this.#looks.add(look);
    this.#timer ??= setInterval(() => this.#lookAtAll(), this.ms);
    try {
      return await Promise.race([work, judged.promise]);
    } finally {
      this.#drop(look);
    }
  }

  #lookAtAll(): void {
    for (const look of [...this.#looks]) look();
  }

  #drop(look: () => void): void {
    this.#looks.delete(look);
    if (this.#looks.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
