using Drover.Jobs;
using Drover.Output;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Output;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>The job store on an SQLite file. Disposing closes the whole <see cref="SqliteDatabase"/>.</summary>
internal sealed partial class SqliteJobStore(
    JobEngine engine, OutputEngine output, JobLoader loader, ReaderPool<JobReader> readers, ReaderPool<OutputReader> outputReaders, Task history, SqliteDatabase database)
    : IJobStore, IJobArchive
{
    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default) =>
        Ask(new EnqueueOperation(engine, request, cancel), cancel);

    public ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel = default) =>
        Ask(new LeaseOperation(engine, request, cancel), cancel);

    public ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel = default) =>
        Ask(new RenewOperation(engine, leases, duration, cancel), cancel);

    public ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default) =>
        output.AppendAsync(lease, entries, trim, cancel);

    public ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default) =>
        Ask(new WorkerFinishOperation(engine, finishes, cancel), cancel);

    public ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default) =>
        AskOfAll(() => new CancelOperation(engine, ids, by, cancel), cancel);

    public ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        AskOfAll(() => new RetryOperation(engine, ids, cancel), cancel);

    public async ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default) =>
        (await AskOfAll(() => new UpdateOperation(engine, id, update, cancel), cancel))[0];

    public ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        AskOfAll(() => new DeleteOperation(engine, ids, output.DeleteSoon, cancel), cancel);

    public ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel = default) => Ask(new PromoteOperation(engine, max, cancel), cancel);

    public ValueTask<IReadOnlyList<JobChange>> ExpireLeasesAsync(int max, CancellationToken cancel = default) =>
        Ask(new ExpireOperation(engine, max, cancel), cancel);

    public ValueTask<IReadOnlyList<JobChange>> LoseWorkerAsync(string workerId, Guid currentInstance, CancellationToken cancel = default) =>
        Ask(new LoseWorkerOperation(engine, workerId, currentInstance, cancel), cancel);

    public async ValueTask<int> RetainAsync(RetentionPolicy policy, int max, CancellationToken cancel = default)
    {
        await LoadedAsync(cancel);
        var old = Retention.Pick(policy, engine.NowTicks, max, engine.Memory.Columns);
        return await engine.Writer.AskAsync(new RetainOperation(engine, old, max, output.DeleteSoon, cancel), cancel);
    }

    public ValueTask<IReadOnlyList<QueueInfo>> ListQueuesAsync(CancellationToken cancel = default) => Ask(new ListQueuesOperation(engine, cancel), cancel);

    public async ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default) =>
        await Ask(new PauseOperation(engine, queue, paused, cancel), cancel);

    public async ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default) =>
        await Ask(new SetLimitsOperation(engine, limits, cancel), cancel);

    public async ValueTask PingAsync(CancellationToken cancel = default) => await Ask(new PingOperation(engine, cancel), cancel);

    public async ValueTask ImportAsync(IReadOnlyList<Job> jobs, CancellationToken cancel = default)
    {
        JobImport.RefuseRunning(jobs);
        await LoadedAsync(cancel);
        await Ask(new ImportOperation(engine, loader, jobs, cancel), cancel);
    }

    public async ValueTask ImportOutputAsync(Guid id, IReadOnlyList<OutputEntry> entries, CancellationToken cancel = default)
    {
        if ((await GetAsync([id], cancel))[0] is { } job)
            await output.Writer.AskAsync(new ImportOutputOperation(output, job.Seq, entries, cancel), cancel);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async ValueTask LoadedAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await history.WaitAsync(cancel);
    }

    private ValueTask<T> Ask<T>(Operation<T> operation, CancellationToken cancel) => engine.Writer.AskAsync(operation, cancel);

    /// <summary>Asks what may concern any job, old ones too: these must be loaded.</summary>
    private async ValueTask<IReadOnlyList<JobChange>> AskOfAll(Func<ChangeOperation> make, CancellationToken cancel)
    {
        await LoadedAsync(cancel);
        return await engine.Writer.AskAsync(make(), cancel);
    }
}
