import { Drawer } from '@mantine/core';
import { runDrawer, useRunDrawer } from '@/shell/runDrawer';
import { useReturnFocus } from '@/ui/focus';
import { RunForm } from './RunForm';

export default function RunDrawer() {
  useReturnFocus();
  const { opened, draft } = useRunDrawer();
  return (
    <Drawer
      opened={opened}
      onClose={runDrawer.close}
      position="right"
      size={640}
      title="Run a job"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <RunForm draft={draft} done={runDrawer.close} />
    </Drawer>
  );
}
