import { Groups, type GroupsOptions } from "../../lib/worker/groups.ts";
import { assertEquals, assertRejects } from "../assert.ts";

/** Groups of numbers, which come to ten times as much when the test lets their group end. */
class Work {
  readonly begun: number[][] = [];
  #ends: PromiseWithResolvers<void>[] = [];
  readonly groups: Groups<number, number>;

  constructor(options: Partial<GroupsOptions<number, number>> = {}) {
    this.groups = new Groups<number, number>({
      atOnce: 2,
      most: 4,
      work: async (items) => {
        this.begun.push(items);
        const end = Promise.withResolvers<void>();
        this.#ends.push(end);
        await end.promise;
        return items.map((item) =>
          item < 0 ? { error: new Error(`${item}`) } : { value: item * 10 }
        );
      },
      ...options,
    });
  }

  async end(group: number): Promise<void> {
    this.#ends[group]!.resolve();
    await this.turn();
  }

  /** What is to begin has begun after this. */
  async turn(): Promise<void> {
    for (let turns = 0; turns < 2; turns++) await new Promise((go) => setTimeout(go, 0));
  }
}

Deno.test("items of one turn go together, and the first waits for nobody", async () => {
  const work = new Work();
  const first = work.groups.add(1);
  const second = work.groups.add(2);
  await Promise.resolve();
  assertEquals(work.begun, [[1, 2]]);
  await work.end(0);
  assertEquals(await Promise.all([first, second]), [10, 20]);
});

Deno.test("few items wait while others are under way, many do not", async () => {
  const work = new Work();
  const all = [work.groups.add(1)];
  await work.turn();
  all.push(work.groups.add(2));
  await work.turn();
  assertEquals(work.begun, [[1]]);
  all.push(work.groups.add(3));
  await work.turn();
  assertEquals(work.begun, [[1], [2, 3]]);
  all.push(...[4, 5, 6, 7, 8, 9].map((item) => work.groups.add(item)));
  await work.turn();
  assertEquals(work.begun.length, 2, "no more than two groups at once");
  await work.end(0);
  assertEquals(work.begun[2], [4, 5, 6, 7]);
  await work.end(1);
  assertEquals(work.begun[3], [8, 9], "half of a group");
  await work.end(2);
  await work.end(3);
  assertEquals(await Promise.all(all), [10, 20, 30, 40, 50, 60, 70, 80, 90]);
});

Deno.test("a group is no larger than it may be, unless by its first item alone", async () => {
  const work = new Work({ atOnce: 9, size: { most: 100, of: (item) => item } });
  const all = [60, 50, 40, 300, 1].map((item) => work.groups.add(item));
  await work.turn();
  assertEquals(work.begun, [[60], [50, 40], [300]]);
  for (let group = 0; group < 3; group++) await work.end(group);
  assertEquals(work.begun[3], [1], "the last goes when nothing else is under way");
  await work.end(3);
  assertEquals(await Promise.all(all), [600, 500, 400, 3_000, 10]);
});

Deno.test("one item's failure is its own, a group's that of all", async () => {
  const work = new Work();
  const good = work.groups.add(1);
  const bad = assertRejects(() => work.groups.add(-1), Error, "-1");
  await work.turn();
  await work.end(0);
  assertEquals(await good, 10);
  await bad;

  const broken = new Work({ work: () => Promise.reject(new Error("gone")) });
  await Promise.all(
    [1, 2].map((item) => assertRejects(() => broken.groups.add(item), Error, "gone")),
  );
});
