import { BodyMemory } from "../../lib/server/body_memory.ts";
import { assert, assertEquals } from "../assert.ts";

const MIB = 1024 * 1024;

Deno.test("BodyMemory: a few bodies have two whole blocks each, 64 one, and all have it back", () => {
  const memory = new BodyMemory();
  using stack = new DisposableStack();
  const bodies = (count: number) => {
    for (let more = 0; more < count; more++) stack.use(memory.enter());
    return memory.share;
  };
  assertEquals(bodies(1), { buffers: 2, bytes: MIB });
  assertEquals(bodies(31), { buffers: 2, bytes: MIB });
  assertEquals(bodies(1), { buffers: 1, bytes: MIB });
  assertEquals(bodies(31), { buffers: 1, bytes: MIB });
  assertEquals(bodies(64), { buffers: 1, bytes: MIB / 2 });
  stack.dispose();
  assertEquals(memory.share, { buffers: 2, bytes: MIB });
});

Deno.test("BodyMemory: however many bodies come, up to 2,048 of them take 64 MiB together", () => {
  const memory = new BodyMemory();
  using stack = new DisposableStack();
  for (let count = 1; count <= 2_048; count++) {
    stack.use(memory.enter());
    const { buffers, bytes } = memory.share;
    assert(count * buffers * bytes <= 64 * MIB, `${count} bodies take more`);
  }
});
