import { PREFIX } from './place';
import type { Problem } from './types';

/** An answer that is not a success: what the server said, in words for the operator. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: Record<string, string[]> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** Every field's complaint in one text, for forms that show no fields. */
  get details(): string {
    const lines = Object.entries(this.fields).flatMap(([field, reasons]) => reasons.map((reason) => `${field}: ${reason}`));
    return lines.length ? lines.join('\n') : this.message;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

let csrfToken: string | undefined;
let onUnauthorized: () => void = () => {};

export const setCsrfToken = (token: string | undefined) => {
  csrfToken = token;
};
export const setOnUnauthorized = (action: () => void) => {
  onUnauthorized = action;
};
export const BASE = `${PREFIX}/api/v1`;

export function pathOf(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString();
  return `${BASE}${path}${text ? `?${text}` : ''}`;
}

type Options = { query?: Query; body?: unknown; signal?: AbortSignal; idempotencyKey?: string };

async function send<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const form = options.body instanceof FormData;
  if (options.body !== undefined && !form) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrfToken) headers['X-CSRF-Token'] = csrfToken;
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;

  let response: Response;
  try {
    response = await fetch(pathOf(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      signal: options.signal,
      body: options.body === undefined ? undefined : form ? (options.body as FormData) : JSON.stringify(options.body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'Drover cannot be reached. Is it running, and is the network up?');
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  throw await failure(response, path);
}

async function failure(response: Response, path: string): Promise<ApiError> {
  let problem: Partial<Problem> = {};
  try {
    problem = await response.json();
  } catch {
    // A proxy's page, not ours: the status has to do.
  }
  if (response.status === 401 && path !== '/session') onUnauthorized();
  const text = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, text, problem.errors as Record<string, string[]> | undefined);
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => send<T>('GET', path, { query, signal }),
  post: <T>(path: string, body?: unknown, idempotencyKey?: string) => send<T>('POST', path, { body, idempotencyKey }),
  put: <T>(path: string, body: unknown) => send<T>('PUT', path, { body }),
  patch: <T>(path: string, body: unknown) => send<T>('PATCH', path, { body }),
  delete: <T = void>(path: string) => send<T>('DELETE', path),
};
