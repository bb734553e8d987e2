import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../lib/depot/catalog/schema.ts";
import { Statements } from "../../../lib/depot/catalog/statements.ts";
import { VERBS } from "../../../lib/depot/catalog/verbs.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";
import { Model } from "./model.ts";
import { content, digest, OWNER, place } from "./temporary_catalog.ts";

const PLACES = ["p1", "p2", "p3"];
const DIGESTS = [1, 2].map(digest);

/** One step: what it does to the database and to the model, and what must be so after it. */
type Step = (db: Statements, model: Model) => void;

const anyNumber = fc.constantFrom(1, 2);
const anyUpload = fc.constantFrom("u", "v");
const anyName = fc.constantFrom("a", "b");
const anyPlace = fc.constantFrom(...PLACES);
const somePlaces = fc.shuffledSubarray(PLACES);
const someWanted = fc.integer({ min: 1, max: 3 });
/** What is removed is kept until then; `null`: not kept. */
const someUntil = fc.constantFrom(null, 5, 10);
const keep = (until: number | null) => until === null ? {} : { keeping: { now: 1, until } };

const prepare = fc.tuple(anyUpload, anyNumber, somePlaces).map(
  ([id, n, places]): Step => (db, model) => {
    VERBS.beginUpload(db, { upload: id, owner: OWNER, places, now: 1, content: content(n) });
    model.prepare(id, digest(n), places);
  },
);

const commit = fc.tuple(anyUpload, anyName, someWanted, somePlaces, someUntil)
  .map(([upload, name, wanted, places, until]): Step => (db, model) => {
    const prepared = model.uploads.get(upload);
    const good = places.filter((place) => prepared?.places.has(place));
    const attributes = { modifiedAt: null, executable: false };
    const committed = { upload, owner: OWNER, name, digest: prepared?.digest ?? digest(1), wanted };
    const deposit = { ...committed, good, keepWanted: false, attributes, now: 1 };
    const keeping = until === null ? {} : { keepUntil: until };
    if (!prepared || good.length === 0) {
      assertThrows(() => VERBS.commitDeposit(db, deposit), Error);
      return;
    }
    VERBS.commitDeposit(db, { ...deposit, ...keeping });
    model.commit(upload, name, wanted, good, until);
  });

const end = anyUpload.map((id): Step => (db, model) => {
  VERBS.endUpload(db, id);
  model.end(id);
});

const remove = fc.tuple(anyName, someUntil).map(([name, until]): Step => (db, model) => {
  const removed = VERBS.removeFile(db, OWNER, name, keep(until).keeping);
  assertEquals(removed !== null, model.remove(name, until));
});

const restore = fc.tuple(anyName, fc.constantFrom(null, 1, 2), fc.boolean(), someUntil).map(
  ([name, version, replace, until]): Step => (db, model) => {
    const restoring = { owner: OWNER, name, version, replace, ...keep(until) };
    const restored = VERBS.restoreFile(db, restoring);
    if (restored === "taken") return assert(!replace && model.files.has(name));
    const expected = model.restore(name, version, until);
    assertEquals(restored === "absent" ? null : restored.version, expected);
  },
);

const rename = fc.tuple(anyName, anyName, fc.boolean(), someUntil).map(
  ([from, to, replace, until]): Step => (db, model) => {
    if (from === to) return;
    const renaming = { owner: OWNER, from, to, replace, longest: 9, most: 9, ...keep(until) };
    const answer = VERBS.renameFiles(db, renaming);
    const taken = !replace && model.files.has(to) ? "taken" : undefined;
    const refused = model.files.has(from) ? taken : "absent";
    assertEquals("refused" in answer ? answer.refused : undefined, refused);
    if (!refused) model.rename(from, to, until);
  },
);

const forget = anyName.map((name): Step => (db, model) => {
  const digests = VERBS.forgetFile(db, OWNER, name);
  const removed = model.removed.filter((file) => file.name === name);
  const expected = [...removed, model.files.get(name) ?? []].flat().map(({ digest }) => digest);
  assertEquals(digests ?? [], [...new Set(expected)].sort());
  model.removed = model.removed.filter((file) => file.name !== name);
  model.files.delete(name);
});

const release = fc.constantFrom(4, 5, 10).map((now): Step => (db, model) => {
  const before = model.removed.length;
  model.removed = model.removed.filter(({ until }) => until > now);
  assertEquals(VERBS.releaseRemoved(db, now, 100).length, before - model.removed.length);
});

const change = fc.tuple(anyName, someWanted).map(([name, wanted]): Step => (db, model) => {
  const file = model.files.get(name);
  assertEquals(VERBS.changeFile(db, { owner: OWNER, name, wanted })?.wanted, file && wanted);
  if (file) file.wanted = wanted;
});

