import { Button, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { PREFIX } from '@/api/place';
import { queries } from '@/api/queries';
import { quote } from '@/pages/run/draft';
import { bytes } from '@/time/format';
import { Empty, ErrorNote, PageHeader, Panel, SkeletonRows } from '@/ui/blocks';
import { confirm } from '@/ui/confirm';
import { persisted } from '@/ui/persisted';
import { copy } from '@/ui/toast';
import classes from './ApiPage.module.css';
import { addressOf, type Document, type Operation, operationsOf } from './operations';

type Call = { id: string; method: string; address: string; body: string; values: Record<string, string>; status: number; ms: number };
type Answer = { status: number; ms: number; size: number; text: string };

const history_ = persisted<Call[]>('drover-calls', []);

export default function ApiPage() {
  const document_ = useQuery({ queryKey: ['openapi'], queryFn: load, staleTime: Infinity });
  const { data: session } = useQuery(queries.session());
  const calls = history_.use();
  const [find, setFind] = useState('');
  const [id, setId] = useState<string>();
  const [values, setValues] = useState<Record<string, string>>({});
  const [body, setBody] = useState('');
  const [answer, setAnswer] = useState<Answer>();
  const [busy, setBusy] = useState(false);
  const operations = document_.data ? operationsOf(document_.data) : [];
  const operation = operations.find((each) => each.id === id);
  const shown = operations.filter((each) => `${each.summary} ${each.path} ${each.id}`.toLowerCase().includes(find.toLowerCase()));

  const choose = (next: Operation) => {
    setId(next.id);
    setValues({});
    setBody(next.hasBody ? '{\n  \n}' : '');
    setAnswer(undefined);
  };
  const send = async () => {
    if (!operation) return;
    const address = addressOf(operation, values);
    if (operation.method === 'DELETE' && !(await confirm({ title: `Send DELETE ${address}?`, verb: 'Send it', danger: true }))) return;
    setBusy(true);
    const started = performance.now();
    try {
      const response = await fetch(address, {
        method: operation.method,
        headers: {
          Accept: 'application/json',
          ...(body && { 'Content-Type': 'application/json' }),
          ...(session?.csrf_token && { 'X-CSRF-Token': session.csrf_token }),
        },
        body: body && operation.hasBody ? body : undefined,
      });
      const text = await response.text();
      const ms = performance.now() - started;
      setAnswer({ status: response.status, ms, size: text.length, text: pretty(text) });
      history_.set(
        [{ id: operation.id, method: operation.method, address, body, values, status: response.status, ms }, ...calls].slice(0, 30),
      );
    } catch (error) {
      setAnswer({ status: 0, ms: performance.now() - started, size: 0, text: String(error) });
    } finally {
      setBusy(false);
    }
  };

  if (document_.isPending) return <SkeletonRows rows={12} />;
  if (document_.isError)
    return <ErrorNote error={document_.error} what="The API’s description could not be loaded." retry={() => document_.refetch()} />;
  return (
    <>
      <PageHeader title="API">
        <Button variant="default" component="a" href={`${PREFIX}/docs`} target="_blank">
          Reference
        </Button>
      </PageHeader>
      <div className={classes.page}>
        <nav className={`panel ${classes.list}`} aria-label="Operations">
          <TextInput
            aria-label="Find an operation"
            placeholder="Find"
            m={8}
            value={find}
            onChange={(event) => setFind(event.currentTarget.value)}
          />
          {shown.map((each) => (
            <button type="button" key={each.id} className={classes.item} aria-pressed={each.id === id} onClick={() => choose(each)}>
              <span className={classes.method} data-method={each.method}>
                {each.method}
              </span>
              <span className="cut">{each.summary}</span>
            </button>
          ))}
        </nav>
        <div className={classes.work}>
          {!operation ? (
            <div className="panel">
              <Empty title="Choose an operation">Calls are made with your own session and really happen.</Empty>
            </div>
          ) : (
            <Panel
              title={
                <>
                  <span className={classes.method} data-method={operation.method}>
                    {operation.method}
                  </span>{' '}
                  <span className="mono">{operation.path}</span>
                </>
              }
              verbs={
                <>
                  <Button variant="default" onClick={() => copy(curl(operation, values, body), 'curl call')}>
                    Copy as curl
                  </Button>
                  <Button loading={busy} onClick={send}>
                    Send
                  </Button>
                </>
              }
            >
              {operation.description && (
                <p className="soft" style={{ marginTop: 0 }}>
                  {operation.description}
                </p>
              )}
              <div className={classes.fields}>
                {operation.parameters
                  .filter((each) => each.in !== 'header')
                  .map((each) => (
                    <TextInput
                      key={each.name}
                      label={each.name}
                      description={each.description}
                      required={each.required}
                      value={values[each.name] ?? ''}
                      onChange={(event) => setValues({ ...values, [each.name]: event.currentTarget.value })}
                    />
                  ))}
              </div>
              {operation.hasBody && (
                <Textarea
                  mt="sm"
                  label="Body"
                  classNames={{ input: 'mono' }}
                  autosize
                  minRows={4}
                  maxRows={20}
                  value={body}
                  onChange={(event) => setBody(event.currentTarget.value)}
                  spellCheck={false}
                />
              )}
            </Panel>
          )}
          {answer && (
            <Panel
              title={
                <span style={{ color: answer.status >= 200 && answer.status < 300 ? 'var(--status-completed)' : 'var(--status-failed)' }}>
                  {answer.status || 'No answer'}
                </span>
              }
              verbs={
                <span className="soft">
                  {answer.ms.toFixed(0)} ms, {bytes(answer.size)}
                </span>
              }
              pad={false}
            >
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
              <section aria-label="Answer" className={`mono ${classes.answer}`} tabIndex={0}>
                {answer.text}
              </section>
            </Panel>
          )}
          {calls.length > 0 && (
            <Panel
              title="History"
              verbs={
                <Button variant="subtle" color="gray" size="compact-xs" onClick={() => history_.set([])}>
                  Forget
                </Button>
              }
              pad={false}
            >
              <div className="scroll-x">
                <table className="table">
                  <tbody>
                    {calls.map((call, i) => (
                      <tr key={i}>
                        <td style={{ width: 60 }}>{call.status}</td>
                        <td style={{ width: 60 }}>{call.method}</td>
                        <td className="mono">{call.address}</td>
                        <td className="num">{call.ms.toFixed(0)} ms</td>
                        <td className="num">
                          <Button
                            variant="default"
                            size="compact-xs"
                            onClick={() => {
                              setId(call.id);
                              setValues(call.values);
                              setBody(call.body);
                              setAnswer(undefined);
                            }}
                          >
                            Again
                          </Button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </Panel>
          )}
        </div>
      </div>
    </>
  );
}

async function load(): Promise<Document> {
  const response = await fetch(`${PREFIX}/openapi/v1.json`);
  if (response.ok) return (await response.json()) as Document;
  throw new Error('The server gave no OpenAPI document.');
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const curl = (operation: Operation, values: Record<string, string>, body: string) =>
  [
    `curl -sS -X ${operation.method} ${quote(location.origin + addressOf(operation, values))}`,
    '-H "Authorization: Bearer $DROVER_TOKEN"',
    ...(operation.hasBody ? [`-H 'Content-Type: application/json' -d ${quote(body)}`] : []),
  ].join(' \\\n  ');
