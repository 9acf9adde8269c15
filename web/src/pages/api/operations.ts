import { PREFIX } from '@/api/place';

/** What the page needs of an OpenAPI document. */
export type Document = { paths: Record<string, Record<string, RawOperation>>; components?: { schemas?: Record<string, unknown> } };
type RawOperation = {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
};
export type Parameter = { name: string; in: string; required?: boolean; description?: string };
export type Operation = {
  id: string;
  method: string;
  path: string;
  summary: string;
  description?: string;
  tag: string;
  parameters: Parameter[];
  hasBody: boolean;
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const raw = item[method]!;
      return {
        id: raw.operationId ?? `${method} ${path}`,
        method: method.toUpperCase(),
        path,
        summary: raw.summary ?? path,
        description: raw.description,
        tag: raw.tags?.[0] ?? 'Other',
        parameters: raw.parameters ?? [],
        hasBody: raw.requestBody?.content?.['application/json'] !== undefined,
      };
    }),
  );
}

/** The address of a call: parameters put into the path or behind it. */
export function addressOf(operation: Operation, values: Record<string, string>): string {
  let path = PREFIX + operation.path;
  const query = new URLSearchParams();
  for (const parameter of operation.parameters) {
    const value = values[parameter.name];
    if (!value) continue;
    if (parameter.in === 'path') path = path.replace(new RegExp(`\\{${parameter.name}(:[^}]*)?\\}`), encodeURIComponent(value));
    else if (parameter.in === 'query') query.append(parameter.name, value);
  }
  return query.size ? `${path}?${query}` : path;
}
