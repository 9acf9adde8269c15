import type { components } from './schema';

type Schemas = components['schemas'];

export type JobStatus = Schemas['JobStatus'];
export type JobKind = Schemas['JobKind'];
export type JobSummary = Schemas['JobSummary'];
export type Job = Schemas['JobResponse'];
export type Attempt = Schemas['AttemptResponse'];
export type JobList = Schemas['JobListResponse'];
export type JobCounts = Schemas['JobCountsResponse'];
export type JobRequest = Schemas['JobRequest'];
export type JobBulkRequest = Schemas['JobBulkRequest'];
export type JobBulkResult = Schemas['JobBulkResponse'];
export type JobAction = Schemas['JobAction'];
export type JobActionRequest = Schemas['JobActionRequest'];
export type JobActionResult = Schemas['JobActionResponse'];
export type JobFilterBody = Schemas['JobFilterBody'];
export type LogEntry = Schemas['LogEntry'];
export type LogPage = Schemas['LogPageResponse'];
export type LogStream = Schemas['LogStream'];
export type Server = Schemas['ServerResponse'];
export type ServerRequest = Schemas['ServerRequest'];
export type ServerTest = Schemas['ServerTestResponse'];
export type ServerStatus = Schemas['ServerStatusResponse'];
export type Key = Schemas['KeyResponse'];
export type Queue = Schemas['QueueResponse'];
export type Worker = Schemas['WorkerResponse'];
export type WorkerStats = Schemas['WorkerStatsResponse'];
export type SystemInfo = Schemas['SystemInfoResponse'];
export type SystemEnhanced = Schemas['SystemEnhancedResponse'];
export type Health = Schemas['HealthResponse'];
export type Session = Schemas['SessionResponse'];
export type Problem = Schemas['ProblemBody'];

export const STATUSES: JobStatus[] = ['scheduled', 'queued', 'running', 'retrying', 'completed', 'failed', 'canceled'];
export const isFinal = (status: JobStatus) => status === 'completed' || status === 'failed' || status === 'canceled';
