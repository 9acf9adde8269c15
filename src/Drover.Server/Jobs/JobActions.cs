using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Drover.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Jobs;

/// <summary>The same thing done to many jobs.</summary>
internal static class JobActions
{
    private const int Batch = 500;

    /// <summary>Cancel, retry, rerun or delete many jobs</summary>
    /// <remarks>Those with <c>ids</c>, or all that match <c>filter</c>; with <c>dry_run</c> they are only counted. Jobs whose status does not allow it are left alone. A filter is worked through in batches: jobs that are submitted meanwhile are not touched.</remarks>
    public static async Task<Ok<JobActionResponse>> RunAsync(
        JobActionRequest request, HttpContext context, IBroker broker, ServerCatalog servers, AuditTrail audit, TimeProvider time)
    {
        if (request.Ids is null == request.Filter is null)
            throw Errors.Of("ids", "Give either ids or filter.");
        if (request.Ids is { Count: 0 or > JobRules.MaxBatch })
            throw Errors.Of("ids", $"Must hold 1 to {JobRules.MaxBatch} ids.");
        var run = new ActionRun(request.Action, request.DryRun ?? false, context.Caller().Name, broker, await servers.AllAsync(context.RequestAborted), context.RequestAborted);
        if (request.Ids is { } ids)
            await run.OnAsync([.. ids.Distinct()]);
        else
            await run.OnAsync(Filter(request.Filter!, await servers.AllAsync(context.RequestAborted)), time.GetUtcNow());
        var answer = run.Answer();
        if (!answer.DryRun)
            await audit.RecordAsync(context.Caller(), $"job.{Words<JobAction>.Of(request.Action)}_many", null, $"{answer.Changed} of {answer.Matched} jobs");
        return TypedResults.Ok(answer);
    }

    private static JobFilter Filter(JobFilterBody body, ServerSet servers) => new()
    {
        Statuses = body.Status ?? [],
        ServerId = body.ServerId is { } server ? servers.Find(server)?.Id ?? server : null,
        Queue = body.Queue,
        Kind = body.Kind,
        JobType = body.JobType,
        Tag = body.Tag,
        Priority = body.Priority,
        CreatedAfter = body.CreatedAfter,
        CreatedBefore = body.CreatedBefore,
        Text = body.Q,
        OriginId = body is { OriginId: not null, BatchId: not null } ? throw Errors.Of("filter.batch_id", "Excludes origin_id.") : body.OriginId ?? body.BatchId,
    };

    /// <summary>One run over the jobs, with what it came to so far.</summary>
    private sealed class ActionRun(JobAction action, bool dryRun, string by, IBroker broker, ServerSet servers, CancellationToken cancel)
    {
        private readonly List<Guid> _newIds = [];
        private bool _byIds;
        private long _matched, _changed, _accepted, _notFound;

        public async Task OnAsync(List<Guid> ids)
        {
            _byIds = true;
            _matched = ids.Count;
            foreach (var chunk in ids.Chunk(Batch))
            {
                var jobs = await broker.GetAsync(chunk, cancel);
                _notFound += jobs.Count(j => j is null);
                await DoAsync([.. jobs.OfType<Job>().Where(j => IsEligible(j.Status))]);
            }
        }

        public async Task OnAsync(JobFilter filter, DateTimeOffset until)
        {
            var counts = await broker.CountAsync(filter, cancel);
            _matched = counts.Total;
            var statuses = Enum.GetValues<JobStatus>().Where(s => IsEligible(s) && (filter.Statuses.Count == 0 || filter.Statuses.Contains(s))).ToList();
            if (dryRun || statuses.Count == 0)
            {
                _changed = statuses.Sum(status => Count(counts, status));
                return;
            }

            string? cursor = null;
            do
            {
                var page = await broker.ListAsync(new(filter with { Statuses = statuses }, JobSort.CreatedAscending, Batch, cursor), cancel);
                // What is newer than this call (a rerun's own jobs among them) is not meant.
                var jobs = page.Items.Where(j => j.CreatedAt <= until).ToList();
                await DoAsync(jobs);
                cursor = jobs.Count < page.Items.Count ? null : page.Next;
            }
            while (cursor is not null);
        }

        public JobActionResponse Answer() => new()
        {
            Action = action,
            DryRun = dryRun,
            Matched = _matched,
            Changed = _changed,
            Accepted = _accepted,
            NotFound = _notFound,
            NotEligible = Math.Max(0, _matched - _changed - _notFound),
            NewIds = _byIds && action == JobAction.Rerun && !dryRun ? _newIds : null,
        };

        private async Task DoAsync(List<Job> jobs)
        {
            if (dryRun)
                _changed += jobs.Count;
            else if (jobs.Count > 0 && action == JobAction.Rerun)
                await RerunAsync(jobs);
            else if (jobs.Count > 0)
                await ChangeAsync([.. jobs.Select(j => j.Id)]);
        }

        private async Task ChangeAsync(Guid[] ids)
        {
            var changes = action switch
            {
                JobAction.Cancel => await broker.CancelAsync(ids, by, cancel),
                JobAction.Retry => await broker.RetryAsync(ids, cancel),
                _ => await broker.DeleteAsync(ids, cancel),
            };
            _changed += changes.Count(c => c.Result is ChangeResult.Done or ChangeResult.Accepted);
            _accepted += changes.Count(c => c.Result == ChangeResult.Accepted);
        }

        private async Task RerunAsync(List<Job> jobs)
        {
            // Lists leave the larger parts of a job out in some stores, a look-up by id never does.
            var whole = await broker.GetAsync([.. jobs.Select(j => j.Id)], cancel);
            var specs = whole.OfType<Job>().Select(j => JobReruns.Again(j, servers, by, new Errors())).OfType<JobSpec>().ToList();
            if (specs.Count == 0)
                return;
            var result = await broker.EnqueueAsync(new EnqueueRequest(specs), cancel);
            _changed += result.Jobs.Count(j => !j.Duplicate);
            if (_byIds)
                _newIds.AddRange(result.Jobs.Where(j => !j.Duplicate).Select(j => j.Id));
        }

        private bool IsEligible(JobStatus status) => action switch
        {
            JobAction.Cancel => !status.IsFinal(),
            JobAction.Retry => status == JobStatus.Failed,
            _ => status.IsFinal(),
        };

        private static long Count(JobCounts counts, JobStatus status) => status switch
        {
            JobStatus.Scheduled => counts.Scheduled,
            JobStatus.Queued => counts.Queued,
            JobStatus.Running => counts.Running,
            JobStatus.Retrying => counts.Retrying,
            JobStatus.Completed => counts.Completed,
            JobStatus.Failed => counts.Failed,
            _ => counts.Canceled,
        };
    }
}
