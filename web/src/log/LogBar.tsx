import { ActionIcon, Button, Menu, SegmentedControl, TextInput, Tooltip } from '@mantine/core';
import {
  IconArrowAutofitDown,
  IconArrowDown,
  IconArrowUp,
  IconClock,
  IconCopy,
  IconDownload,
  IconFilter,
  IconMaximize,
  IconSearch,
  IconTextWrap,
} from '@tabler/icons-react';
import { BASE } from '@/api/client';
import { count } from '@/time/format';
import type { Stamps } from './row';
import type { Log, Streams } from './useLog';

/** What can be done with a log; every key has its button here. */
export function LogBar({ id, log, onCopy, onFull }: { id: string; log: Log; onCopy: () => void; onFull: () => void }) {
  const { options, search, query } = log;
  const place = log.current >= 0 ? search.hits.indexOf(log.current) + 1 : 0;
  return (
    <div className="log-bar" role="toolbar" aria-label="Output">
      <TextInput
        className="log-find"
        placeholder="Search the output  /"
        aria-label="Search the output"
        leftSection={<IconSearch size={13} />}
        value={query}
        onChange={(event) => log.find(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') log.step(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') {
            log.find('');
            event.currentTarget.blur();
          }
        }}
      />
      <span className="log-count" aria-live="polite" data-testid="matches">
        {query &&
          (search.hits.length
            ? `${place ? `${count(place)} of ` : ''}${count(search.hits.length)} ${search.hits.length === 1 ? 'line' : 'lines'}`
            : search.busy
              ? 'searching…'
              : 'no match')}
      </span>
      <Button.Group>
        <Icon label="Previous match (N)" off={!search.hits.length} onClick={() => log.step(-1)} icon={IconArrowUp} />
        <Icon label="Next match (n)" off={!search.hits.length} onClick={() => log.step(1)} icon={IconArrowDown} />
        <Icon
          label="Show only lines that match"
          off={!query}
          on={options.filter}
          onClick={() => log.set({ filter: !options.filter })}
          icon={IconFilter}
        />
      </Button.Group>
      {options.filter && query && (
        <Button variant="subtle" size="compact-xs" onClick={log.inContext}>
          In context
        </Button>
      )}
      <span style={{ flex: 1 }} />
      <SegmentedControl
        size="xs"
        aria-label="Streams"
        value={options.streams}
        onChange={(value) => log.set({ streams: value as Streams })}
        data={[
          { value: 'both', label: 'Both' },
          { value: 'stdout', label: 'stdout' },
          { value: 'stderr', label: 'stderr' },
        ]}
      />
      <Menu>
        <Menu.Target>
          <Tooltip label="Time stamps">
            <ActionIcon aria-label="Time stamps" variant={options.stamps === 'off' ? 'subtle' : 'light'}>
              <IconClock size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {(['off', 'clock', 'since'] as Stamps[]).map((stamps) => (
            <Menu.Item key={stamps} onClick={() => log.set({ stamps })} rightSection={options.stamps === stamps ? '✓' : null}>
              {stamps === 'off' ? 'No time stamps' : stamps === 'clock' ? 'Clock' : 'Since the start'}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Icon label="Wrap lines (w)" on={options.wrap} onClick={() => log.set({ wrap: !options.wrap })} icon={IconTextWrap} />
      <Icon label="Follow the end (f)" on={log.following} onClick={() => log.follow(!log.following)} icon={IconArrowAutofitDown} />
      <Icon label={log.range ? 'Copy the chosen lines' : 'Copy all lines'} onClick={onCopy} icon={IconCopy} />
      <Menu>
        <Menu.Target>
          <Tooltip label="Download">
            <ActionIcon aria-label="Download">
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {(['stdout', 'stderr'] as const).map((stream) => (
            <Menu.Item key={stream} component="a" href={`${BASE}/jobs/${id}/${stream}`} download={`${id}.${stream}`}>
              {stream}, byte for byte
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Icon label="Full screen" onClick={onFull} icon={IconMaximize} />
    </div>
  );
}

function Icon({
  label,
  icon: Glyph,
  on,
  off,
  onClick,
}: {
  label: string;
  icon: typeof IconCopy;
  on?: boolean;
  off?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={on} variant={on ? 'light' : 'subtle'} disabled={off} onClick={onClick}>
        <Glyph size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
