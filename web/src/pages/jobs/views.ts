import { persisted } from '@/ui/persisted';
import type { JobsSearch } from './search';

/** Lists that this browser keeps by name. */
export const savedViews = persisted<{ name: string; search: JobsSearch }[]>('drover-views', [
  { name: 'Failed', search: { status: ['failed'], sort: '-finished_at' } },
  { name: 'Waiting', search: { status: ['queued', 'retrying', 'scheduled'] } },
]);

/** The ids of the list that was looked at last, for "previous" and "next" on a job's page. */
export const lastList = { ids: [] as string[] };

/** Rows of 28 instead of 32 pixels, for those who want more of them. */
export const compactRows = persisted('drover-compact', false);
