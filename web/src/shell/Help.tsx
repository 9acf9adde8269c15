import { Modal } from '@mantine/core';
import { useReturnFocus } from '@/ui/focus';

const KEYS: [string, [string, string][]][] = [
  [
    'Anywhere',
    [
      ['⌘K', 'palette'],
      ['/', 'search'],
      ['g o', 'overview'],
      ['g j', 'jobs'],
      ['g h', 'schedules'],
      ['g q', 'queues'],
      ['g w', 'workers'],
      ['g s', 'servers'],
      ['g k', 'keys'],
      ['g t', 'statistics'],
      ['g a', 'API'],
      ['g d', 'debug'],
      ['c', 'run a job'],
      ['p', 'pause live updates'],
      ['t', 'theme'],
      ['?', 'this help'],
    ],
  ],
  [
    'Lists',
    [
      ['j k', 'down, up'],
      ['Enter', 'open'],
      ['x', 'select'],
      ['⇧X', 'select a range'],
      ['Esc', 'select none'],
    ],
  ],
  [
    'Jobs',
    [
      ['[ ]', 'previous, next job'],
      ['r', 'rerun'],
      ['e', 'duplicate and edit'],
      ['Backspace', 'cancel (asks)'],
    ],
  ],
  [
    'Log',
    [
      ['f', 'follow'],
      ['g g', 'first line'],
      ['G', 'last line'],
      ['n N', 'next, previous match'],
      ['E', 'next line of stderr'],
      ['w', 'wrap'],
      ['1 2 3', 'both streams, stdout, stderr'],
      ['y', 'copy a link to the line'],
    ],
  ],
];

export default function Help({ close }: { close: () => void }) {
  useReturnFocus();
  return (
    <Modal opened onClose={close} title="Keyboard shortcuts" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <div style={{ columns: '260px', columnGap: 32 }}>
        {KEYS.map(([title, rows]) => (
          <section key={title} style={{ breakInside: 'avoid', marginBottom: 16 }}>
            <h2 style={{ marginBottom: 6 }}>{title}</h2>
            {rows.map(([key, what]) => (
              <div key={key} style={{ display: 'flex', justifyContent: 'space-between', padding: '3px 0' }}>
                <span>{what}</span>
                <kbd>{key}</kbd>
              </div>
            ))}
          </section>
        ))}
      </div>
    </Modal>
  );
}
