import { PageHeader } from '@/ui/blocks';
import { RunForm } from './RunForm';

export default function RunPage() {
  return (
    <div style={{ maxWidth: 860 }}>
      <PageHeader title="Run a job" />
      <div className="panel" style={{ padding: 16 }}>
        <RunForm />
      </div>
    </div>
  );
}
