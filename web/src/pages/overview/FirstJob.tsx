import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { runDrawer } from '@/shell/runDrawer';
import classes from './OverviewPage.module.css';

/** What an empty system shows: three steps to the first output. */
export function FirstJob({ servers }: { servers: number }) {
  return (
    <div className={classes.guide}>
      <h1>Run your first job</h1>
      <p className="soft">Drover is up and has nothing to do yet.</p>
      <ol>
        <li>
          <strong>On this machine.</strong> Nothing to set up: the server “local” is there.
          <div style={{ marginTop: 8 }}>
            <Button onClick={() => runDrawer.open({ tab: 'command', command: 'uname -a && uptime' })}>Run “uname -a && uptime”</Button>
          </div>
        </li>
        <li>
          <strong>On a server of yours.</strong> {servers ? `${servers} known.` : 'Add it with its address and key,'}{' '}
          <Link to="/servers">{servers ? 'Open the servers' : 'then test it'}</Link>.
        </li>
        <li>
          <strong>From a terminal.</strong>
          <pre className="panel mono">drover run --on local -- uptime</pre>
        </li>
      </ol>
    </div>
  );
}
