/** A database with its statements prepared once, and a count of the rows it changed. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

export class Statements implements Disposable {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #changes = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Rows changed since the database was opened, those rolled back included. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether a transaction is open. SQLite itself ends one when the disk is full or fails. */
  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** The text of every statement so far, for looking at their plans. */
  get texts(): string[] {
    return [...this.#prepared.keys()];
  }

  /** The first row, if there is one. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** Every row. */
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Resolves to how many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    const changes = Number(this.#prepare(sql).run(...values).changes);
    this.#changes += changes;
    return changes;
  }

  /** The key of the row that it inserted; `undefined` when it did not. */
  insert(sql: string, ...values: SQLInputValue[]): number | undefined {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...values);
    this.#changes += Number(changes);
    return changes ? Number(lastInsertRowid) : undefined;
  }

  /** For `BEGIN`, `SAVEPOINT` and the like, whose count of changed rows is that of the last write. */
  control(sql: string): void {
    this.#prepare(sql).run();
  }

  [Symbol.dispose](): void {
    this.#prepared.clear();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}
