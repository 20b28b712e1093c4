/** What a finder of this module throws: one line that says what is missing and which command remedies it. */
export declare class MissingPartError extends Error {
  readonly name: 'MissingPartError';
  readonly code: 'FLEET_SETUP_MISSING_PART';
  readonly part: 'worker' | 'redis' | 'chromium';
  constructor(part: MissingPartError['part'], message: string);
}

export interface FindOptions {
  /** Where PATH, HOME, XDG_CACHE_HOME and the parts' own variables are read from. @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The mediasoup worker to pass to `createWorker({ workerBin })`: MEDIASOUP_WORKER_BIN, else the one that the set-up
 * put into the cache for this version, platform and set of libraries.
 * @throws MissingPartError
 */
export declare function findWorkerBin(options?: FindOptions): string;

/**
 * A redis-server of at least 6.2: REDIS_SERVER_BIN, else `redis-server` on the PATH.
 * @throws MissingPartError
 */
export declare function findRedisServerBin(options?: FindOptions): string;

/**
 * A Chromium or Chrome: FLEET_CHROMIUM_BIN, else on the PATH, else (macOS) in /Applications.
 * @throws MissingPartError
 */
export declare function findChromiumBin(
  options?: FindOptions & { readonly platform?: NodeJS.Platform },
): string;

/** This package's folder in the user's cache: $XDG_CACHE_HOME or ~/.cache, on macOS ~/Library/Caches. */
export declare function cacheFolder(
  options?: FindOptions & { readonly platform?: NodeJS.Platform; readonly home?: string },
): string;

/** What decides whether a worker in the cache is the right one. */
export interface WorkerFacts {
  /** Version of the mediasoup package. */
  readonly version: string;
  /** As in `process.platform`. */
  readonly platform: string;
  /** As in `process.arch`. */
  readonly arch: string;
  /** As from `os.release()`. */
  readonly osRelease: string;
  /** ABI version by library name, from `linkedLibraries()`. */
  readonly libraries: Readonly<Record<string, string>>;
  /** From `recipeHash()`. */
  readonly recipe: string;
}

/** The names of the cache folders of a downloaded and of a built worker. */
export declare function workerCacheKeys(facts: WorkerFacts): {
  readonly prebuilt: string;
  readonly built: string;
};

/** Where the worker of the installed mediasoup package belongs. @throws MissingPartError before `npm ci` */
export declare function workerCache(options?: FindOptions): {
  readonly version: string;
  readonly mediasoupFolder: string;
  readonly prebuiltBin: string;
  readonly builtBin: string;
};

/** ABI versions (the number in the file's name) of the libraries that a built worker links. */
export declare function linkedLibraries(folders?: readonly string[]): Record<string, string>;

/** A hash over the files that make up the build recipe, so that a changed recipe builds anew. */
export declare function recipeHash(folder?: string): string;

/** Negative, zero or positive, as for `Array.prototype.sort`. */
export declare function compareVersions(left: string, right: string): number;

export declare function findOnPath(names: readonly string[], env: NodeJS.ProcessEnv): string | undefined;
export declare function isExecutable(file: string): boolean;
export declare function mediasoupFolder(): string | undefined;
export declare function packageVersion(folder: string): string;
export declare function redisVersion(file: string): string | undefined;
export declare function setupCommand(purpose: 'start' | 'test'): string;
