import { Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { queries } from '@/api/queries';
import { useReturnFocus } from '@/ui/focus';
import { StatusBadge } from '@/ui/StatusBadge';
import classes from './Palette.module.css';
import { PAGES } from './pages';
import { paletteVerbs } from './paletteVerbs';
import { runDrawer } from './runDrawer';

type Item = { id: string; label: React.ReactNode; hint?: React.ReactNode; go: () => void };

/** Pages, verbs for what is selected, and jobs by id or text. */
export default function Palette({ close }: { close: () => void }) {
  useReturnFocus();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [query] = useDebouncedValue(text.trim(), 150);
  const jobs = useQuery({ ...queries.recent({ q: query }, 8), enabled: query.length > 1 });

  const matches = (label: string) => label.toLowerCase().includes(text.trim().toLowerCase());
  const items: Item[] = [
    ...paletteVerbs
      .all()
      .filter((verb) => matches(verb.label))
      .map((verb) => ({ id: `v ${verb.label}`, label: verb.label, hint: 'selection', go: verb.run })),
    ...PAGES.filter((page) => matches(page.label)).map((page) => ({
      id: page.to,
      label: page.label,
      hint: <kbd>g {page.key}</kbd>,
      go: () => navigate({ to: page.to }),
    })),
    ...(matches('Run a job') ? [{ id: 'run', label: 'Run a job', hint: <kbd>c</kbd>, go: () => runDrawer.open() }] : []),
    ...(jobs.data?.items ?? []).map((job) => ({
      id: job.id,
      label: <span className="mono cut">{job.name ?? job.preview}</span>,
      hint: <StatusBadge status={job.status} />,
      go: () => navigate({ to: '/jobs/$id', params: { id: job.id } }),
    })),
    ...(query
      ? [{ id: 'search', label: <>Search all jobs for “{query}”</>, go: () => navigate({ to: '/jobs', search: { q: query } }) }]
      : []),
  ];

  const chosen = Math.min(at, items.length - 1);
  const run = (item?: Item) => {
    if (!item) return;
    close();
    item.go();
  };
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      size="lg"
      padding={0}
      yOffset="12vh"
      centered={false}
      aria-label="Command palette"
    >
      <TextInput
        data-autofocus
        size="md"
        variant="unstyled"
        px="sm"
        leftSection={<IconSearch size={16} />}
        placeholder="A page, a job's id or name, a verb"
        aria-label="Search pages, jobs and verbs"
        role="combobox"
        aria-expanded
        aria-controls="palette"
        aria-activedescendant={items[chosen] ? `palette-${chosen}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, items.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
          else if (event.key === 'Enter') run(items[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette" role="listbox" aria-label="Results" className={classes.list}>
        {items.map((item, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above moves through the options and chooses by Enter
          <div
            key={item.id}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === chosen}
            className={classes.item}
            onClick={() => run(item)}
            onMouseMove={() => setAt(i)}
          >
            <span className="cut">{item.label}</span>
            <span className="soft">{item.hint}</span>
          </div>
        ))}
        {items.length === 0 && <div className={classes.none}>Nothing by that name.</div>}
      </div>
    </Modal>
  );
}
