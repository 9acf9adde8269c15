import type { QueryClient } from '@tanstack/react-query';
import { duration } from '@/time/format';
import { confirm } from '@/ui/confirm';
import { toast } from '@/ui/toast';
import { api } from './client';
import { newKey } from './idempotency';
import type { Job, JobAction, JobActionRequest, JobActionResult } from './types';

/** `why`: what is true of a job, and of several, to which it cannot be done. */
const VERBS: Record<JobAction, { verb: string; done: string; why: [string, string] }> = {
  cancel: { verb: 'Cancel', done: 'Canceled', why: ['has ended already', 'have ended already'] },
  retry: { verb: 'Retry', done: 'Retried', why: ['has not failed', 'have not failed'] },
  rerun: { verb: 'Rerun', done: 'Started again', why: ['has not ended', 'have not ended'] },
  delete: { verb: 'Delete', done: 'Deleted', why: ['has not ended', 'have not ended'] },
};

const jobs = (n: number) => `${n.toLocaleString('en-US')} ${n === 1 ? 'job' : 'jobs'}`;

/** Does something to many jobs after telling how many it would change. */
export async function actOnJobs(client: QueryClient, request: Omit<JobActionRequest, 'dry_run'>): Promise<boolean> {
  const { verb, done, why } = VERBS[request.action];
  try {
    const plan = await api.post<JobActionResult>('/jobs/actions', { ...request, dry_run: true });
    if (plan.changed === 0) {
      const all =
        plan.matched === 1 ? `The job ${why[0]}.` : plan.matched === 0 ? 'No job matches.' : `All ${jobs(plan.matched)} ${why[1]}.`;
      toast.failed(all, `Nothing to ${verb.toLowerCase()}`);
      return false;
    }
    const yes = await confirm({
      title: `${verb} ${jobs(plan.changed)}?`,
      verb: `${verb} ${jobs(plan.changed)}`,
      danger: request.action === 'cancel' || request.action === 'delete',
      body: (
        <>
          {plan.not_eligible > 0 && (
            <p>
              {jobs(plan.not_eligible)} of the selection{' '}
              {plan.not_eligible === 1 ? `${why[0]} and stays as it is` : `${why[1]} and stay as they are`}.
            </p>
          )}
          {request.action === 'cancel' && plan.accepted > 0 && <p>{jobs(plan.accepted)} run now and are asked to end.</p>}
          {request.action === 'delete' && <p>Their output goes too. This cannot be taken back.</p>}
        </>
      ),
    });
    if (!yes) return false;
    const result = await api.post<JobActionResult>('/jobs/actions', { ...request, dry_run: false });
    toast.done(`${done}: ${jobs(result.changed)}`);
    client.invalidateQueries({ queryKey: ['jobs'] });
    return true;
  } catch (error) {
    toast.failed(error, `${verb}: it did not work`);
    return false;
  }
}

export async function cancelJob(client: QueryClient, job: Pick<Job, 'id' | 'status' | 'preview' | 'started_at'>): Promise<void> {
  const running = job.status === 'running';
  const yes = await confirm({
    title: 'Cancel this job?',
    verb: 'Cancel the job',
    danger: true,
    body: (
      <>
        <p className="mono cut">{job.preview}</p>
        {running && (
          <p>
            It has run {job.started_at ? `for ${duration((Date.now() - Date.parse(job.started_at)) / 1000)}` : ''}. It is asked to end, then
            killed.
          </p>
        )}
      </>
    ),
  });
  if (yes) await change(client, job.id, 'Cancel', () => api.post<Job>(`/jobs/${job.id}/cancel`));
}

export const retryJob = (client: QueryClient, id: string) => change(client, id, 'Retry', () => api.post<Job>(`/jobs/${id}/retry`));

export async function rerunJob(id: string): Promise<Job | undefined> {
  try {
    const job = await api.post<Job>(`/jobs/${id}/rerun`, undefined, newKey());
    toast.done('Running again as a new job');
    return job;
  } catch (error) {
    toast.failed(error, 'It could not be run again');
    return undefined;
  }
}

export const setPriority = (client: QueryClient, id: string, priority: number) =>
  change(client, id, 'Priority', () => api.patch<Job>(`/jobs/${id}`, { priority }));

async function change(client: QueryClient, id: string, what: string, action: () => Promise<Job>) {
  try {
    client.setQueryData(['job', id], await action());
    client.invalidateQueries({ queryKey: ['jobs'] });
  } catch (error) {
    toast.failed(error, `${what}: it did not work`);
  }
}
