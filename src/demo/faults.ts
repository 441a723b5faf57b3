// Owns what can be made to go wrong with a sample upstream: a plain object that may be changed while it runs.

export interface Faults {
  /** Pace of firmware downloads in bytes a second; left out, as fast as the line takes them. */
  downloadBytesPerSecond?: number | undefined;
  /** Milliseconds before any reply begins. */
  delayMs?: number | undefined;
  /** `true`: a download answers 302 to itself with `?direct=1`, which then serves. A text: 302 to that address. */
  redirectDownloads?: boolean | string | undefined;
  /** Bodies are chunked, without Content-Length. */
  chunkedReplies?: boolean | undefined;
  /** Bodies end where the connection ends. */
  noContentLength?: boolean | undefined;
  /** Bodies are gzipped: where the request accepts it, or whether it does or not. */
  gzip?: 'accepted' | 'always' | undefined;
  /** A download's connection ends after that many bytes of its body; the head promised all of them. */
  truncateAt?: number | undefined;
  /** A download stops after that many bytes of its body and leaves the connection open. */
  stallAt?: number | undefined;
  /** A 103 goes before each reply. */
  earlyHints?: boolean | undefined;
  /** The body of an OTA check's reply, instead of the true one. */
  checkBody?: string | Buffer | undefined;
  /** The status of an OTA check's reply, instead of 200. */
  checkStatus?: number | undefined;
  /** Downloads answer that status, with an empty body. */
  downloadStatus?: number | undefined;
}

/** Where a download is to be sent by a planted redirect, or undefined where it is to be served. */
export function redirectTarget(faults: Faults, path: string, query: URLSearchParams): string | undefined {
  const planted = faults.redirectDownloads;
  if (planted === undefined || planted === false || query.has('direct')) return undefined;
  return planted === true ? `${path}?direct=1` : planted;
}
