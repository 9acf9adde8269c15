import { ActionIcon, Autocomplete, Button, Checkbox, Menu, NativeSelect, Popover, Switch, TextInput } from '@mantine/core';
import { IconBookmark, IconColumns3, IconSearch, IconTrash, IconX } from '@tabler/icons-react';
import { type InfiniteData, useQuery, useQueryClient } from '@tanstack/react-query';
import { memo, useEffect, useState } from 'react';
import { queries } from '@/api/queries';
import { type JobList, STATUSES } from '@/api/types';
import { COLUMNS } from './columns';
import classes from './JobsPage.module.css';
import { formatTokens, type JobsSearch, parseTokens, TOKEN_NAMES } from './search';
import { compactRows, savedViews } from './views';

type Props = { search: JobsSearch; go: (search: JobsSearch) => void };
type PickerProps = Props & { shown: string[] };

/** The one search field with its tokens, what it narrows to as chips, columns and saved views. */
export const JobsBar = memo(function JobsBar({ search, go, shown }: PickerProps) {
  const [text, setText] = useState(formatTokens(search));
  useEffect(() => setText(formatTokens(search)), [search]);
  const completions = useCompletions(text);
  const [listed, setListed] = useState(false);
  const keep = { ...(search.cols && { cols: search.cols }), ...(search.sort && { sort: search.sort }) };
  const submit = (value: string) => go({ ...parseTokens(value), ...keep });
  const chips = (['server', 'queue', 'kind', 'type', 'tag', 'priority', 'after', 'before', 'origin', 'batch', 'q'] as const).filter(
    (name) => search[name] !== undefined,
  );

  return (
    <>
      <div className={classes.bar}>
        <Autocomplete
          id="job-search"
          size="xs"
          className={classes.search}
          aria-label="Search jobs"
          placeholder='status:failed server:web-1 queue:email tag:nightly "text in command, script or error"   /'
          leftSection={<IconSearch size={14} />}
          data={completions}
          filter={({ options }) => options}
          value={text}
          onChange={setText}
          dropdownOpened={listed}
          onDropdownOpen={() => setListed(true)}
          onDropdownClose={() => setListed(false)}
          onOptionSubmit={(value) => {
            if (!value.endsWith(':')) return submit(value);
            // The name of a token: what it may be is offered next, once the list has closed behind it.
            setTimeout(() => setListed(true));
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.currentTarget.getAttribute('aria-activedescendant')) submit(text);
            else if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <NativeSelect
          size="xs"
          aria-label="Order"
          value={search.sort ?? '-created_at'}
          onChange={(event) => go({ ...search, sort: event.currentTarget.value === '-created_at' ? undefined : event.currentTarget.value })}
          data={[
            { value: '-created_at', label: 'Newest first' },
            { value: 'created_at', label: 'Oldest first' },
            { value: '-finished_at', label: 'Last finished first' },
            { value: 'priority', label: 'By priority' },
          ]}
        />
        <ColumnPicker search={search} go={go} shown={shown} />
        <Views search={search} go={go} />
      </div>
      {chips.length > 0 && (
        <div className={classes.bar}>
          {chips.map((name) => (
            <span key={name} className={classes.chip}>
              <span className="soft">{name === 'q' ? 'text' : name}</span> {String(search[name])}
              <ActionIcon size={18} aria-label={`Remove ${name} ${search[name]}`} onClick={() => go({ ...search, [name]: undefined })}>
                <IconX size={12} />
              </ActionIcon>
            </span>
          ))}
        </div>
      )}
    </>
  );
});

function useCompletions(text: string): string[] {
  const { data: servers } = useQuery(queries.servers());
  const { data: queues } = useQuery(queries.queues());
  const { data: workers } = useQuery(queries.workers());
  const client = useQueryClient();
  const at = text.lastIndexOf(' ') + 1;
  const [head, word] = [text.slice(0, at), text.slice(at)];
  const values: Record<string, string[]> = {
    status: STATUSES,
    server: servers?.items.map((server) => server.name) ?? [],
    queue: queues?.items.map((queue) => queue.name) ?? [],
    kind: ['command', 'script', 'task'],
    type: distinct(workers?.items.flatMap((worker) => worker.job_types)),
    // Nobody counts all tags there are; those of the jobs that were looked at are the likely ones.
    tag: distinct(client.getQueriesData<InfiniteData<JobList>>({ queryKey: ['jobs', 'list'] }).flatMap(([, list]) => tagsOf(list))),
    priority: ['1', '5', '10'],
  };
  const colon = word.indexOf(':');
  if (colon < 0) return word ? TOKEN_NAMES.filter((name) => name.startsWith(word) && name !== word).map((name) => `${head}${name}:`) : [];
  const name = word.slice(0, colon);
  return (values[name] ?? [])
    .filter((value) => value.startsWith(word.slice(colon + 1)))
    .slice(0, 12)
    .map((value) => `${head}${name}:${/\s/.test(value) ? `"${value}"` : value}`);
}

const tagsOf = (list?: InfiniteData<JobList>) => list?.pages.flatMap((page) => page.items.flatMap((job) => job.tags)) ?? [];
const distinct = (words: string[] = []) => [...new Set(words)].sort();

function ColumnPicker({ search, go, shown }: PickerProps) {
  const compact = compactRows.use();
  return (
    <Popover position="bottom-end">
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {COLUMNS.map((column) => (
          <Checkbox
            key={column.id}
            my={6}
            label={column.title}
            checked={shown.includes(column.id)}
            disabled={column.id === 'name'}
            onChange={(event) =>
              go({ ...search, cols: event.currentTarget.checked ? [...shown, column.id] : shown.filter((id) => id !== column.id) })
            }
          />
        ))}
        <Switch mt="sm" label="Compact rows" checked={compact} onChange={(event) => compactRows.set(event.currentTarget.checked)} />
        <Button mt="xs" variant="subtle" onClick={() => go({ ...search, cols: undefined })}>
          As it was
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

function Views({ search, go }: Props) {
  const views = savedViews.use();
  const [name, setName] = useState('');
  const save = () => {
    if (!name.trim()) return;
    savedViews.set([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), search }]);
    setName('');
  };
  return (
    <Menu position="bottom-end" width={260} closeOnItemClick>
      <Menu.Target>
        <Button variant="default" leftSection={<IconBookmark size={14} />}>
          Views
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {views.map((view) => (
          <Menu.Item
            key={view.name}
            onClick={() => go(view.search)}
            rightSection={
              <ActionIcon
                component="span"
                role="button"
                size={20}
                aria-label={`Forget the view ${view.name}`}
                onClick={(event) => {
                  event.stopPropagation();
                  savedViews.set(views.filter((each) => each !== view));
                }}
              >
                <IconTrash size={13} />
              </ActionIcon>
            }
          >
            {view.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <div style={{ display: 'flex', gap: 6, padding: 6 }}>
          <TextInput
            aria-label="Name of the view"
            placeholder="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === 'Enter') save();
            }}
          />
          <Button onClick={save} disabled={!name.trim()}>
            Save view
          </Button>
        </div>
      </Menu.Dropdown>
    </Menu>
  );
}