const beginCopy = fc.tuple(anyNumber, anyPlace).map(([n, place]): Step => (db, model) => {
  assertEquals(VERBS.beginCopy(db, digest(n), place), model.beginCopy(digest(n), place));
});

const finishCopy = fc.tuple(anyNumber, anyPlace).map(([n, place]): Step => (db, model) => {
  const state = model.replicas(digest(n)).get(place);
  const finish = () => VERBS.finishCopy(db, digest(n), place, 1);
  if (state === undefined || state === "doomed") {
    assertThrows(finish, Error);
    return;
  }
  finish();
  model.replicas(digest(n)).set(place, "good");
});

const dropCopy = fc.tuple(anyNumber, anyPlace).map(([n, place]): Step => (db, model) => {
  VERBS.dropCopy(db, digest(n), place);
  const replicas = model.replicas(digest(n));
  if (replicas.get(place) === "writing" && !model.isPrepared(digest(n), place)) {
    replicas.delete(place);
  }
});

const lose = fc.tuple(anyNumber, anyPlace).map(([n, place]): Step => (db, model) => {
  VERBS.replicaLost(db, digest(n), place, "absent", 1);
  if (model.replicas(digest(n)).get(place) === "good") model.replicas(digest(n)).delete(place);
});

const gone = fc.tuple(anyNumber, anyPlace).map(([n, place]): Step => (db, model) => {
  VERBS.replicaGone(db, digest(n), place);
  if (model.replicas(digest(n)).get(place) === "doomed") model.replicas(digest(n)).delete(place);
});

const doom = fc.tuple(anyNumber, somePlaces, somePlaces).map(
  ([n, order, live]): Step => (db, model) => {
    const isLive = (place: string) => live.includes(place);
    const before = model.good(digest(n)).filter(isLive).length;
    const doomed = VERBS.doomSurplus(db, digest(n), order, live);
    assertEquals(doomed, model.doomSurplus(digest(n), order, live));
    const left = goodIn(db, digest(n)).filter(isLive).length;
    assert(left >= Math.min(before, model.wanted(digest(n))), "too few are left");
  },
);

const anyStep = fc.oneof(
  { weight: 3, arbitrary: prepare },
  { weight: 3, arbitrary: commit },
  { weight: 2, arbitrary: doom },
  { weight: 2, arbitrary: remove },
  { weight: 2, arbitrary: restore },
  ...[end, rename, forget, release, change, beginCopy, finishCopy, dropCopy, lose, gone],
);

function goodIn(db: Statements, digest: string): string[] {
  const replicas = VERBS.content(db, digest)?.replicas ?? [];
  return replicas.filter(({ state }) => state === "good").map(({ place }) => place);
}

function compare(db: Statements, model: Model): void {
  for (const digest of DIGESTS) {
    const record = VERBS.content(db, digest);
    assertEquals(record !== null, model.isKnown(digest), "known, or forgotten");
    assertEquals(record?.wanted ?? 0, model.wanted(digest));
    const rows = (record?.replicas ?? []).map(({ place, state }) => [place, state]);
    assertEquals(rows, [...model.replicas(digest)].sort());
  }
  const { files } = VERBS.listFiles(db, { owner: OWNER, prefix: "", after: "", limit: 9 });
  const expected = [...model.files].sort().map(([name, { digest, wanted, version }]) =>
    [name, digest, wanted, version, ...model.good(digest)].join()
  );
  const found = files.map(({ name, digest, wanted, version, places }) =>
    [name, digest, wanted, version, ...places].join()
  );
  assertEquals(found, expected);
  const query = { owner: OWNER, prefix: "", after: "", afterVersion: 0, limit: 100 };
  const kept = VERBS.removedFiles(db, query).files.map(({ name, version, digest, keptUntil }) =>
    [name, version, digest, keptUntil].join()
  );
  const keptByModel = model.removed.map((file) =>
    [file.name, file.version, file.digest, file.until].join()
  );
  assertEquals(kept.sort(), keptByModel.sort());
}

Deno.test("whatever is done in whatever order, files and replicas are as the model says", () => {
  const steps = fc.array(anyStep, { maxLength: 60 });
  fc.assert(fc.property(steps, run), { numRuns: 150 });
});

function run(steps: Step[]): void {
  const database = new DatabaseSync(":memory:");
  database.exec(`PRAGMA foreign_keys = ON; ${MIGRATIONS.join("")}`);
  using db = new Statements(database);
  const model = new Model();
  VERBS.addOwner(db, OWNER, 1);
  for (const id of PLACES) VERBS.placeJoined(db, place(id), 1);
  for (const step of steps) {
    step(db, model);
    compare(db, model);
  }
}
