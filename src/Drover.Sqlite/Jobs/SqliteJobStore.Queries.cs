using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

internal sealed partial class SqliteJobStore
{
    public async ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        await LoadedAsync(cancel);
        using var reader = readers.Rent();
        var statements = reader.Statements;
        return [.. ids.Select(id => Find(id, statements, withAttempts: true))];
    }

    public async ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 500, nameof(query));
        await LoadedAsync(cancel);
        using var reader = readers.Rent();
        var filter = new JobFilterScan(query.Filter, engine.Memory, reader.Statements);
        var picked = JobList.Pick(query, filter, engine.Memory.Columns);
        var items = new List<Job>(picked.Count);
        foreach (var (_, seq) in picked.Take(query.Limit))
        {
            // It may have been deleted or moved on since it was picked.
            if (reader.Statements.Read(seq, engine.Memory, withAttempts: false) is { } job && filter.StillMatches(job))
                items.Add(job);
        }

        return new(items, picked.Count > query.Limit ? picked[query.Limit - 1].Place.ToCursor(query.Sort) : null);
    }

    public async ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default)
    {
        await LoadedAsync(cancel);
        using var reader = readers.Rent();
        long[] counts = JobList.Count(new(filter, engine.Memory, reader.Statements), engine.Memory.Columns);
        return new(Of(JobStatus.Scheduled), Of(JobStatus.Queued), Of(JobStatus.Running), Of(JobStatus.Retrying),
            Of(JobStatus.Completed), Of(JobStatus.Failed), Of(JobStatus.Canceled));

        long Of(JobStatus status) => counts[(int)status];
    }

    public async ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 10_000, nameof(query));
        await LoadedAsync(cancel);
        long seq;
        bool ended;
        using (var reader = readers.Rent())
        {
            if (Find(query.JobId, reader.Statements, withAttempts: false) is not { } job)
                return null;
            seq = job.Seq;
            // In this order: see OutputEngine.AppendAsync.
            ended = HasEnded(job, query.Attempt) && !output.HasUnwritten(seq);
        }

        using var outputReader = outputReaders.Rent();
        return outputReader.Statements.Read(seq, query, ended);
    }

    public async ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(
        DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        await LoadedAsync(cancel);
        return Throughput.Of(from, to, interval, engine.Memory.Columns);
    }

    private Job? Find(Guid id, JobReader reader, bool withAttempts)
    {
        if (engine.Memory.Running.TryGetValue(id, out var running))
            return reader.Read(running.Seq, engine.Memory, withAttempts);
        foreach (long seq in engine.Memory.Columns.FindId(id))
        {
            if (reader.Read(seq, engine.Memory, withAttempts) is { } job && job.Id == id)
                return job;
        }

        return null;
    }

    private static bool HasEnded(Job job, int? attempt) =>
        job.Status.IsFinal() || (attempt is { } number && (number < job.Attempt || (number == job.Attempt && job.Status != JobStatus.Running)));
}
