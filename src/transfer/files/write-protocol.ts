/**
 * What the writing thread is told. All work on files is done there, with synchronous calls: for thousands of small files that
 * takes half the time of asynchronous ones, and it keeps the main thread free for reading, hashing and rewriting.
 */
export type WriteOperation =
  | { readonly do: 'folder'; readonly id: number; readonly place: string; readonly mode: number }
  | { readonly do: 'open'; readonly id: number; readonly place: string; readonly mode: number }
  /** Bytes of the batch's buffer, for the lane's open file, its pack, or both. */
  | {
      readonly do: 'data';
      readonly start: number;
      readonly end: number;
      readonly file: boolean;
      readonly pack: boolean;
    }
  | { readonly do: 'close'; readonly mtime: number }
  /** Forget the open file; the lane's pack is cut back to `packSize`. */
  | { readonly do: 'drop'; readonly packSize: number }
  | ExtractOperation
  | { readonly do: 'link'; readonly id: number; readonly place: string; readonly target: string };

/**
 * Take a body out of a pack, check its hash, and write it to a file; with `keep` also to the lane's own pack. Without `sha256` it is taken for
 * what it was written as. With `left` a file on the same disk is moved there instead, when it still has these facts.
 */
export interface ExtractOperation {
  readonly do: 'extract';
  readonly id: number;
  readonly place: string;
  readonly mode: number;
  readonly mtime: number;
  readonly pack: string;
  readonly offset: number;
  readonly size: number;
  readonly sha256?: string;
  readonly keep: boolean;
  readonly left?: { readonly path: string; readonly facts: string };
}

/** Operations of one lane, in order, and the buffer that their bytes are in. */
export interface WriteBatch {
  readonly lane: string;
  readonly buffer: ArrayBuffer;
  readonly operations: readonly WriteOperation[];
}

/** `done`: the buffer comes back with what became of each file that was finished in the batch (`code`: why it was refused). */
export type WriteReply =
  | { readonly type: 'done'; readonly buffer: ArrayBuffer; readonly results: readonly WriteResult[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

export interface WriteResult {
  readonly id: number;
  /** An error code of the file system, or HASH when a pack does not hold what it should. */
  readonly code?: string;
  /** Of a file that was written: see `factsOf`. */
  readonly facts?: string;
}

export interface WriterSettings {
  /** The folder that everything is written below. */
  readonly target: string;
  /** The folder that lanes' packs are written to. */
  readonly packs: string;
  /** Folders below it that are there already. */
  readonly folders?: readonly string[];
}
