import { BASE } from '@/api/client';
import { type JobDraft, parseEnv, quote, requestOf } from './draft';

/** What a shell would have to be told to do the same: the directory, the variables, then the work itself. */
export function asShell(draft: JobDraft): string {
  const lines: string[] = [];
  if (draft.workingDir.trim()) lines.push(`cd ${quote(draft.workingDir.trim())}`);
  for (const [name, value] of Object.entries(parseEnv(draft.env))) lines.push(`export ${name}=${quote(value)}`);
  if (draft.tab === 'command') lines.push(draft.command.trim() || '…');
  else lines.push([draft.shell.trim() || interpreter(draft.script), 'SCRIPT', draft.args.trim()].filter(Boolean).join(' '));
  return lines.join('\n');
}

// The script's first line says what runs it, /bin/sh when it says nothing.
const interpreter = (script: string) => /^#!\s*(.+)/.exec(script)?.[1]?.trim() ?? '/bin/sh';

export function asCurl(draft: JobDraft, origin: string): string {
  const { path, body } = requestOf(draft);
  return `curl -sS ${quote(`${origin}${BASE}${path}`)} \\\n  -H "Authorization: Bearer $DROVER_TOKEN" -H 'Content-Type: application/json' \\\n  -d ${quote(JSON.stringify(body))}`;
}

export function asDrover(draft: JobDraft, names: (id: string) => string): string {
  const { body } = requestOf(draft);
  const options = [
    ...draft.servers.map((id) => `--on ${quote(names(id))}`),
    ...draft.serverTags.map((tag) => `--tag ${quote(tag)}`),
    body.name && `--name ${quote(body.name)}`,
    body.queue && `--queue ${quote(body.queue)}`,
    body.priority && `-p ${body.priority}`,
    body.timeout != null && `--timeout ${body.timeout}s`,
    body.max_attempts && body.max_attempts > 1 && `--retries ${body.max_attempts - 1}`,
    body.delay && `--delay ${body.delay}s`,
    body.working_dir && `--cwd ${quote(body.working_dir)}`,
    body.shell && `--shell ${quote(body.shell)}`,
    ...Object.entries(body.env ?? {}).map(([name, value]) => `--env ${quote(`${name}=${value}`)}`),
    ...(body.tags ?? []).map((tag) => `--job-tag ${quote(tag)}`),
    ...(body.worker_labels ?? []).map((label) => `--label ${quote(label)}`),
    body.pty && '--pty',
    body.unbuffered && '--unbuffered',
    body.stdin && '--stdin',
  ].filter(Boolean);
  const feed = body.stdin ? `printf %s ${quote(body.stdin)} | ` : '';
  // One word after -- is shell text, several would be a program and its arguments.
  if (draft.tab === 'command') return `${feed}${['drover run', ...options].join(' ')} -- ${quote(draft.command.trim())}`;
  if (body.stdin)
    throw new Error('drover script reads the script from its standard input, and so cannot hand on another. Copy it as curl.');
  let end = 'SCRIPT';
  while (draft.script.split('\n').includes(end)) end += '_';
  return `${['drover script', ...options].join(' ')} -${draft.args.trim() ? ` -- ${draft.args.trim()}` : ''} <<'${end}'\n${draft.script}\n${end}`;
}

export function asCSharp(draft: JobDraft, origin: string): string {
  const { path, body } = requestOf(draft);
  return `using System.Text;

using var http = new HttpClient { BaseAddress = new("${origin}") };
http.DefaultRequestHeaders.Authorization = new("Bearer", Environment.GetEnvironmentVariable("DROVER_TOKEN"));
var response = await http.PostAsync("${BASE}${path}", new StringContent("""
    ${JSON.stringify(body)}
    """, Encoding.UTF8, "application/json"));
response.EnsureSuccessStatusCode();
Console.WriteLine(await response.Content.ReadAsStringAsync());`;
}
