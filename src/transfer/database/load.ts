import { Readable } from 'node:stream';
import type { ResultSetHeader } from 'mysql2/promise';
import { PACKET_BYTES, type TargetConnection } from './connection.ts';
import { databaseError } from './errors.ts';
import { quoteName } from './sql-tokens.ts';

/** An empty packet ends the rows. */
const END = Buffer.alloc(0);

/** The server's number for it, and its words. */
export interface Complaint {
  readonly code: number;
  readonly message: string;
}

/** What the server said at the end of a LOAD DATA. */
export interface LoadOutcome {
  /** Rows that a key refused because an equal one was there. */
  readonly skipped: number;
  /** What the server found to complain about, the first few. */
  readonly complaints: readonly Complaint[];
  readonly complaintCount: number;
}

/** One open LOAD DATA statement. */
export interface Load {
  /** Resolves when the rows have been taken and may be overwritten; rejects when the statement has failed. */
  write(rows: Buffer): Promise<void>;
  end(): Promise<LoadOutcome>;
}

/** Types whose stored bytes are the value. All others (UUID, INET6, …) have a form in text, and take bytes for something else. */
const STORED_BYTES =
  /^(tiny|small|medium|big)?int|^(integer|decimal|numeric|float|double|real|bit|bool|boolean|date|datetime|timestamp|time|year|enum|set|vector)\b|(char|text|blob|binary)\b|^(geometry|geomcollection|(multi)?(point|linestring|polygon)|geometrycollection)\b/;

/** Whether a column takes its value as text only, on that kind of server. `type` is in lower case. */
export function isTextOnly(type: string, flavor: 'mysql' | 'mariadb'): boolean {
  // In MariaDB JSON is another name for LONGTEXT.
  return type.startsWith('json') ? flavor === 'mysql' : !STORED_BYTES.test(type);
}

/**
 * The statement for a table. Columns that refuse bytes without a character set go through a variable (MySQL manual, "The JSON Data
 * Type": a JSON value is made from a utf8mb4 string; MariaDB manual, "UUID Data Type": 16 bytes are the binary form).
 */
export function loadStatement(table: string, columns: readonly { name: string; textOnly: boolean }[]): string {
  const targets = columns.map((column, index) => (column.textOnly ? `@text${index}` : quoteName(column.name)));
  const sets = columns.flatMap((column, index) =>
    column.textOnly ? [`${quoteName(column.name)} = CONVERT(@text${index} USING utf8mb4)`] : [],
  );
  return (
    `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${quoteName(table)} CHARACTER SET binary (${targets.join(', ')})` +
    (sets.length > 0 ? ` SET ${sets.join(', ')}` : '')
  );
}

/** Starts a LOAD DATA and keeps it open for as long as rows come. To give up, destroy the connection: the server rolls back. */
export function startLoad(connection: TargetConnection, sql: string, table: string): Load {
  const asked = Promise.withResolvers<void>();
  // mysql2 is given a stream that says nothing. It would copy each packet into new memory, and it must not end the rows itself: the
  // packet it does that with is one buffer for all connections, and while it waits to be sent, another load that ends puts its own
  // number into it.
  const silent = new Readable({ read: () => undefined });
  const infileStreamFactory = (): Readable => {
    asked.resolve();
    return silent;
  };
  const done = connection.raw
    .query<ResultSetHeader>({ sql, infileStreamFactory })
    .then(([header]) => header)
    .catch((error: unknown) => {
      throw databaseError(error, `Loading the table ${table}`, table);
    });
  const failed = done.then(() => undefined);
  // The failure is seen by whoever writes or ends; it must not count as unhandled before that.
  failed.catch(() => undefined);
  const send = async (rows: Buffer): Promise<void> => {
    await Promise.race([asked.promise, failed]);
    // Why it could not be sent is what the statement failed with.
    const sent = connection.sendRows(rows).catch(() => failed);
    await Promise.race([sent, failed]);
  };
  return {
    write: async (data) => {
      for (let offset = 0; offset < data.length; offset += PACKET_BYTES) {
        await send(data.subarray(offset, offset + PACKET_BYTES));
      }
    },
    end: async () => {
      await send(END);
      const header = await done;
      const skipped = Number(/Skipped: (\d+)/.exec(header.info)?.[1] ?? 0);
      const complaints = header.warningStatus > 0 ? await connection.query('SHOW WARNINGS LIMIT 64') : [];
      return {
        skipped,
        complaints: complaints.map((row) => ({ code: Number(row['Code']), message: String(row['Message']) })),
        complaintCount: header.warningStatus,
      };
    },
  };
}
